//! Machines of one to four CPUs under a simulated clock: threads that answer, that compute, that sleep, that yield, some of
//! them bound to CPUs; from seeds, so that every run is the same. After each step the machine is sound
//! ([`Machine::check`]); besides, nobody who is ready waits longer than a bound that is computed from how many there are,
//! who answers does so soon although others compute, and who has reserved time gets it.

mod machine;

use fastrand::Rng;
use machine::{Machine, Place};
use sched::{Admission, BOOST_TICKS, Level, Reservation, Standing, TOP_SLICE_TICKS};

/// What a thread does when it has the CPU at a tick, and how long it sleeps.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Computes without end.
    Batch,
    /// Wakes every so often, and is done in less than a tick.
    Interactive { every: u64 },
    /// Runs and sleeps for times of any length.
    Sleeper,
    /// Gives way whenever it can.
    Yielder,
}

/// A machine, what its threads are like, and since when each is ready.
struct Simulation {
    machine: Machine,
    kinds: Vec<Kind>,
    wakes_at: Vec<u64>,
    ready_since: Vec<u64>,
    longest_wait: Vec<u64>,
    now: u64,
    random: Rng,
}

impl Simulation {
    fn new(cpus: usize, threads: &[(Kind, u64)], seed: u64) -> Self {
        let affinities: Vec<u64> = threads.iter().map(|&(_, mask)| mask).collect();
        Self {
            machine: Machine::new(cpus, &affinities),
            kinds: threads.iter().map(|&(kind, _)| kind).collect(),
            wakes_at: vec![0; threads.len()],
            ready_since: vec![0; threads.len()],
            longest_wait: vec![0; threads.len()],
            now: 0,
            random: Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        }
    }

    /// Does something to the machine, then looks at it, and at who has come to run by it.
    fn step(&mut self, act: impl FnOnce(&mut Machine)) {
        let before: Vec<Place> = self.machine.threads.iter().map(|thread| thread.place).collect();
        act(&mut self.machine);
        self.machine.check();
        for (number, (thread, before)) in self.machine.threads.iter().zip(before).enumerate() {
            match (before, thread.place) {
                (Place::Asleep | Place::Running(_), Place::Waiting(_)) => self.ready_since[number] = self.now,
                (Place::Waiting(_), Place::Running(_)) => {
                    let waited = self.now - self.ready_since[number];
                    self.longest_wait[number] = self.longest_wait[number].max(waited);
                }
                _ => {}
            }
        }
    }

    /// CPUs look as often as they have reason to, and leave the stacks they were on.
    fn settle(&mut self) {
        for _ in 0..3 {
            for cpu in 0..self.machine.cpus.len() {
                self.step(|machine| machine.left(cpu));
                if self.machine.looks(cpu) {
                    self.step(|machine| machine.look(cpu));
                }
            }
        }
    }

    /// One tick of the clock: sleepers wake, every CPU ticks, and those who run do what they are like.
    fn tick(&mut self) {
        self.now += 1;
        for thread in 0..self.kinds.len() {
            if self.machine.threads[thread].place == Place::Asleep && self.wakes_at[thread] <= self.now {
                self.step(|machine| machine.wake(thread));
            }
        }
        self.settle();
        for cpu in 0..self.machine.cpus.len() {
            // Who answers is done long before the tick that would be charged to it.
            self.finish_answers(cpu);
            if !self.machine.cpus[cpu].rests || self.now.is_multiple_of(machine::REST_TICKS.into()) {
                self.step(|machine| machine.tick(cpu));
            }
            let Some(running) = self.machine.cpus[cpu].running else { continue };
            match self.kinds[running] {
                Kind::Sleeper if self.random.u64(..4) == 0 => {
                    self.wakes_at[running] = self.now + self.random.u64(..60);
                    self.step(|machine| machine.block(cpu));
                }
                Kind::Yielder => self.step(|machine| machine.give_way(cpu)),
                _ => {}
            }
        }
        self.settle();
    }

    fn finish_answers(&mut self, cpu: usize) {
        while let Some(running) = self.machine.cpus[cpu].running
            && let Kind::Interactive { every } = self.kinds[running]
        {
            self.wakes_at[running] = self.now + every;
            self.step(|machine| machine.block(cpu));
            self.step(|machine| machine.left(cpu));
        }
    }

