//! What a program's thread and the compositor share: events one way, pixels the other.

use desktop::{EventQueue, WindowId};
use gfx::{Damage, Surface};
use ui::Event;

use crate::lock::{IrqSpinLock, Rank};
use crate::sync::{Mutex, WaitQueue};
use crate::task::Interrupted;

/// A window as its program's thread and the compositor know it.
pub struct Window {
    id: WindowId,
    events: IrqSpinLock<EventQueue>,
    /// The program's thread waits here.
    news: WaitQueue,
    /// What the compositor shows: complete, never half drawn.
    front: Mutex<Surface>,
    /// What of `front` has changed since the compositor last asked.
    damage: IrqSpinLock<Damage>,
}

impl Window {
    /// A window without pixels.
    pub fn new(id: WindowId) -> Self {
        Self {
            id,
            events: IrqSpinLock::new(Rank::Queue, EventQueue::new()),
            news: WaitQueue::new(),
            front: Mutex::new(Surface::default()),
            damage: IrqSpinLock::new(Rank::Queue, Damage::new()),
        }
    }

    /// Its name in the session.
    pub fn id(&self) -> WindowId {
        self.id
    }

    /// Hands the program an event. Never waits.
    pub fn deliver(&self, event: Event) {
        self.events.lock().push(event);
        self.news.wake_one();
    }

    /// Takes the oldest event, if there is one.
    pub fn try_event(&self) -> Option<Event> {
        self.events.lock().pop()
    }

    /// Takes the oldest event, waiting for one until the uptime reaches `deadline_ns`. Interruptible.
    pub fn event(&self, deadline_ns: Option<u64>) -> Result<Option<Event>, Interrupted> {
        let mut event = None;
        let mut take = || {
            event = event.take().or_else(|| self.try_event());
            event.is_some()
        };
        match deadline_ns {
            Some(deadline) => {
                self.news.wait_until_deadline_interruptible(deadline, take)?;
            }
            None => self.news.wait_until_interruptible(&mut take)?,
        }
        Ok(event)
    }

    /// Copies what changed of `drawn` to where the compositor takes it. Says whether the compositor
    /// has to be told, which is when it has taken all that came before.
    pub fn publish(&self, drawn: &Surface, damage: &Damage) -> bool {
        let mut changed = damage.clone();
        {
            let mut front = self.front.lock();
            if front.size() != drawn.size() {
                // Without memory the old picture stays; the program draws again some time.
                let Ok(fresh) = Surface::try_new(drawn.size()) else { return false };
                *front = fresh;
                changed = Damage::whole(drawn.bounds());
            }
            for rect in changed.rects() {
                front.canvas().blit(drawn, *rect, rect.origin());
            }
        }
        let mut waiting = self.damage.lock();
        let first = waiting.is_empty();
        changed.rects().iter().for_each(|rect| waiting.add(*rect));
        first && !waiting.is_empty()
    }

    /// What has changed since the last call.
    pub fn take_damage(&self) -> Damage {
        self.damage.lock().take()
    }

    /// Calls `draw` with the pixels, which stay as they are meanwhile.
    pub fn with_pixels(&self, draw: &mut dyn FnMut(&Surface)) {
        let front = self.front.lock();
        if !front.size().is_empty() {
            draw(&front);
        }
    }
}
