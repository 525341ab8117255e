//! Every state that two CPUs and a few threads can reach by waking, ticking, looking, blocking, yielding and stealing, breadth
//! first. In each: no thread is lost or in two places, none runs on two CPUs or where it may not ([`Machine::check`]); and if
//! from there on everybody computes, so that only the timer ticks and CPUs look when they are told, each who waits runs within
//! a bounded number of ticks. A wake-up that nobody hears of would fail that.

mod machine;

use std::collections::{HashSet, VecDeque};

use machine::{Machine, Place};
use sched::Level;

#[derive(Clone, Copy, Debug)]
enum Step {
    Wake(usize),
    Tick(usize),
    Look(usize),
    Block(usize),
    GiveWay(usize),
    Left(usize),
}

fn steps(machine: &Machine) -> Vec<Step> {
    let mut steps = Vec::new();
    for (thread, record) in machine.threads.iter().enumerate() {
        if record.place == Place::Asleep {
            steps.push(Step::Wake(thread));
        }
    }
    for (number, cpu) in machine.cpus.iter().enumerate() {
        // Interrupts are off until the stack is left.
        if machine.threads.iter().any(|thread| thread.leaving == Some(number)) {
            steps.push(Step::Left(number));
            continue;
        }
        if machine.looks(number) {
            steps.push(Step::Look(number));
        }
        if cpu.running.is_some() {
            steps.extend([Step::Tick(number), Step::Block(number), Step::GiveWay(number)]);
        }
    }
    steps
}

fn take(machine: &Machine, step: Step) -> Machine {
    let mut next = machine.clone();
    match step {
        Step::Wake(thread) => next.wake(thread),
        Step::Tick(cpu) => next.tick(cpu),
        Step::Look(cpu) => next.look(cpu),
        Step::Block(cpu) => next.block(cpu),
        Step::GiveWay(cpu) => next.give_way(cpu),
        Step::Left(cpu) => next.left(cpu),
    }
    narrow(next)
}

/// Two levels instead of eight, slices of two ticks, a boost every second one: what happens on the way down is the same on
/// each level, and there are states few enough to visit.
fn narrow(mut machine: Machine) -> Machine {
    for cpu in &mut machine.cpus {
        cpu.boost_in = cpu.boost_in.min(1);
    }
    for thread in &mut machine.threads {
        thread.level = thread.level.min(Level::feedback(1).index());
        thread.ticks_left = thread.ticks_left.min(2);
    }
    machine
}

/// Ticks within which each who waits runs: a boost comes every second one, and before it are two others with slices of
/// two ticks, on either CPU.
const BOUND: usize = 12;

/// Lets time go by until each who waits has run.
fn assert_all_run(state: &Machine) {
    let waits =
        |machine: &Machine, thread: &usize| matches!(machine.threads[*thread].place, Place::Waiting(_));
    let mut waiting: Vec<usize> = (0..state.threads.len()).filter(|thread| waits(state, thread)).collect();
    let mut machine = state.clone();
    for _ in 0..BOUND {
        if waiting.is_empty() {
            return;
        }
        for cpu in 0..machine.cpus.len() {
            for step in [Step::Left(cpu), Step::Tick(cpu), Step::Look(cpu), Step::Left(cpu)] {
                if !matches!(step, Step::Look(cpu) if !machine.looks(cpu)) {
                    machine = take(&machine, step);
                    waiting.retain(|thread| waits(&machine, thread));
                }
            }
        }
    }
    panic!("{waiting:?} still wait after {BOUND} ticks: {state:#?}");
}

/// Visits every reachable state; returns how many there are, and how many steps between them.
fn explore(affinities: &[u64]) -> (usize, usize) {
    let first = narrow(Machine::new(2, affinities));
    let mut seen = HashSet::from([first.clone()]);
    let mut queue = VecDeque::from([first]);
    let mut count = 0;
    while let Some(machine) = queue.pop_front() {
        machine.check();
        assert_all_run(&machine);
        for step in steps(&machine) {
            count += 1;
            let next = take(&machine, step);
            if !seen.contains(&next) {
                seen.insert(next.clone());
                queue.push_back(next);
            }
        }
    }
    (seen.len(), count)
}

#[test]
fn every_state_of_two_cpus_and_three_threads() {
    let (states, steps) = explore(&[0b11, 0b11, 0b11]);
    println!("two CPUs, three threads: {states} states, {steps} steps");
    assert!(states > 10_000, "the model lost its steps");
}

#[test]
fn every_state_with_a_thread_bound_to_each_cpu() {
    let (states, steps) = explore(&[0b01, 0b10, 0b11]);
    println!("two CPUs, three threads, two of them bound: {states} states, {steps} steps");
    assert!(states > 10_000, "the model lost its steps");
}
