//! The controller's recipe. Order matters: the devices are silenced before the controller is questioned, because a
//! byte from a mouse that somebody moves would otherwise pass for the controller's answer.

use core::fmt;

/// The controller's two ports, and time. Writing a port of a machine without a controller is harmless; reading gives
/// all ones.
pub trait Ports {
    /// Reads the status register (port 0x64).
    fn status(&mut self) -> u8;
    /// Reads the data register (port 0x60).
    fn read_data(&mut self) -> u8;
    /// Writes the data register (port 0x60).
    fn write_data(&mut self, byte: u8);
    /// Writes the command register (port 0x64).
    fn write_command(&mut self, command: u8);
    /// Lets about this much time pass.
    fn wait_microseconds(&mut self, microseconds: u32);
}

/// What went wrong, in words by `Display`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The status register reads all ones: there is no controller.
    Absent,
    /// The controller took no byte or gave none in time.
    Timeout,
    /// The controller's self test gave this instead of 0x55.
    SelfTest(u8),
    /// The test of the port's lines gave this instead of 0 (1 and 2: clock stuck low or high, 3 and 4: data).
    PortTest(u8),
    /// The controller has no second port.
    NoSecondPort,
    /// Nothing answers on the port.
    NoDevice,
    /// The device answered a command with this instead of an acknowledgement.
    Refused(u8),
    /// The device's own self test gave this instead of 0xAA.
    DeviceTest(u8),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => write!(out, "there is no PS/2 controller"),
            Self::Timeout => write!(out, "the PS/2 controller does not answer"),
            Self::SelfTest(code) => {
                write!(out, "the PS/2 controller failed its self test (code {code:#04x})")
            }
            Self::PortTest(code) => write!(out, "the PS/2 port failed its line test (code {code:#04x})"),
            Self::NoSecondPort => write!(out, "the PS/2 controller has no mouse port"),
            Self::NoDevice => write!(out, "nothing is plugged into the PS/2 port"),
            Self::Refused(code) => write!(out, "the PS/2 device refused a command (answer {code:#04x})"),
            Self::DeviceTest(code) => write!(out, "the PS/2 device failed its self test (code {code:#04x})"),
        }
    }
}

impl core::error::Error for Error {}

/// Which device a byte came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The first port.
    Keyboard,
    /// The second, auxiliary port.
    Mouse,
}

/// The mouse's packet format, found by knocking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseKind {
    /// Three bytes: three buttons, no wheel.
    Standard,
    /// Four bytes: IntelliMouse with a wheel.
    Wheel,
    /// Four bytes: IntelliMouse Explorer with a wheel and five buttons.
    FiveButtons,
}

/// What [`Controller::initialise`] found behind the ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Devices {
    /// The keyboard, or why there is none.
    pub keyboard: Result<(), Error>,
    /// The mouse, or why there is none.
    pub mouse: Result<MouseKind, Error>,
}

mod status {
    /// A byte waits in the data register.
    pub const OUTPUT_FULL: u8 = 1 << 0;
    /// The controller has not yet taken the last byte written.
    pub const INPUT_FULL: u8 = 1 << 1;
    /// The waiting byte is the auxiliary device's.
    pub const FROM_MOUSE: u8 = 1 << 5;
}

mod command {
    pub const READ_CONFIGURATION: u8 = 0x20;
    pub const WRITE_CONFIGURATION: u8 = 0x60;
    pub const DISABLE_MOUSE: u8 = 0xa7;
    pub const ENABLE_MOUSE: u8 = 0xa8;
    pub const TEST_MOUSE_PORT: u8 = 0xa9;
    pub const SELF_TEST: u8 = 0xaa;
    pub const TEST_KEYBOARD_PORT: u8 = 0xab;
    pub const DISABLE_KEYBOARD: u8 = 0xad;
    pub const ENABLE_KEYBOARD: u8 = 0xae;
    pub const WRITE_TO_MOUSE: u8 = 0xd4;
    /// Pulls output line 0 low for 6 µs; on a PC it is the processor's reset.
    pub const PULSE_RESET: u8 = 0xfe;
}

mod configuration {
    pub const KEYBOARD_INTERRUPT: u8 = 1 << 0;
    pub const MOUSE_INTERRUPT: u8 = 1 << 1;
    pub const KEYBOARD_CLOCK_OFF: u8 = 1 << 4;
    pub const MOUSE_CLOCK_OFF: u8 = 1 << 5;
    /// Scan code set 2 from the keyboard becomes set 1. Firmware that imitates a PS/2 keyboard for a USB one often
    /// knows no other state, so this is the one to keep.
    pub const TRANSLATION: u8 = 1 << 6;
}

