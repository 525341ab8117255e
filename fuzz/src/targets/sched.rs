//! The scheduler's queue against a deque for each level, heap and wheel of timers against a map, and the table of promised time against
//! sums.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};

use sched::{Admission, LEVELS, Level, Linked, MultilevelQueue, TimerHeap, TimerWheel, UNIT_NS};

use crate::Target;
use crate::choices::Choices;

pub const TARGET: Target = Target { name: "sched", run, seeds };

const THREADS: usize = 24;

thread_local! {
    static LINKS: [Cell<Thread>; THREADS] = const { [const { Cell::new(Thread(usize::MAX)) }; THREADS] };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Thread(usize);

impl Linked for Thread {
    fn next(self) -> Self {
        LINKS.with(|links| links[self.0].get())
    }

    fn set_next(self, next: Self) {
        LINKS.with(|links| links[self.0].set(next));
    }
}

/// What the queue should be.
#[derive(Default)]
struct Model([VecDeque<Thread>; LEVELS]);

impl Model {
    fn take(&mut self, may_run: impl Fn(Thread) -> bool) -> Option<(Thread, Level)> {
        self.0.iter_mut().enumerate().find_map(|(index, level)| {
            let at = level.iter().position(|&thread| may_run(thread))?;
            Some((level.remove(at)?, Level::from_index(index)))
        })
    }

    fn holds(&self, thread: Thread) -> bool {
        self.0.iter().any(|level| level.contains(&thread))
    }

    fn best(&self) -> Option<Level> {
        self.0.iter().position(|level| !level.is_empty()).map(Level::from_index)
    }
}

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    match choices.byte() {
        0x80.. => wheel(&mut choices),
        kind if kind.is_multiple_of(3) => timers(&mut choices),
        kind if kind % 3 == 1 => promises(&mut choices),
        _ => queue(&mut choices),
    }
}

fn queue(choices: &mut Choices) {
    let mut queue = MultilevelQueue::new();
    let mut model = Model::default();
    while !choices.is_empty() {
        let operation = choices.byte();
        // Those that are divisible may run; a divisor of 1 is everybody, which is nearly always so.
        let divisor = if operation & 0x80 == 0 { 1 } else { 1 + choices.below(5) };
        let may_run = |thread: Thread| thread.0.is_multiple_of(divisor);
        match operation % 8 {
            0..=2 => {
                let thread = Thread(choices.below(THREADS));
                let level = Level::from_index(choices.below(LEVELS));
                if !model.holds(thread) {
                    queue.push(thread, level);
                    model.0[level.index()].push_back(thread);
                }
            }
            3 => assert_eq!(queue.pop_if(may_run), model.take(may_run)),
            4 => {
                let first = model.best().map(|best| model.0[best.index()][0]).filter(|&first| may_run(first));
                assert_eq!(queue.pop_first(may_run), first.and_then(|_| model.take(may_run)));
            }
            5 => {
                let thread = Thread(choices.below(THREADS));
                let own = choices.below(LEVELS + 1);
                if !model.holds(thread) {
                    // Behind those of the best level that waits, in the place of the first of them.
                    let best = model.best().map(Level::index).filter(|&best| best >= own);
                    let taken = best.filter(|&best| may_run(model.0[best][0])).map(|best| {
                        model.0[best].push_back(thread);
                        (model.0[best].pop_front(), best as u32)
                    });
                    let got = queue.rotate(thread, own as u32, may_run);
                    assert_eq!(got.map(|(first, level)| (Some(first), level)), taken);
                }
            }
            6 => {
                let thread = Thread(choices.below(THREADS));
                assert_eq!(queue.remove(thread), model.holds(thread));
                model.0.iter_mut().for_each(|level| level.retain(|&other| other != thread));
            }
            _ => {
                queue.boost();
                let top = Level::TOP_FEEDBACK.index();
                for index in top + 1..LEVELS {
                    let lifted = std::mem::take(&mut model.0[index]);
                    model.0[top].extend(lifted);
                }
            }
        }
        assert_eq!((queue.is_empty(), queue.best()), (model.best().is_none(), model.best()));
        assert!(queue.iter().eq(model.0.iter().flatten().copied()), "those who wait, in order");
    }
    while let Some(expected) = model.take(|_| true) {
        assert_eq!(queue.pop_if(|_| true), Some(expected));
    }
    assert_eq!(queue.pop_if(|_| true), None);
}

