//! A CPU on which one thread runs alone hardly ticks: nobody waits whose turn a tick could find due. Ten ticks become
//! one, so that a thread that computes is interrupted a hundred times a second, not a thousand.
//!
//! Who puts somebody into such a CPU's queue has to say so, however little urgent it is, and the CPU ticks again from
//! there on. That needs no question of its own where threads are woken: the CPU looks as though it ran something
//! less urgent than any thread ([`cpu::ALONE`]), and whoever is more urgent than what runs is told of anyway.
//!
//! (Linux has the same as `NO_HZ_FULL`, for CPUs that are set apart for it.)

use core::sync::atomic::Ordering;

use super::cpu::{self, Cpu};
use super::scheduler;
use super::thread::ThreadRef;
use crate::arch::{time, trap};

/// Ticks that become one.
const REST_TICKS: u64 = 10;
const TICK_NS: u64 = 1_000_000_000 / time::TICK_HZ;

/// How many ticks are to be counted at this one.
#[inline]
pub(super) fn ticks_passed(cpu: &Cpu) -> u32 {
    if cpu.rests() { ticks_rested(cpu) } else { 1 }
}

#[cold]
fn ticks_rested(cpu: &Cpu) -> u32 {
    let rested_ns = time::since_ns(cpu.rests_since_ns.load(Ordering::Relaxed));
    // The host of an emulated machine may have been away for long; that is no slice of anybody's.
    (rested_ns / TICK_NS).clamp(1, 2 * REST_TICKS) as u32
}

/// At the end of a tick: it rests, or rests on, if `current`, the running thread, is alone. It does so from the second
/// tick on that finds the same turn of the same thread: where threads take turns faster than that, setting the timer
/// would cost more than it spares.
///
/// Interrupts are off, and the queue's lock is held: whoever puts somebody there later sees [`cpu::ALONE`].
pub(super) fn rest_if_alone(cpu: &Cpu, current: ThreadRef, nobody_waits: bool) {
    let turn = current.turn();
    let is_same_turn = cpu.last_turn.load(Ordering::Relaxed) == turn;
    cpu.last_turn.store(turn, Ordering::Relaxed);
    // A real-time thread's budget ends at a tick, and who samples wants to be called at each.
    if nobody_waits && is_same_turn && !current.is_realtime() && !trap::is_sampled() {
        let now_ns = time::uptime_ns();
        let until_ns = cpu.next_deadline_ns.load(Ordering::Relaxed).min(now_ns + REST_TICKS * TICK_NS);
        if time::stop_tick(until_ns) {
            cpu.rests_since_ns.store(now_ns, Ordering::Relaxed);
            cpu.running_level.store(cpu::ALONE, Ordering::Relaxed);
            return;
        }
    }
    if cpu.rests() {
        tick_again(cpu);
    }
}

/// Somebody was put into the queue of the running CPU, whose tick rests, or another turn begins there: it ticks
/// again. Interrupts are off.
#[cold]
#[inline(never)]
pub(super) fn end(cpu: &'static Cpu) {
    let queue = cpu.queue.lock_in_trap();
    // Else another thread than the one that was alone is running already.
    if cpu.running_level.load(Ordering::Relaxed) == cpu::ALONE {
        charge(cpu, scheduler::current());
    }
    drop(queue);
    tick_again(cpu);
}

/// `previous`, which was alone on the running CPU, stops, and nobody waits there. Interrupts are off, and the queue's
/// lock is held.
#[cold]
#[inline(never)]
pub(super) fn end_with_turn(cpu: &Cpu, previous: ThreadRef) {
    charge(cpu, previous);
    tick_again(cpu);
}

/// Counts the ticks that have passed unseen. The queue's lock is held.
fn charge(cpu: &Cpu, alone: ThreadRef) {
    let mut standing = alone.standing();
    // Whether its slice has ended is asked by nobody: whoever comes is looked at anyway.
    let _ = standing.use_ticks(ticks_rested(cpu));
    alone.set_standing(standing);
    cpu.running_level.store(standing.level().index() as u32, Ordering::Relaxed);
}

fn tick_again(cpu: &Cpu) {
    cpu.rests_since_ns.store(0, Ordering::Relaxed);
    time::start_tick();
}
