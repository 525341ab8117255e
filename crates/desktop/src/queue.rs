//! The events on their way to a program. A program that is slow must not be fed motions it can no
//! longer use, and one that hangs must not eat all memory.

use alloc::collections::VecDeque;

use ui::{Event, PointerKind};

/// The most events that wait. A person makes some hundred per second at most.
const CAPACITY: usize = 256;

/// A bounded queue of events in which newer states replace older ones.
#[derive(Debug, Default)]
pub struct EventQueue {
    events: VecDeque<Event>,
}

impl EventQueue {
    /// An empty queue.
    pub const fn new() -> Self {
        Self { events: VecDeque::new() }
    }

    /// Adds an event. A motion, size, tick or data notice replaces one of its kind that directly
    /// precedes it. When the queue is full, only a request to close is still taken, in place of the
    /// newest event.
    pub fn push(&mut self, event: Event) {
        if let Some(last) = self.events.back_mut()
            && supersedes(&event, last)
        {
            *last = event;
        } else if self.events.len() < CAPACITY {
            self.events.push_back(event);
        } else if event == Event::Close {
            self.events.pop_back();
            self.events.push_back(event);
        }
    }

    /// Takes the oldest event.
    pub fn pop(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// Whether a program that gets `new` need not see `old` just before it.
fn supersedes(new: &Event, old: &Event) -> bool {
    match (new, old) {
        (Event::Resize(_), Event::Resize(_))
        | (Event::Tick { .. }, Event::Tick { .. })
        | (Event::Data, Event::Data) => true,
        (Event::Pointer(new), Event::Pointer(old)) => {
            new.kind == PointerKind::Moved && old.kind == PointerKind::Moved
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gfx::{Point, Size};
    use ui::{Button, Modifiers, PointerEvent};

    fn pointer(kind: PointerKind, x: i32) -> Event {
        Event::Pointer(PointerEvent { kind, position: Point::new(x, 0), modifiers: Modifiers::empty() })
    }

    #[test]
    fn motions_merge_and_clicks_stay_in_order() {
        let press = PointerKind::Pressed(Button::Primary);
        let mut queue = EventQueue::new();
        for event in [
            pointer(PointerKind::Moved, 1),
            pointer(PointerKind::Moved, 2),
            pointer(press, 2),
            pointer(PointerKind::Moved, 3),
            Event::Resize(Size::new(1, 1)),
            Event::Resize(Size::new(2, 2)),
        ] {
            queue.push(event);
        }
        let order: Vec<_> = core::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(
            order,
            [
                pointer(PointerKind::Moved, 2),
                pointer(press, 2),
                pointer(PointerKind::Moved, 3),
                Event::Resize(Size::new(2, 2))
            ]
        );
    }

    #[test]
    fn a_full_queue_still_takes_close() {
        let mut queue = EventQueue::new();
        for step in 0..10_000 {
            queue.push(Event::Focus(step % 2 == 0));
        }
        queue.push(Event::Close);
        let order: Vec<_> = core::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order.len(), CAPACITY);
        assert_eq!(order.last(), Some(&Event::Close));
    }

    use alloc::vec::Vec;
}