mod device {
    pub const IDENTIFY: u8 = 0xf2;
    pub const SET_SAMPLE_RATE: u8 = 0xf3;
    pub const ENABLE_REPORTING: u8 = 0xf4;
    pub const RESET: u8 = 0xff;
    pub const ACKNOWLEDGE: u8 = 0xfa;
    pub const RESEND: u8 = 0xfe;
    pub const SELF_TEST_PASSED: u8 = 0xaa;
}

/// One look at the status register takes about this long in all waits.
const POLL_MICROSECONDS: u32 = 10;
/// The controller itself answers within microseconds; its firmware on some laptops takes milliseconds.
const CONTROLLER_POLLS: u32 = 20_000 / POLL_MICROSECONDS;
/// A device must answer a command within 20 ms; slow ones take a little more.
const ANSWER_POLLS: u32 = 50_000 / POLL_MICROSECONDS;
/// A device's self test takes up to 750 ms by specification.
const DEVICE_TEST_POLLS: u32 = 1_000_000 / POLL_MICROSECONDS;
/// More bytes than any controller buffers: the bound for emptying it.
const BUFFERED_BYTES: u32 = 64;
/// How often a command is repeated when the device asks for that.
const RESENDS: u32 = 3;

/// The controller. It owns its ports; nothing else may touch them.
pub struct Controller<P> {
    ports: P,
}

impl<P: Ports> Controller<P> {
    /// Takes the ports. Nothing is touched before [`Controller::initialise`].
    pub const fn new(ports: P) -> Self {
        Self { ports }
    }

    /// Brings up the controller and its devices. Returns with the interrupts of the devices that were found on, so
    /// the handlers should be in place before.
    ///
    /// # Errors
    /// Of the controller as a whole. A device that is missing or ill is told of in [`Devices`], and the other one
    /// works.
    pub fn initialise(&mut self) -> Result<Devices, Error> {
        if self.ports.status() == 0xff {
            return Err(Error::Absent);
        }
        self.command(command::DISABLE_KEYBOARD)?;
        self.command(command::DISABLE_MOUSE)?;
        self.empty();

        let mut config = self.ask(command::READ_CONFIGURATION)?;
        config &= !(configuration::KEYBOARD_INTERRUPT | configuration::MOUSE_INTERRUPT);
        config |= configuration::TRANSLATION;
        self.write_configuration(config)?;

        match self.ask(command::SELF_TEST)? {
            0x55 => {}
            code => return Err(Error::SelfTest(code)),
        }
        // The self test resets some controllers.
        self.write_configuration(config)?;

        let keyboard_port = self.test_port(command::TEST_KEYBOARD_PORT);
        let mouse_port = self.find_second_port().and_then(|()| self.test_port(command::TEST_MOUSE_PORT));

        let keyboard = keyboard_port.and_then(|()| {
            self.command(command::ENABLE_KEYBOARD)?;
            let result = self.start_keyboard();
            // Its typing must not pass for the mouse's answers.
            self.command(command::DISABLE_KEYBOARD)?;
            self.empty();
            result
        });
        let mouse = mouse_port.and_then(|()| {
            self.command(command::ENABLE_MOUSE)?;
            self.start_mouse()
        });

        config |= configuration::KEYBOARD_CLOCK_OFF | configuration::MOUSE_CLOCK_OFF;
        if keyboard.is_ok() {
            config |= configuration::KEYBOARD_INTERRUPT;
            config &= !configuration::KEYBOARD_CLOCK_OFF;
        }
        if mouse.is_ok() {
            config |= configuration::MOUSE_INTERRUPT;
            config &= !configuration::MOUSE_CLOCK_OFF;
        }
        self.write_configuration(config)?;
        if keyboard.is_ok() {
            self.command(command::ENABLE_KEYBOARD)?;
        }
        Ok(Devices { keyboard, mouse })
    }

    /// The next byte that waits, with its origin: what an interrupt handler calls until None.
    pub fn read(&mut self) -> Option<(Source, u8)> {
        let status = self.ports.status();
        // All ones is no controller: without this test a handler would read for ever.
        if status == 0xff || status & status::OUTPUT_FULL == 0 {
            return None;
        }
        let source = if status & status::FROM_MOUSE != 0 { Source::Mouse } else { Source::Keyboard };
        Some((source, self.ports.read_data()))
    }

    /// Resets the machine, if the controller's reset line is wired. Returns at once otherwise.
    pub fn pulse_reset(&mut self) {
        // A controller that takes no command now never will.
        let _ = self.command(command::PULSE_RESET);
    }

    fn start_keyboard(&mut self) -> Result<(), Error> {
        self.reset(Source::Keyboard)?;
        self.tell(Source::Keyboard, device::ENABLE_REPORTING)
    }