fn timers(choices: &mut Choices) {
    let mut heap = TimerHeap::new();
    let mut model: BTreeMap<usize, u64> = BTreeMap::new();
    let mut slots = 0;
    while !choices.is_empty() {
        let operation = choices.byte() % 8;
        let slot = choices.below(40);
        match operation {
            0 => {
                heap.reserve(slot).expect("memory");
                slots = slots.max(slot);
            }
            1..=4 => {
                let deadline = choices.number();
                let room = slot < slots && !model.contains_key(&slot);
                assert_eq!(heap.insert(slot, deadline, slot).is_ok(), room);
                if room {
                    model.insert(slot, deadline);
                }
            }
            5 => assert_eq!(heap.remove(slot), model.remove(&slot).map(|_| slot)),
            _ => {
                let now = choices.number();
                let earliest = model.values().min().copied();
                let due = heap.pop_due(now);
                assert_eq!(due.is_some(), earliest.is_some_and(|deadline| deadline <= now));
                if let Some(slot) = due {
                    assert_eq!(model.remove(&slot), earliest, "not the earliest");
                }
            }
        }
        assert_eq!(heap.next_deadline(), model.values().min().copied());
    }
}

/// Sleepers of a CPU, whose clock never goes back: none is early, and none more than a unit late.
fn wheel(choices: &mut Choices) {
    let mut wheel = TimerWheel::new();
    let mut model: BTreeMap<usize, u64> = BTreeMap::new();
    let (mut slots, mut now) = (0, 0_u64);
    while !choices.is_empty() {
        let operation = choices.byte() % 8;
        let slot = choices.below(40);
        match operation {
            0 => {
                wheel.reserve(slot).expect("memory");
                slots = slots.max(slot);
            }
            1..=4 => {
                // From the clock on, or any; not in the last unit that there is, which ends with it.
                let number = choices.number();
                let deadline = if operation == 1 { number } else { now.saturating_add(number) };
                let deadline = deadline.min(u64::MAX - UNIT_NS + 1);
                let room = slot < slots && !model.contains_key(&slot);
                assert_eq!(wheel.insert(slot, deadline, slot).is_ok(), room);
                if room {
                    model.insert(slot, deadline);
                }
            }
            5 => assert_eq!(wheel.remove(slot), model.remove(&slot).map(|_| slot)),
            6 => {
                // As an idle CPU does, which looks when it is told to.
                if let Some(look) = wheel.next_deadline() {
                    now = now.max(look);
                }
                wake_due(&mut wheel, &mut model, now);
            }
            _ => {
                now = now.saturating_add(choices.number());
                wake_due(&mut wheel, &mut model, now);
            }
        }
        let look = wheel.next_deadline();
        assert_eq!(look.is_none(), model.is_empty());
        if let (Some(look), Some(&earliest)) = (look, model.values().min()) {
            assert!(
                look < earliest.max(now).saturating_add(UNIT_NS),
                "look at {look}, but {earliest} is due"
            );
        }
    }
}

fn wake_due(wheel: &mut TimerWheel<usize>, model: &mut BTreeMap<usize, u64>, now: u64) {
    while let Some(slot) = wheel.pop_due(now) {
        let deadline = model.remove(&slot).expect("only who sleeps is woken");
        assert!(deadline <= now, "{slot} is woken {} ns early", deadline - now);
    }
    let late = model.iter().find(|&(_, deadline)| deadline.saturating_add(UNIT_NS) <= now);
    assert_eq!(late, None, "sleeps on at {now}");
}

/// Whatever is promised and taken back, one CPU never promises more than all of its time.
fn promises(choices: &mut Choices) {
    let mut cpu = Admission::new();
    let mut promised: Vec<(sched::Reservation, u64, u64)> = Vec::new();
    while !choices.is_empty() {
        let operation = choices.byte();
        if operation.is_multiple_of(3) && !promised.is_empty() {
            let (reservation, ..) = promised.swap_remove(choices.below(promised.len()));
            cpu.release(&reservation);
            continue;
        }
        let (budget, period) = (choices.number(), choices.number());
        if let Ok(reservation) = cpu.admit(operation, budget, period, choices.number()) {
            assert!(budget > 0 && budget <= period);
            promised.push((reservation, budget, period));
        }
        // In thousandths, rounded down, so that it never says too much.
        let load: u128 =
            promised.iter().map(|&(_, budget, period)| u128::from(budget) * 1000 / u128::from(period)).sum();
        assert!(load <= 1000, "{load} thousandths of the CPU are promised");
        if let Some((reservation, ..)) = promised.last_mut() {
            let (ran, now) = (choices.number(), choices.number());
            match operation % 3 {
                1 => drop(reservation.charge(ran, now)),
                _ => drop(reservation.wake(now)),
            }
            reservation.finish(ran, now);
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![2, 0, 3, 9, 0, 4, 9, 1, 5, 2, 5, 6, 11, 0x83, 1, 7, 3, 7, 4],
        vec![0, 0, 30, 1, 3, 50, 1, 4, 20, 1, 9, 255, 6, 0, 30, 5, 9, 7, 0, 250],
        vec![0x80, 0, 30, 2, 3, 50, 3, 4, 210, 4, 9, 255, 6, 0, 7, 5, 215, 6, 9, 7, 0, 250, 5, 9, 6, 0],
        vec![1, 1, 5, 10, 0, 3, 7, 2, 33, 100, 0, 1, 1, 0, 0, 1, 20, 40, 9],
    ]
}
