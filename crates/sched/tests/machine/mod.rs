//! A machine of a few CPUs as plain data, on which the kernel's part (kernel/src/task/scheduler.rs) is played with the
//! crate's own queues, standings and choices. Each step is one that a real CPU takes with its queue locked; what can happen
//! between two of them on another CPU can happen here between two steps.
//!
//! A machine can be copied and compared. So that it can, a queue is built anew for each step from the list of who waits,
//! and written back: the links are the threads', and the threads of many machines would share them.
#![allow(dead_code, reason = "each test file uses its part")]

use std::cell::Cell;

use sched::{
    BOOST_TICKS, CpuLoad, Level, Linked, MultilevelQueue, Standing, place, steal_from, whom_to_tell,
};

const MOST_THREADS: usize = 32;
/// Ticks that become one where a thread runs alone.
pub const REST_TICKS: u32 = 10;

thread_local! {
    static LINKS: [Cell<Handle>; MOST_THREADS] = const { [const { Cell::new(Handle(usize::MAX)) }; MOST_THREADS] };
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Handle(usize);

impl Linked for Handle {
    fn next(self) -> Self {
        LINKS.with(|links| links[self.0].get())
    }

    fn set_next(self, next: Self) {
        LINKS.with(|links| links[self.0].set(next));
    }
}

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    Asleep,
    Waiting(usize),
    Running(usize),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Thread {
    pub place: Place,
    pub level: usize,
    pub ticks_left: u8,
    pub last_cpu: usize,
    /// A bit for each CPU it may run on.
    pub affinity: u64,
    /// The CPU that still stands on its stack: it may not run elsewhere yet.
    pub leaving: Option<usize>,
}

impl Thread {
    pub fn new(affinity: u64) -> Self {
        let standing = Standing::at(Level::TOP_FEEDBACK);
        let (level, ticks_left) = (standing.level().index(), standing.ticks_left());
        Self { place: Place::Asleep, level, ticks_left, last_cpu: 0, affinity, leaving: None }
    }

    pub fn standing(&self) -> Standing {
        Standing::new(Level::from_index(self.level), self.ticks_left)
    }

    pub fn set_standing(&mut self, standing: Standing) {
        (self.level, self.ticks_left) = (standing.level().index(), standing.ticks_left());
    }

    fn may_run_on(&self, cpu: usize) -> bool {
        self.affinity >> cpu & 1 != 0
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cpu {
    pub running: Option<usize>,
    /// Threads and the levels they wait on, by level and then as they came.
    pub waiting: Vec<(usize, usize)>,
    pub boost_in: u32,
    /// Told to look at its queue, by a tick or from another CPU.
    pub told: bool,
    /// Its thread runs alone, so that it hardly ticks.
    pub rests: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Machine {
    pub cpus: Vec<Cpu>,
    pub threads: Vec<Thread>,
}

impl Machine {
    /// All asleep, with these affinities.
    pub fn new(cpus: usize, affinities: &[u64]) -> Self {
        let cpu =
            Cpu { running: None, waiting: Vec::new(), boost_in: BOOST_TICKS, told: false, rests: false };
        Self { cpus: vec![cpu; cpus], threads: affinities.iter().map(|&mask| Thread::new(mask)).collect() }
    }

    /// What the policy is told of the CPUs.
    fn loads(&self) -> impl Iterator<Item = CpuLoad> + Clone {
        self.cpus.iter().map(|cpu| CpuLoad { idle: cpu.running.is_none(), queued: cpu.waiting.len() })
    }

    /// Does `work` with the queue of `cpu`.
    fn with_queue<R>(
        &mut self,
        cpu: usize,
        work: impl FnOnce(&mut MultilevelQueue<Handle>, &[Thread]) -> R,
    ) -> R {
        let mut queue = MultilevelQueue::new();
        for &(thread, level) in &self.cpus[cpu].waiting {
            queue.push(Handle(thread), Level::from_index(level));
        }
        let result = work(&mut queue, &self.threads);
        let waiting = &mut self.cpus[cpu].waiting;
        waiting.clear();
        while let Some((Handle(thread), level)) = queue.pop_first(|_| true) {
            waiting.push((thread, level.index()));
        }
        assert!(queue.is_empty() && queue.best().is_none());
        result
    }

    fn push(&mut self, cpu: usize, thread: usize, level: Level) {
        self.with_queue(cpu, |queue, _| queue.push(Handle(thread), level));
        self.threads[thread].place = Place::Waiting(cpu);
    }

    /// Takes the first who may run on `on` from the queue of `from`.
    fn pop(&mut self, from: usize, on: usize) -> Option<(usize, Level)> {
        let found = self.with_queue(from, |queue, threads| {
            queue.pop_if(|Handle(thread)| {
                let thread = &threads[thread];
                thread.leaving.is_none_or(|cpu| cpu == on) && thread.may_run_on(on)
            })
        });
        found.map(|(Handle(thread), level)| (thread, level))
    }

    /// Wakes a thread that sleeps: it waits where the policy wants it, and that CPU is told if it is better than what runs
    /// there.
    pub fn wake(&mut self, thread: usize) {
        assert_eq!(self.threads[thread].place, Place::Asleep);
        let last = self.threads[thread].last_cpu;
        let target = place(last, self.loads(), |cpu| self.threads[thread].may_run_on(cpu));
        let level = self.threads[thread].standing().level();
        self.threads[thread].last_cpu = target;
        self.push(target, thread, level);
        let is_better = match self.cpus[target].running {
            None => true,
            Some(running) => self.cpus[target].rests || level < self.threads[running].standing().level(),
        };
        self.cpus[target].told |= is_better;
    }

    /// The CPU ticks again, if it did not. Only now is counted what its thread has used meanwhile.
    fn end_rest(&mut self, cpu: usize) {
        if std::mem::take(&mut self.cpus[cpu].rests)
            && let Some(running) = self.cpus[cpu].running
        {
            let mut standing = self.threads[running].standing();
            let _ = standing.use_ticks(REST_TICKS);
            self.threads[running].set_standing(standing);
        }
    }

    /// The timer's interrupt; where it rests, one in [`REST_TICKS`].
    pub fn tick(&mut self, cpu: usize) {
        let Some(running) = self.cpus[cpu].running else { return };
        let passed = if self.cpus[cpu].rests { REST_TICKS } else { 1 };
        let mut standing = self.threads[running].standing();
        let ended = standing.use_ticks(passed);
        if self.cpus[cpu].boost_in < passed {
            self.with_queue(cpu, |queue, _| queue.boost());
            if !standing.level().is_realtime() {
                standing = Standing::at(Level::TOP_FEEDBACK);
            }
            self.cpus[cpu].boost_in = BOOST_TICKS;
        } else {
            self.cpus[cpu].boost_in -= passed;
        }
        self.threads[running].set_standing(standing);
        let best = self.with_queue(cpu, |queue, _| queue.best());
        self.cpus[cpu].rests = best.is_none() && !standing.level().is_realtime();
        if let Some(best) = best {
            self.cpus[cpu].told |= ended || best < standing.level();
            // An idle CPU does not tick, so it has to be told that there is something to take.
            let is_idle = |&(_, cpu): &(usize, &Cpu)| cpu.running.is_none();
            let idle = self.cpus.iter().enumerate().filter(is_idle).fold(0, |idle, (cpu, _)| idle | 1 << cpu);
            let turn = self.cpus[cpu].boost_in;
            let told = self.with_queue(cpu, |queue, threads| {
                whom_to_tell(idle, queue.iter().map(|Handle(thread)| threads[thread].affinity), turn)
            });
            for (number, cpu) in self.cpus.iter_mut().enumerate() {
                cpu.told |= told >> number & 1 != 0;
            }
        }
    }

    /// A CPU that was told looks at its queue.
    pub fn look(&mut self, cpu: usize) {
        self.cpus[cpu].told = false;
        self.end_rest(cpu);
        let Some(running) = self.cpus[cpu].running else { return self.find_work(cpu) };
        let own = self.threads[running].standing().level();
        let best = self.with_queue(cpu, |queue, _| queue.best());
        if best.is_none_or(|best| best > own) {
            return;
        }
        if let Some((next, level)) = self.pop(cpu, cpu) {
            self.push(cpu, running, own);
            self.switch(cpu, Some(running), Some((next, level)));
        }
    }

    /// The running thread lets others run.
    pub fn give_way(&mut self, cpu: usize) {
        let Some(running) = self.cpus[cpu].running else { return };
        // Who told it has interrupted it by now, or will at once.
        if std::mem::take(&mut self.cpus[cpu].told) {
            self.end_rest(cpu);
        }
        let own = self.threads[running].standing().level();
        let rotated = self.with_queue(cpu, |queue, threads| {
            queue.rotate(Handle(running), own.index() as u32, |Handle(thread)| {
                threads[thread].leaving.is_none()
            })
        });
        let next = match rotated {
            Some((Handle(next), level)) => {
                self.threads[running].place = Place::Waiting(cpu);
                Some((next, Level::from_index(level as usize)))
            }
            None => {
                let next = self.pop(cpu, cpu);
                if let Some((_, level)) = next {
                    self.push(cpu, running, level.max(own));
                }
                next
            }
        };
        if next.is_some() {
            self.switch(cpu, Some(running), next);
        }
    }

    /// The running thread goes to sleep.
    pub fn block(&mut self, cpu: usize) {
        let Some(running) = self.cpus[cpu].running else { return };
        self.cpus[cpu].told = false;
        self.end_rest(cpu);
        self.threads[running].place = Place::Asleep;
        let next = self.pop(cpu, cpu).or_else(|| self.steal(cpu));
        self.switch(cpu, Some(running), next);
    }

    /// The CPU is off the stacks of those who ran on it before.
    pub fn left(&mut self, cpu: usize) {
        for thread in &mut self.threads {
            thread.leaving = thread.leaving.filter(|&leaving| leaving != cpu);
        }
    }

    /// Whether the CPU looks at its queue next: it was told to, or it is idle and its queue is not empty. (An idle CPU
    /// that found only threads that still leave another does not halt.)
    pub fn looks(&self, cpu: usize) -> bool {
        let cpu = &self.cpus[cpu];
        cpu.told || cpu.running.is_none() && !cpu.waiting.is_empty()
    }

    fn find_work(&mut self, cpu: usize) {
        if let Some(next) = self.pop(cpu, cpu).or_else(|| self.steal(cpu)) {
            self.switch(cpu, None, Some(next));
        }
    }

    fn steal(&mut self, thief: usize) -> Option<(usize, Level)> {
        let mut passed_over = 1 << thief;
        while let Some(victim) = steal_from(passed_over, self.loads()) {
            let stolen = self.pop(victim, thief);
            if stolen.is_some() {
                return stolen;
            }
            passed_over |= 1 << victim;
        }
        None
    }

    fn switch(&mut self, cpu: usize, previous: Option<usize>, next: Option<(usize, Level)>) {
        if let Some(previous) = previous {
            self.threads[previous].leaving = Some(cpu);
        }
        if let Some((next, level)) = next {
            let thread = &mut self.threads[next];
            assert!(thread.leaving.is_none_or(|leaving| leaving == cpu), "two CPUs on one stack");
            let mut standing = thread.standing();
            if level < standing.level() {
                standing.found_at(level);
            }
            thread.set_standing(standing);
            (thread.place, thread.last_cpu, thread.leaving) = (Place::Running(cpu), cpu, None);
        }
        self.cpus[cpu].running = next.map(|(next, _)| next);
    }

    /// What must hold between any two steps: a thread that is ready runs on one CPU or waits for one, and for one where it may run;
    /// one that sleeps does neither.
    pub fn check(&self) {
        let mut seen = vec![0; self.threads.len()];
        for (number, cpu) in self.cpus.iter().enumerate() {
            if let Some(running) = cpu.running {
                seen[running] += 1;
                assert_eq!(self.threads[running].place, Place::Running(number), "{self:#?}");
            }
            for &(thread, _) in &cpu.waiting {
                seen[thread] += 1;
                assert_eq!(self.threads[thread].place, Place::Waiting(number), "{self:#?}");
            }
            assert!(!cpu.rests || cpu.told || cpu.waiting.is_empty(), "nobody told it: {self:#?}");
            assert!(cpu.waiting.is_sorted_by_key(|&(_, level)| level));
        }
        for (number, thread) in self.threads.iter().enumerate() {
            let places = usize::from(thread.place != Place::Asleep);
            assert_eq!(seen[number], places, "thread {number} is lost, or in two places: {self:#?}");
            if let Place::Running(cpu) | Place::Waiting(cpu) = thread.place {
                assert!(thread.may_run_on(cpu), "thread {number} is where it may not be: {self:#?}");
            }
        }
    }
}
