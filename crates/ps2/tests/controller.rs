//! The recipe against a controller made of a few fields, with every illness that real ones show.

use ps2::{Controller, Devices, Error, Line, MouseKind, Ports, Source, configure_mouse};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// How a device behaves.
#[derive(Clone, Copy, PartialEq)]
enum Device {
    /// No answer at all.
    Silent,
    /// The controller answers "resend" for it.
    Unplugged,
    /// Takes everything; its self test gives this.
    Works { self_test: u8 },
}

const HEALTHY: Device = Device::Works { self_test: 0xaa };

struct Fake {
    present: bool,
    stuck: bool,
    self_test: u8,
    keyboard_port_test: u8,
    dual: bool,
    keyboard: Device,
    mouse: Device,
    /// The highest mouse type that the knock can reach: 0, 3 or 4.
    mouse_id: u8,

    config: u8,
    pending_command: Option<u8>,
    output: VecDeque<(u8, bool)>,
    mouse_rates: Vec<u8>,
    awaiting_rate: bool,
    waited_us: u64,
}

impl Fake {
    fn new() -> Self {
        Self {
            present: true,
            stuck: false,
            self_test: 0x55,
            keyboard_port_test: 0,
            dual: true,
            keyboard: HEALTHY,
            mouse: HEALTHY,
            mouse_id: 4,
            config: 0x47,
            pending_command: None,
            // What firmware or a cat on the keyboard left.
            output: VecDeque::from([(0x1c, false), (0x9c, false)]),
            mouse_rates: Vec::new(),
            awaiting_rate: false,
            waited_us: 0,
        }
    }

    fn tell_device(&mut self, device: Device, byte: u8, mouse: bool) {
        match device {
            Device::Silent => {}
            Device::Unplugged => self.output.push_back((0xfe, mouse)),
            Device::Works { self_test } => {
                self.output.push_back((0xfa, mouse));
                if mouse && std::mem::take(&mut self.awaiting_rate) {
                    self.mouse_rates.push(byte);
                    return;
                }
                match byte {
                    0xff => {
                        self.output.push_back((self_test, mouse));
                        if mouse {
                            self.output.push_back((0, mouse));
                        }
                    }
                    0xf3 => self.awaiting_rate = true,
                    0xf2 => {
                        let id = match (self.mouse_id, self.mouse_rates.as_slice()) {
                            (4, [.., 200, 200, 80]) => 4,
                            (3.., [.., 200, 100, 80]) => 3,
                            _ => 0,
                        };
                        self.output.push_back((id, mouse));
                    }
                    _ => {}
                }
            }
        }
    }
}

impl Ports for &mut Fake {
    fn status(&mut self) -> u8 {
        if !self.present {
            return 0xff;
        }
        let output = match self.output.front() {
            Some((_, true)) => 0x21,
            Some((_, false)) => 0x01,
            None => 0,
        };
        output | if self.stuck { 0x02 } else { 0 }
    }

    fn read_data(&mut self) -> u8 {
        self.output.pop_front().map_or(0, |(byte, _)| byte)
    }

    fn write_data(&mut self, byte: u8) {
        match self.pending_command.take() {
            Some(0x60) => self.config = byte,
            Some(0xd4) => self.tell_device(self.mouse, byte, true),
            _ => self.tell_device(self.keyboard, byte, false),
        }
    }

    fn write_command(&mut self, command: u8) {
        self.pending_command = None;
        match command {
            0x20 => self.output.push_back((self.config, false)),
            0xa7 if self.dual => self.config |= 0x20,
            0xa8 if self.dual => self.config &= !0x20,
            0xa9 => self.output.push_back((0, false)),
            0xaa => {
                // Some controllers forget their configuration in the self test.
                self.config = 0x30;
                self.output.push_back((self.self_test, false));
            }
            0xab => self.output.push_back((self.keyboard_port_test, false)),
            0xad => self.config |= 0x10,
            0xae => self.config &= !0x10,
            0x60 | 0xd4 => self.pending_command = Some(command),
            _ => {}
        }
        if !self.dual {
            self.config |= 0x20;
        }
    }

    fn wait_microseconds(&mut self, microseconds: u32) {
        self.waited_us += u64::from(microseconds);
    }
}

fn run(change: impl FnOnce(&mut Fake)) -> (Result<Devices, Error>, Fake) {
    let mut fake = Fake::new();
    change(&mut fake);
    let result = Controller::new(&mut fake).initialise();
    assert!(fake.waited_us < 2_000_000, "waited {} us", fake.waited_us);
    (result, fake)
}

#[test]
fn a_healthy_machine_ends_with_both_devices_on_interrupts() {
    for (mouse_id, kind) in [(0, MouseKind::Standard), (3, MouseKind::Wheel), (4, MouseKind::FiveButtons)] {
        let (result, fake) = run(|fake| fake.mouse_id = mouse_id);
        assert_eq!(result, Ok(Devices { keyboard: Ok(()), mouse: Ok(kind) }));
        assert_eq!(fake.config & 0x73, 0x43, "interrupts on, clocks on, translation on");
        assert!(fake.output.is_empty(), "nothing left over for the handlers");
    }
}

