//! The controller's recipe. Order matters: the devices are silenced before the controller is questioned, because a
//! byte from a mouse that somebody moves would otherwise pass for the controller's answer.

use core::fmt;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use crate::device::{Line, start_keyboard, start_mouse};

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

impl MouseKind {
    /// What a person calls such a mouse.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Standard => "three buttons",
            Self::Wheel => "three buttons and a wheel",
            Self::FiveButtons => "five buttons and a wheel",
        }
    }
}

/// What [`Controller::initialise`] found behind the ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Devices {
    /// The keyboard, or why there is none.
    pub keyboard: Result<(), Error>,
    /// The mouse, or why there is none.
    pub mouse: Result<MouseKind, Error>,
}

impl Devices {
    /// Whether bytes may come from the mouse's port: there is a mouse, or one may be plugged in later and announce itself.
    pub fn mouse_may_report(&self) -> bool {
        mouse_may_report(&self.mouse)
    }
}

fn mouse_may_report(mouse: &Result<MouseKind, Error>) -> bool {
    matches!(mouse, Ok(_) | Err(Error::NoDevice))
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

/// One look at the status register takes about this long in all waits.
const POLL_MICROSECONDS: u32 = 10;
/// The controller itself answers within microseconds; its firmware on some laptops takes milliseconds.
const CONTROLLER_POLLS: u32 = 20_000 / POLL_MICROSECONDS;
/// More bytes than any controller buffers: the bound for emptying it.
const BUFFERED_BYTES: u32 = 64;

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
            let result = at_once(start_keyboard(&mut Polled { controller: self, target: Source::Keyboard }));
            // Its typing must not pass for the mouse's answers.
            self.command(command::DISABLE_KEYBOARD)?;
            self.empty();
            result
        });
        let mouse = mouse_port.and_then(|()| {
            self.command(command::ENABLE_MOUSE)?;
            at_once(start_mouse(&mut Polled { controller: self, target: Source::Mouse }))
        });

        config |= configuration::KEYBOARD_CLOCK_OFF | configuration::MOUSE_CLOCK_OFF;
        if keyboard.is_ok() {
            config |= configuration::KEYBOARD_INTERRUPT;
            config &= !configuration::KEYBOARD_CLOCK_OFF;
        }
        if mouse_may_report(&mouse) {
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

    /// Sends a byte to the mouse; its answer comes by interrupt. The mouse's half of a [`Line`] for whoever waits for that.
    ///
    /// # Errors
    /// [`Error::Timeout`] when the controller does not take it.
    pub fn tell_mouse(&mut self, byte: u8) -> Result<(), Error> {
        self.send(Source::Mouse, byte)
    }

    fn send(&mut self, target: Source, byte: u8) -> Result<(), Error> {
        if target == Source::Mouse {
            self.command(command::WRITE_TO_MOUSE)?;
        }
        self.write(byte)
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

/// Goes through a recipe over a line whose answers are polled for.
fn at_once<T>(recipe: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match pin!(recipe).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        // It waits for nothing but the line, which always answers at once.
        Poll::Pending => Err(Error::Timeout),
    }
}

/// A device whose answers are polled for: before its interrupt is on.
struct Polled<'a, P> {
    controller: &'a mut Controller<P>,
    target: Source,
}

impl<P: Ports> Line for Polled<'_, P> {
    fn send(&mut self, byte: u8) -> Result<(), Error> {
        self.controller.send(self.target, byte)
    }

    async fn answer(&mut self, timeout_us: u32) -> Result<u8, Error> {
        self.controller.answer(timeout_us / POLL_MICROSECONDS)
    }
}