    /// The longest that anybody waited, those counted who wait still.
    fn longest_wait(&self) -> u64 {
        let waiting = self.machine.threads.iter().zip(&self.ready_since);
        let still = waiting.filter(|(thread, _)| matches!(thread.place, Place::Waiting(_)));
        let still = still.map(|(_, &since)| self.now - since).max().unwrap_or(0);
        self.longest_wait.iter().copied().max().unwrap_or(0).max(still)
    }
}

/// From becoming ready to running: until the next boost, and then a slice of the top level for each of the others.
fn bound(threads: usize) -> u64 {
    u64::from(BOOST_TICKS) + 1 + threads as u64 * (u64::from(TOP_SLICE_TICKS) + 1)
}

/// Any mixture: nobody is lost, in two places, or where he may not be; and nobody waits longer than the bound.
#[test]
fn nobody_who_is_ready_waits_longer_than_the_bound() {
    for seed in 1..=30 {
        let mut random = Rng::with_seed(seed);
        let cpus = 1 + random.usize(..4);
        let threads: Vec<(Kind, u64)> = (0..2 + random.u64(..14))
            .map(|_| {
                let kind = match random.u64(..6) {
                    0 | 1 => Kind::Batch,
                    2 => Kind::Yielder,
                    3 => Kind::Interactive { every: 1 + random.u64(..40) },
                    _ => Kind::Sleeper,
                };
                let anywhere = (1 << cpus) - 1;
                let mask = if random.u64(..4) == 0 { 1 << random.u64(..cpus as u64) } else { anywhere };
                (kind, mask)
            })
            .collect();
        let mut simulation = Simulation::new(cpus, &threads, seed);
        for _ in 0..4_000 {
            simulation.tick();
        }
        let longest = simulation.longest_wait();
        assert!(longest <= bound(threads.len()), "seed {seed}: {longest} ticks, {cpus} CPUs, {threads:?}");
    }
}

/// Threads that answer are there within a few slices, however many compute: those go before them for a moment after a
/// boost, when all stand at the top, and no longer.
#[test]
fn who_answers_does_so_soon_though_others_compute() {
    const ANSWERING: usize = 3;
    for (cpus, batch) in [(1, 4), (1, 12), (2, 12), (4, 16)] {
        let mut threads = vec![(Kind::Batch, u64::MAX); batch];
        threads.extend([7, 10, 33].map(|every| (Kind::Interactive { every }, u64::MAX)));
        let mut simulation = Simulation::new(cpus, &threads, 1);
        for _ in 0..5_000 {
            simulation.tick();
        }
        let per_cpu = (batch + ANSWERING) as u64;
        let longest = *simulation.longest_wait[batch..].iter().max().unwrap();
        assert!(
            longest <= per_cpu * u64::from(TOP_SLICE_TICKS),
            "{cpus} CPUs, {batch} compute: {longest} ticks"
        );
    }
}

/// No CPU stays idle beside a thread that waits and may run there, whoever else waits: those bound to the CPU with the
/// longest queue, and CPUs with lower numbers that have nothing to gain.
#[test]
fn an_idle_cpu_finds_whom_it_may_run() {
    for seed in 1..=200 {
        let mut random = Rng::with_seed(seed);
        let cpus = 2 + random.usize(..3);
        let threads: Vec<(Kind, u64)> = (0..2 + random.u64(..12))
            .map(|_| {
                let mask = if random.bool() { 1 } else { 1 + random.u64(..(1 << cpus) - 1) };
                (Kind::Batch, mask)
            })
            .collect();
        let mut simulation = Simulation::new(cpus, &threads, seed);
        // All are awake after the first; what was queued unluckily is mended by the ticks that follow.
        for _ in 0..2 + cpus {
            simulation.tick();
        }
        let machine = &simulation.machine;
        for (number, cpu) in machine.cpus.iter().enumerate() {
            let waits = machine.threads.iter().position(|thread| {
                matches!(thread.place, Place::Waiting(_)) && thread.affinity >> number & 1 != 0
            });
            assert!(
                cpu.running.is_some() || waits.is_none(),
                "seed {seed}: CPU {number} of {cpus} idles while {waits:?} waits: {threads:?}"
            );
        }
    }
}

/// A CPU whose thread stops takes one from another CPU's queue although a third one's is longer, of threads bound there.
#[test]
fn bound_threads_hide_nobody_from_a_thief() {
    let mut machine = Machine::new(3, &[0b001, 0b001, 0b001, 0b100, 0b010, 0b110]);
    for thread in 0..6 {
        machine.wake(thread);
        for cpu in 0..3 {
            if machine.looks(cpu) {
                machine.look(cpu);
            }
            machine.left(cpu);
        }
    }
    assert_eq!(machine.threads[5].place, Place::Waiting(1));
    machine.block(2);
    machine.check();
    assert_eq!(machine.threads[5].place, Place::Running(2));
}

