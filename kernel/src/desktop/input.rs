//! From the drivers' events to the session's: a mouse tells which buttons are down, a session wants to
//! know which went down or came up.

use desktop::Input;
use ps2::Buttons;
use ui::Button;

use super::{Message, post};
use crate::input::{self, InputEvent, MouseMotion};

/// The buttons that mean something, and how the mouse names them.
const BUTTONS: [(Buttons, Button); 3] = [
    (Buttons::LEFT, Button::Primary),
    (Buttons::MIDDLE, Button::Middle),
    (Buttons::RIGHT, Button::Secondary),
];

/// Passes on everything the user does, for ever.
pub fn forward() {
    let mut held = Buttons::empty();
    loop {
        match input::receive() {
            InputEvent::Key(event) => post(Message::Input(Input::Key(event))),
            InputEvent::Mouse(motion) => forward_motion(motion, &mut held),
        }
    }
}

fn forward_motion(motion: MouseMotion, held: &mut Buttons) {
    // The motion comes first: a button goes down where the pointer has arrived.
    if (motion.dx, motion.dy) != (0, 0) {
        post(Message::Input(Input::PointerMotion { dx: motion.dx, dy: motion.dy }));
    }
    for (flag, button) in BUTTONS {
        let pressed = motion.buttons.contains(flag);
        if pressed != held.contains(flag) {
            post(Message::Input(Input::Button { button, pressed }));
        }
    }
    *held = motion.buttons;
    if motion.wheel != 0 {
        // The mouse counts towards the person, the session away from them.
        post(Message::Input(Input::Wheel(-motion.wheel)));
    }
}