    fn start_mouse(&mut self) -> Result<MouseKind, Error> {
        self.reset(Source::Mouse)?;
        // After its self test a mouse sends its type, 0.
        let _ = self.answer(ANSWER_POLLS);
        let mut kind = MouseKind::Standard;
        // Setting three sample rates in a row is the secret knock that makes a wheel mouse change its type.
        for (rates, id, knocked) in
            [([200, 100, 80], 3, MouseKind::Wheel), ([200, 200, 80], 4, MouseKind::FiveButtons)]
        {
            for rate in rates {
                self.set_sample_rate(rate)?;
            }
            self.tell(Source::Mouse, device::IDENTIFY)?;
            if self.answer(ANSWER_POLLS)? != id {
                break;
            }
            kind = knocked;
        }
        // 100 packets a second: every frame of a 60 Hz screen sees at least one.
        self.set_sample_rate(100)?;
        self.tell(Source::Mouse, device::ENABLE_REPORTING)?;
        Ok(kind)
    }

    fn set_sample_rate(&mut self, rate: u8) -> Result<(), Error> {
        self.tell(Source::Mouse, device::SET_SAMPLE_RATE)?;
        self.tell(Source::Mouse, rate)
    }

    /// Resets a device and waits for its self test.
    fn reset(&mut self, target: Source) -> Result<(), Error> {
        match self.tell(target, device::RESET) {
            // With nothing plugged in, the controller itself answers "resend" or nobody answers.
            Err(Error::Timeout | Error::Refused(device::RESEND)) => return Err(Error::NoDevice),
            other => other?,
        }
        match self.answer(DEVICE_TEST_POLLS)? {
            device::SELF_TEST_PASSED => Ok(()),
            code => Err(Error::DeviceTest(code)),
        }
    }

    /// Sends a byte to a device and waits for its acknowledgement.
    fn tell(&mut self, target: Source, byte: u8) -> Result<(), Error> {
        let mut answer = 0;
        for _ in 0..RESENDS {
            if target == Source::Mouse {
                self.command(command::WRITE_TO_MOUSE)?;
            }
            self.write(byte)?;
            answer = self.answer(ANSWER_POLLS)?;
            if answer == device::ACKNOWLEDGE {
                return Ok(());
            }
            if answer != device::RESEND {
                break;
            }
        }
        Err(Error::Refused(answer))
    }

    fn test_port(&mut self, test: u8) -> Result<(), Error> {
        match self.ask(test)? {
            0 => Ok(()),
            code => Err(Error::PortTest(code)),
        }
    }

    /// A controller with two ports shows the mouse's clock line running after "enable".
    fn find_second_port(&mut self) -> Result<(), Error> {
        self.command(command::ENABLE_MOUSE)?;
        let config = self.ask(command::READ_CONFIGURATION)?;
        self.command(command::DISABLE_MOUSE)?;
        if config & configuration::MOUSE_CLOCK_OFF != 0 { Err(Error::NoSecondPort) } else { Ok(()) }
    }

    fn write_configuration(&mut self, config: u8) -> Result<(), Error> {
        self.command(command::WRITE_CONFIGURATION)?;
        self.write(config)
    }

    /// A command to the controller that it answers with one byte.
    fn ask(&mut self, command: u8) -> Result<u8, Error> {
        self.command(command)?;
        self.answer(CONTROLLER_POLLS)
    }

    fn command(&mut self, command: u8) -> Result<(), Error> {
        self.wait_until_writable()?;
        self.ports.write_command(command);
        Ok(())
    }

    fn write(&mut self, byte: u8) -> Result<(), Error> {
        self.wait_until_writable()?;
        self.ports.write_data(byte);
        Ok(())
    }

    fn wait_until_writable(&mut self) -> Result<(), Error> {
        for _ in 0..CONTROLLER_POLLS {
            if self.ports.status() & status::INPUT_FULL == 0 {
                return Ok(());
            }
            self.ports.wait_microseconds(POLL_MICROSECONDS);
        }
        Err(Error::Timeout)
    }

    fn answer(&mut self, polls: u32) -> Result<u8, Error> {
        for _ in 0..polls {
            if self.ports.status() & status::OUTPUT_FULL != 0 {
                return Ok(self.ports.read_data());
            }
            self.ports.wait_microseconds(POLL_MICROSECONDS);
        }
        Err(Error::Timeout)
    }

    /// Throws away what waits.
    fn empty(&mut self) {
        for _ in 0..BUFFERED_BYTES {
            if self.ports.status() & status::OUTPUT_FULL == 0 {
                return;
            }
            self.ports.read_data();
        }
    }
}