/// Threads that compute share a CPU evenly, and bound ones stay where they are bound.
#[test]
fn who_computes_gets_an_equal_share() {
    let threads = [(Kind::Batch, 0b01), (Kind::Batch, 0b01), (Kind::Batch, 0b01), (Kind::Batch, 0b10)];
    let mut simulation = Simulation::new(2, &threads, 1);
    let mut ran = [0_u64; 4];
    for _ in 0..12_000 {
        simulation.tick();
        for cpu in &simulation.machine.cpus {
            ran[cpu.running.expect("there is always somebody")] += 1;
        }
    }
    assert_eq!(ran[3], 12_000);
    for share in &ran[..3] {
        assert!((3_800..=4_200).contains(share), "{ran:?}");
    }
}

/// Threads with reservations that one CPU can promise run their budget in each period, among others that compute; who wants more
/// than its budget is an ordinary thread until the next period, and the others run.
#[test]
fn who_has_reserved_time_gets_it() {
    const TICK_NS: u64 = 1_000_000;
    for (tasks, greedy) in [(vec![(2, 10), (3, 20), (5, 50)], false), (vec![(1, 5), (4, 25)], true)] {
        let mut threads = vec![(Kind::Batch, 1); 3];
        threads.extend(tasks.iter().map(|_| (Kind::Batch, 1)));
        let mut simulation = Simulation::new(1, &threads, 1);
        let mut admission = Admission::new();
        let admit = |(priority, &(budget, period)): (usize, &(u64, u64))| {
            admission.admit(priority as u8, budget * TICK_NS, period * TICK_NS, TICK_NS).unwrap()
        };
        let mut reservations: Vec<Reservation> = tasks.iter().enumerate().map(admit).collect();
        let mut left: Vec<u64> = vec![0; tasks.len()];
        // Where each stands among the ordinary ones: who overruns goes on from there. Were it put at the top each time, it
        // would never sink, and those who compute would have nothing but the boosts.
        let mut ordinary = vec![Standing::at(Level::TOP_FEEDBACK); tasks.len()];
        let mut ordinary_ran = 0;
        // All asleep but the ordinary three; each wakes as its period begins.
        simulation.wakes_at[3..].fill(1);
        for _ in 0..3_000 {
            let now = simulation.now + 1;
            for (task, &(budget, period)) in tasks.iter().enumerate() {
                if (now - 1).is_multiple_of(period) {
                    assert!(
                        greedy || left[task] == 0,
                        "task {task} of {tasks:?} missed its deadline at {now}"
                    );
                    left[task] = budget;
                    let thread = &mut simulation.machine.threads[3 + task];
                    if thread.place == Place::Asleep && reservations[task].wake(now * TICK_NS) {
                        thread.set_standing(Standing::at(Level::realtime(task as u8)));
                    }
                }
            }
            simulation.tick();
            let Some(running) = simulation.machine.cpus[0].running else { continue };
            let Some(task) = running.checked_sub(3) else {
                ordinary_ran += 1;
                continue;
            };
            // It has run for a tick: done, or out of budget, or neither.
            left[task] = left[task].saturating_sub(1);
            if left[task] == 0 && !(greedy && task == 0) {
                reservations[task].finish(TICK_NS, now * TICK_NS);
                let period = tasks[task].1;
                simulation.wakes_at[running] = (now - 1) / period * period + period + 1;
                simulation.step(|machine| machine.block(0));
            } else {
                let is_within = reservations[task].charge(TICK_NS, now * TICK_NS);
                let thread = &mut simulation.machine.threads[running];
                if thread.standing().level().is_realtime() != is_within {
                    let realtime = Standing::at(Level::realtime(task as u8));
                    if is_within {
                        ordinary[task] = thread.standing();
                    }
                    thread.set_standing(if is_within { realtime } else { ordinary[task] });
                    simulation.machine.cpus[0].told = true;
                }
            }
        }
        for (task, reservation) in reservations.iter().enumerate() {
            assert!(
                reservation.misses() == 0 || greedy && task == 0,
                "task {task} of {tasks:?} missed deadlines"
            );
        }
        assert!(ordinary_ran > 500, "the others ran for {ordinary_ran} of 3000 ticks only");
    }
}
