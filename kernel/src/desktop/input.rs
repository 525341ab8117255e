//! From the drivers' events to the session's: a mouse tells which buttons are down, a session wants to
//! know which went down or came up.

use desktop::Input;
use ps2::Buttons;
use ui::Button;

use super::Message;
use crate::executor;
use crate::input::{self, InputEvent, MouseMotion};

/// The compositor works off a full channel in about a frame's time.
const FULL_INBOX_MS: u64 = 5;

/// The buttons that mean something, and how the mouse names them.
const BUTTONS: [(Buttons, Button); 3] = [
    (Buttons::LEFT, Button::Primary),
    (Buttons::MIDDLE, Button::Middle),
    (Buttons::RIGHT, Button::Secondary),
];

/// Passes on everything the user does, for ever: a task.
pub async fn forward() {
    let Some(mut events) = input::events() else { return };
    let mut held = Buttons::empty();
    loop {
        match events.next().await {
            InputEvent::Key(event) => send(Input::Key(event)).await,
            InputEvent::Mouse(motion) => forward_motion(motion, &mut held).await,
        }
    }
}

async fn forward_motion(motion: MouseMotion, held: &mut Buttons) {
    // The motion comes first: a button goes down where the pointer has arrived.
    if (motion.dx, motion.dy) != (0, 0) {
        send(Input::PointerMotion { dx: motion.dx, dy: motion.dy }).await;
    }
    for (flag, button) in BUTTONS {
        let pressed = motion.buttons.contains(flag);
        if pressed != held.contains(flag) {
            send(Input::Button { button, pressed }).await;
        }
    }
    *held = motion.buttons;
    if motion.wheel != 0 {
        // The mouse counts towards the person, the session away from them.
        send(Input::Wheel(-motion.wheel)).await;
    }
}

/// Sends to the compositor. When that is far behind, waits for it without keeping other tasks; motion gathers meanwhile.
async fn send(input: Input) {
    let Some(inbox) = super::inbox() else { return };
    let mut unsent = Message::Input(input);
    while let Err(message) = inbox.try_send(unsent) {
        unsent = message;
        executor::sleep_ms(FULL_INBOX_MS).await;
    }
}