#[test]
fn a_machine_without_a_controller_costs_nothing() {
    let (result, fake) = run(|fake| fake.present = false);
    assert_eq!(result, Err(Error::Absent));
    assert_eq!(fake.waited_us, 0);
}

#[test]
fn a_dead_controller_costs_a_bounded_wait() {
    assert_eq!(run(|fake| fake.stuck = true).0, Err(Error::Timeout));
    assert_eq!(run(|fake| fake.self_test = 0xfc).0, Err(Error::SelfTest(0xfc)));
}

#[test]
fn one_missing_device_leaves_the_other() {
    for absent in [Device::Silent, Device::Unplugged] {
        let (result, fake) = run(|fake| fake.mouse = absent);
        assert_eq!(result, Ok(Devices { keyboard: Ok(()), mouse: Err(Error::NoDevice) }));
        assert_eq!(fake.config & 0x33, 0x03, "the mouse's port listens for one that comes later");
        let (result, fake) = run(|fake| fake.keyboard = absent);
        assert_eq!(result, Ok(Devices { keyboard: Err(Error::NoDevice), mouse: Ok(MouseKind::FiveButtons) }));
        assert_eq!(fake.config & 0x33, 0x12, "the mouse alone is on");
    }
    let (result, fake) = run(|fake| fake.dual = false);
    assert_eq!(result.map(|devices| devices.mouse), Ok(Err(Error::NoSecondPort)));
    assert_eq!(fake.config & 0x33, 0x21, "the keyboard alone is on");
    let (result, _) = run(|fake| fake.keyboard_port_test = 3);
    assert_eq!(result.map(|devices| devices.keyboard), Ok(Err(Error::PortTest(3))));
    let (result, _) = run(|fake| fake.mouse = Device::Works { self_test: 0xfc });
    assert_eq!(result.map(|devices| devices.mouse), Ok(Err(Error::DeviceTest(0xfc))));
}

#[test]
fn bytes_carry_their_origin_and_an_absent_controller_gives_none() {
    let mut fake = Fake::new();
    fake.output = VecDeque::from([(0x1e, false), (0x08, true)]);
    let mut controller = Controller::new(&mut fake);
    assert_eq!(controller.read(), Some((Source::Keyboard, 0x1e)));
    assert_eq!(controller.read(), Some((Source::Mouse, 0x08)));
    assert_eq!(controller.read(), None);
    fake.present = false;
    assert_eq!(Controller::new(&mut fake).read(), None);
}

/// A mouse whose answers come by interrupt: not at the first look.
struct Wire<'a> {
    fake: &'a mut Fake,
    /// Bytes the controller still takes.
    takes: usize,
}

impl Line for Wire<'_> {
    fn send(&mut self, byte: u8) -> Result<(), Error> {
        self.takes = self.takes.checked_sub(1).ok_or(Error::Timeout)?;
        let mut ports = &mut *self.fake;
        ports.write_command(0xd4);
        ports.write_data(byte);
        Ok(())
    }

    async fn answer(&mut self, _timeout_us: u32) -> Result<u8, Error> {
        let mut looked = false;
        poll_fn(|_| if std::mem::replace(&mut looked, true) { Poll::Ready(()) } else { Poll::Pending }).await;
        self.fake.output.pop_front().map(|(byte, _)| byte).ok_or(Error::Timeout)
    }
}

fn plug_in(fake: &mut Fake, takes: usize) -> Result<MouseKind, Error> {
    fake.output.clear();
    let mut line = Wire { fake, takes };
    let mut recipe = pin!(configure_mouse(&mut line));
    loop {
        if let Poll::Ready(result) = recipe.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return result;
        }
    }
}

#[test]
fn a_mouse_that_is_plugged_in_later_becomes_what_it_is() {
    for (mouse_id, kind) in [(0, MouseKind::Standard), (3, MouseKind::Wheel), (4, MouseKind::FiveButtons)] {
        let mut fake = Fake::new();
        fake.mouse_id = mouse_id;
        assert_eq!(plug_in(&mut fake, usize::MAX), Ok(kind));
        assert_eq!(fake.mouse_rates.last(), Some(&100));
        assert!(fake.output.is_empty(), "nothing left over for the decoder");
    }
}

#[test]
fn one_that_is_pulled_out_at_any_moment_ends_the_recipe() {
    // Two knocks of seven bytes, then a sample rate and the order to report.
    for takes in 0..17 {
        assert_eq!(plug_in(&mut Fake::new(), takes), Err(Error::Timeout));
    }
    for (mouse, error) in [(Device::Silent, Error::Timeout), (Device::Unplugged, Error::Refused(0xfe))] {
        let mut fake = Fake::new();
        fake.mouse = mouse;
        assert_eq!(plug_in(&mut fake, usize::MAX), Err(error));
    }
}
