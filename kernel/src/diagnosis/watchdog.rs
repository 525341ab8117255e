//! The watchdog: a thread that looks every two seconds whether others wait for each other for ever, and says so.
//!
//! It speaks of a thread that has been in one sleep for ten seconds, for a lock, if the chain from holder to holder
//! ends where it began, or at a thread that has slept as long itself. Who waits for a key, a message or a disk is never
//! blamed: such waits have no holder. It also tells of a CPU that takes no interrupts any more; an idle one takes one a
//! second at least. It can't tell that of the CPU it waits on itself.

use alloc::string::String;
use alloc::vec::Vec;

use ::diagnosis::chain::{self, Chain};

use super::threads;
use crate::arch::{cpu, time, trap};
use crate::lock::Once;
use crate::task::{self, WaitKind};

/// How long a wait is no reason to speak.
const LIMIT_MS: u64 = 10_000;
/// How often it looks.
const PERIOD_MS: u64 = 2_000;

/// Shows a person, in a sentence, that something is wrong. Must not wait.
pub type Alarm = fn(&str);

static ALARM: Once<Alarm> = Once::new();

/// Hands in what tells the person at the machine. The first call wins.
pub fn set_alarm(alarm: Alarm) {
    ALARM.call_once(|| alarm);
}

/// A sleep, and when it was first seen.
struct Sleep {
    thread: u64,
    number: u64,
    since_ms: u64,
}

/// What was seen before, so that the next look can tell how long it has lasted.
pub struct Watch {
    limit_ms: u64,
    sleeps: Vec<Sleep>,
    /// Chains that were told, by the sleep of their first thread, and whether they were circles.
    told: Vec<(u64, u64, bool)>,
}

impl Watch {
    /// Watches for waits that last `limit_ms`.
    pub fn new(limit_ms: u64) -> Self {
        Self { limit_ms, sleeps: Vec::new(), told: Vec::new() }
    }

    /// The chains that have lasted too long and were not told before.
    pub fn look(&mut self) -> Vec<Chain> {
        let now_ms = time::uptime_ns() / 1_000_000;
        let threads = task::list();
        let is_lock = |kind| matches!(kind, WaitKind::Mutex | WaitKind::ReadLock | WaitKind::WriteLock);
        let mut sleeps = Vec::new();
        // As many as there are threads, whether they sleep or not: kept until the next look, it is the same size each time.
        if sleeps.try_reserve_exact(threads.len()).is_err() {
            return Vec::new();
        }
        let mut suspicious = false;
        for thread in &threads {
            let Some(wait) = thread.waits else { continue };
            let known = self.sleeps.iter().find(|seen| seen.thread == thread.id && seen.number == wait.sleep);
            let since_ms = known.map_or(now_ms, |seen| seen.since_ms);
            suspicious |= is_lock(wait.kind) && now_ms - since_ms >= self.limit_ms;
            sleeps.push(Sleep { thread: thread.id, number: wait.sleep, since_ms });
        }
        self.sleeps = sleeps;
        self.told.retain(|&(id, number, _)| self.sleeps.iter().any(|s| s.thread == id && s.number == number));
        if !suspicious {
            // Nearly always. Finding out where everybody waits, and giving it names, takes longer.
            return Vec::new();
        }
        let links = threads::links(|thread| {
            let sleep = thread.waits.map(|wait| wait.sleep);
            let same = self.sleeps.iter().find(|seen| seen.thread == thread.id && Some(seen.number) == sleep);
            same.map_or(0, |seen| now_ms - seen.since_ms)
        });
        let mut chains = chain::find(&links, self.limit_ms);
        chains.retain(|chain| self.is_new(chain));
        chains
    }

    fn is_new(&mut self, chain: &Chain) -> bool {
        let first = chain.threads.first();
        let Some(sleep) = self.sleeps.iter().find(|seen| Some(&seen.thread) == first) else { return false };
        let key = (sleep.thread, sleep.number, chain.is_circle);
        let new = !self.told.contains(&key);
        if new {
            self.told.push(key);
        }
        new
    }
}

/// A CPU's interrupts when they were last seen to have become more.
#[derive(Clone, Copy, Default)]
struct Pulse {
    interrupts: u64,
    since_ms: u64,
    told: bool,
}

fn feel(cpu: usize, pulse: &mut Pulse) {
    let now_ms = time::uptime_ns() / 1_000_000;
    let interrupts = (0..=u8::MAX).map(|vector| trap::count_on(cpu, vector)).sum();
    if interrupts != pulse.interrupts {
        *pulse = Pulse { interrupts, since_ms: now_ms, told: false };
    } else if now_ms - pulse.since_ms >= LIMIT_MS && !pulse.told {
        pulse.told = true;
        let running =
            task::list().into_iter().find(|t| t.state == task::ThreadState::Running && t.cpu == cpu);
        let thread = running.map_or_else(String::new, |thread| alloc::format!(", in thread {}", thread.name));
        log::error!("CPU {cpu} has taken no interrupt for {} s{thread}", LIMIT_MS / 1000);
    }
}

fn tell(chain: &Chain) {
    let (text, summary) = if chain.is_circle {
        log::error!("deadlock: {}", chain.text);
        ("Threads wait for each other for ever.", "A deadlock")
    } else {
        log::warn!("stalled for {} s: {}", LIMIT_MS / 1000, chain.text);
        ("A thread waits for a lock whose holder does not go on.", "A stall")
    };
    if let Some(alarm) = ALARM.get() {
        alarm(&alloc::format!("{summary}: {text} See dmesg."));
    }
}

/// Starts the watchdog's thread.
pub fn start() {
    let run = || {
        let mut watch = Watch::new(LIMIT_MS);
        let mut pulses: Vec<Pulse> = alloc::vec![Pulse::default(); cpu::count()];
        loop {
            task::sleep_ms(PERIOD_MS);
            watch.look().iter().for_each(tell);
            pulses.iter_mut().enumerate().for_each(|(cpu, pulse)| feel(cpu, pulse));
        }
    };
    if let Err(error) = task::spawn("watchdog", run) {
        log::error!("no watchdog: {error}");
    }
}
