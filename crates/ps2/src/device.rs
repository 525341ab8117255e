//! The devices' recipes: from whatever state a keyboard or mouse is in to "it reports". Written as futures, so that one
//! text serves two ways of waiting for the answers: polling, while the controller is brought up, and by interrupt, when a
//! mouse is plugged in later and the system has other things to do.

use crate::{Error, MouseKind};

/// The way to one device and back.
pub trait Line {
    /// Sends a byte to the device.
    ///
    /// # Errors
    /// [`Error::Timeout`] when the controller does not take it.
    fn send(&mut self, byte: u8) -> Result<(), Error>;

    /// The device's next byte, which may take `timeout_us` microseconds.
    ///
    /// # Errors
    /// [`Error::Timeout`].
    fn answer(&mut self, timeout_us: u32) -> impl Future<Output = Result<u8, Error>>;
}

mod command {
    pub const IDENTIFY: u8 = 0xf2;
    pub const SET_SAMPLE_RATE: u8 = 0xf3;
    pub const ENABLE_REPORTING: u8 = 0xf4;
    pub const RESET: u8 = 0xff;
}

const ACKNOWLEDGE: u8 = 0xfa;
const RESEND: u8 = 0xfe;
const SELF_TEST_PASSED: u8 = 0xaa;

/// A mouse says this of itself when it has come to power: that its self test passed, and its type, which is 0 until it was
/// told otherwise.
pub const MOUSE_ANNOUNCEMENT: [u8; 2] = [SELF_TEST_PASSED, 0];

/// A device must answer a command within 20 ms; slow ones take a little more.
const ANSWER_US: u32 = 50_000;
/// A device's self test takes up to 750 ms by specification.
const SELF_TEST_US: u32 = 1_000_000;
/// How often a command is repeated when the device asks for that.
const RESENDS: u32 = 3;

/// Resets the keyboard and has it report.
pub(crate) async fn start_keyboard(line: &mut impl Line) -> Result<(), Error> {
    reset(line).await?;
    tell(line, command::ENABLE_REPORTING).await
}

/// Resets the mouse, finds out what it is, and has it report.
pub(crate) async fn start_mouse(line: &mut impl Line) -> Result<MouseKind, Error> {
    reset(line).await?;
    // After its self test a mouse sends its type.
    let _ = line.answer(ANSWER_US).await;
    configure_mouse(line).await
}

/// Finds out what a mouse is that has just come to power and announced itself, and has it report.
///
/// # Errors
/// When it does not answer, or refuses.
pub async fn configure_mouse(line: &mut impl Line) -> Result<MouseKind, Error> {
    let mut kind = MouseKind::Standard;
    // Setting three sample rates in a row is the secret knock that makes a wheel mouse change its type.
    for (rates, id, knocked) in
        [([200, 100, 80], 3, MouseKind::Wheel), ([200, 200, 80], 4, MouseKind::FiveButtons)]
    {
        for rate in rates {
            set_sample_rate(line, rate).await?;
        }
        tell(line, command::IDENTIFY).await?;
        if line.answer(ANSWER_US).await? != id {
            break;
        }
        kind = knocked;
    }
    // 100 packets a second: every frame of a 60 Hz screen sees at least one.
    set_sample_rate(line, 100).await?;
    tell(line, command::ENABLE_REPORTING).await?;
    Ok(kind)
}

async fn set_sample_rate(line: &mut impl Line, rate: u8) -> Result<(), Error> {
    tell(line, command::SET_SAMPLE_RATE).await?;
    tell(line, rate).await
}

/// Resets a device and waits for its self test.
async fn reset(line: &mut impl Line) -> Result<(), Error> {
    match tell(line, command::RESET).await {
        // With nothing plugged in, the controller itself answers "resend" or nobody answers.
        Err(Error::Timeout | Error::Refused(RESEND)) => return Err(Error::NoDevice),
        other => other?,
    }
    match line.answer(SELF_TEST_US).await? {
        SELF_TEST_PASSED => Ok(()),
        code => Err(Error::DeviceTest(code)),
    }
}

/// Sends a byte to a device and waits for its acknowledgement.
async fn tell(line: &mut impl Line, byte: u8) -> Result<(), Error> {
    let mut answer = 0;
    for _ in 0..RESENDS {
        line.send(byte)?;
        answer = line.answer(ANSWER_US).await?;
        if answer == ACKNOWLEDGE {
            return Ok(());
        }
        if answer != RESEND {
            break;
        }
    }
    Err(Error::Refused(answer))
}
