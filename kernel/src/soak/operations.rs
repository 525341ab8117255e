//! What workers do. Each operation checks what it can see, and leaves nothing behind but what its world has an account of.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use ::process::{ExitStatus, ProcessId, WaitFor};

use super::random::Random;
use super::work::{Outcome, Worker};
use super::world::{Block, CHANNELS, MOST_CHILDREN, Message, PERMITS, World};
use crate::arch::{cpu, time};
use crate::memory::frames::{self, Zone};
use crate::memory::heap::{fallible, fault};
use crate::memory::{kernel_space, stack::KernelStack};
use crate::process;
use crate::sync::{Channel, Condition, Mutex, barrier, one_shot};
use crate::task::{self, JoinHandle};

/// Blocks that a worker keeps at most.
const MOST_BLOCKS: usize = 24;
const PAGE: u64 = 4096;

/// Gives the CPU away now and then, where others would meet us.
fn pause(random: &mut Random) {
    if random.one_in(6) {
        task::yield_now();
    }
}

pub fn transfer(worker: &mut Worker) -> Outcome {
    let random = &mut worker.random;
    let mut accounts = worker.world.accounts.lock();
    World::check_accounts(&accounts)?;
    let (from, to) = (random.below(8) as usize, random.below(8) as usize);
    let amount = accounts[from].min(random.below(100));
    accounts[from] -= amount;
    let receiver = accounts[to];
    pause(random);
    accounts[to] = receiver + amount;
    Ok(())
}

pub fn read_table(worker: &mut Worker) -> Outcome {
    let table = worker.world.table.read();
    let first = table[0];
    pause(&mut worker.random);
    match table.iter().find(|&&word| word != first) {
        None => Ok(()),
        Some(other) => Err(format!("a reader saw {first:#x} and {other:#x}")),
    }
}

pub fn write_table(worker: &mut Worker) -> Outcome {
    let value = worker.random.next();
    let mut table = worker.world.table.write();
    let (first, second) = table.split_at_mut(16);
    first.fill(value);
    pause(&mut worker.random);
    second.fill(value);
    Ok(())
}

pub fn enter(worker: &mut Worker) -> Outcome {
    let world = &worker.world;
    if worker.random.one_in(4) {
        let deadline = time::uptime_ns() + worker.random.below(2_000_000);
        if !world.semaphore.acquire_deadline(deadline) {
            return Ok(());
        }
    } else {
        world.semaphore.acquire();
    }
    let inside = world.inside.fetch_add(1, Ordering::AcqRel) + 1;
    pause(&mut worker.random);
    world.inside.fetch_sub(1, Ordering::AcqRel);
    world.semaphore.release(1);
    if inside <= PERMITS { Ok(()) } else { Err(format!("{inside} are inside of {PERMITS}")) }
}

pub fn put(worker: &mut Worker) -> Outcome {
    let world = &worker.world;
    world.put.fetch_add(1, Ordering::Relaxed);
    world.available.fetch_add(1, Ordering::AcqRel);
    world.queue.wake_one();
    Ok(())
}

pub fn take(worker: &mut Worker) -> Outcome {
    let world = &worker.world;
    let one_less = |count: u64| count.checked_sub(1);
    let get = || world.available.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_less).is_ok();
    if world.queue.wait_until_timeout(worker.random.below(5), get) {
        world.taken.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn allocate(worker: &mut Worker, words: u64) -> Outcome {
    if worker.blocks.len() >= MOST_BLOCKS {
        return free(worker);
    }
    let block = Block::new(worker.random.next(), words as usize)
        .map_err(|error| format!("{words} words: {error}"))?;
    worker.blocks.push(block);
    Ok(())
}

pub fn allocate_small(worker: &mut Worker) -> Outcome {
    // Every size class, and what is just above.
    let most = 1 << worker.random.below(10);
    let words = 1 + worker.random.below(most);
    allocate(worker, words)
}

pub fn allocate_big(worker: &mut Worker) -> Outcome {
    let words = 1_024 + worker.random.below(48 << 10);
    allocate(worker, words)
}

pub fn free(worker: &mut Worker) -> Outcome {
    if worker.blocks.is_empty() {
        return Ok(());
    }
    let at = worker.random.below(worker.blocks.len() as u64) as usize;
    worker.blocks.swap_remove(at).check()
}

/// Memory is freed on another CPU than it came from.
pub fn pass_on(worker: &mut Worker) -> Outcome {
    let Some(block) = worker.blocks.pop() else { return Ok(()) };
    let place = &worker.world.passed[worker.random.below(16) as usize];
    let other = place.lock().replace(block);
    other.map_or(Ok(()), |block| block.check())
}

pub fn yield_to_others(_: &mut Worker) -> Outcome {
    task::yield_now();
    Ok(())
}

pub fn sleep(worker: &mut Worker) -> Outcome {
    let (start, ms) = (time::uptime_ns(), worker.random.below(4));
    task::sleep_ms(ms);
    let slept = time::since_ns(start);
    if slept >= ms * 1_000_000 { Ok(()) } else { Err(format!("{ms} ms of sleep took {slept} ns")) }
}

pub fn compute(worker: &mut Worker) -> Outcome {
    for _ in 0..worker.random.below(20_000) {
        core::hint::black_box(worker.random.next());
    }
    Ok(())
}

pub fn send(worker: &mut Worker) -> Outcome {
    let channel = worker.random.below(CHANNELS as u64) as usize;
    let message = Message { worker: worker.number, number: worker.next[channel] };
    worker.next[channel] += 1;
    worker.world.workers[worker.number].sent[channel].store(worker.next[channel], Ordering::Relaxed);
    worker.world.channels[channel].send(message);
    Ok(())
}

pub fn allocate_too_much(worker: &mut Worker) -> Outcome {
    let bytes = 1_usize << (32 + worker.random.below(30));
    match Vec::<u8>::new().try_reserve_exact(bytes) {
        Err(_) => Ok(()),
        Ok(()) => Err(format!("{bytes} bytes were found")),
    }
}

/// One of the allocations of a thread's life, or of a channel's, fails on purpose.
pub fn allocate_and_fail(worker: &mut Worker) -> Outcome {
    if worker.world.failing.swap(true, Ordering::Acquire) {
        return Ok(());
    }
    fault::failing(1 + worker.random.below(10), fault::Kind::Heap, || {
        if let Ok(thread) = task::spawn("soak-fault", || {}) {
            thread.join();
        }
        drop(Channel::<u64>::new(50));
        drop(fallible::boxed([0_u8; 100]));
    });
    worker.world.failing.store(false, Ordering::Release);
    Ok(())
}

pub fn take_frames(worker: &mut Worker) -> Outcome {
    let (count, align) = (1 + worker.random.below(32), 1 << worker.random.below(5));
    let zone = if worker.random.one_in(2) { Zone::All } else { Zone::Below4GiB };
    let run = frames::allocate_contiguous(count, align, zone).ok_or("no frames in a row")?;
    let overlaps = {
        let mut runs = worker.world.runs.lock();
        let overlaps = runs.iter().flatten().any(|other| other.start < run.end() && run.start < other.end());
        runs[worker.number] = Some(run);
        overlaps
    };
    pause(&mut worker.random);
    worker.world.runs.lock()[worker.number] = None;
    frames::free_contiguous(run);
    if overlaps || run.count != count || !run.start.number().is_multiple_of(align) {
        return Err(format!("{count} frames at a multiple of {align}: {run:?}, overlaps: {overlaps}"));
    }
    Ok(())
}

pub fn share_frame(worker: &mut Worker) -> Outcome {
    let frame = frames::allocate().ok_or("no frame")?;
    let shared = frames::share(frame);
    pause(&mut worker.random);
    frames::free(frame);
    if !shared {
        return Err("a frame with one owner can't have two".into());
    }
    frames::free(frame);
    Ok(())
}

/// More than stay mapped when unused, so that pages come and go and every CPU has to forget them.
pub fn map_stacks(worker: &mut Worker) -> Outcome {
    let mut stacks = Vec::new();
    for _ in 0..1 + worker.random.below(24) {
        stacks.push(KernelStack::allocate().ok_or("no stack")?);
    }
    for stack in &stacks {
        let (bottom, top) = (stack.bottom(), stack.top());
        let mapped = (bottom..top).step_by(PAGE as usize).all(|page| kernel_space::translate(page).is_some());
        if !mapped || kernel_space::translate(bottom - PAGE).is_some() {
            return Err(format!("the stack at {bottom:#x} or its guard is not what it should be"));
        }
    }
    Ok(())
}

/// Begins a thread of a few operations on the CPUs of `mask`, unless there are many already.
fn child(worker: &mut Worker, mask: u64) -> Result<Option<JoinHandle>, alloc::string::String> {
    let world = worker.world.clone();
    if world.children.fetch_add(1, Ordering::AcqRel) >= MOST_CHILDREN {
        world.children.fetch_sub(1, Ordering::Release);
        return Ok(None);
    }
    let home = mask.count_ones() == 1;
    let mut child = Worker::new(world, worker.number, worker.random.next());
    let body = move || {
        let cpu = cpu::id();
        if home && mask != 1 << cpu {
            child.world.fail(format!("a thread of CPUs {mask:#b} runs on {cpu}"));
        }
        child.run_as_child();
    };
    task::spawn_on(mask, "soak-child", body).map(Some).map_err(|error| format!("{error}"))
}

pub fn begin_child(worker: &mut Worker) -> Outcome {
    child(worker, u64::MAX).map(drop)
}

pub fn wait_for_child(worker: &mut Worker) -> Outcome {
    if let Some(child) = child(worker, u64::MAX)? {
        pause(&mut worker.random);
        child.join();
    }
    Ok(())
}

pub fn bind_child(worker: &mut Worker) -> Outcome {
    let cpu = worker.random.below(cpu::count() as u64);
    if let Some(child) = child(worker, 1 << cpu)? {
        child.join();
    }
    Ok(())
}

fn spawn(body: impl FnOnce() + Send + 'static) -> Result<JoinHandle, alloc::string::String> {
    task::spawn("soak-pair", body).map_err(|error| format!("{error}"))
}

/// Waits under a mutex for what another thread says under it.
pub fn shake_hands(worker: &mut Worker) -> Outcome {
    let pair = Arc::new((Mutex::new(false), Condition::new()));
    let other = pair.clone();
    let thread = spawn(move || {
        *other.0.lock() = true;
        other.1.notify_one();
    })?;
    pause(&mut worker.random);
    let mut said = pair.0.lock();
    while !*said {
        said = pair.1.wait(said);
    }
    drop(said);
    thread.join();
    Ok(())
}

/// Three meet: behind the barrier each has seen all.
pub fn meet(worker: &mut Worker) -> Outcome {
    let place = Arc::new((barrier(3), AtomicUsize::new(0)));
    let arrive = |place: &(crate::sync::Barrier, AtomicUsize)| {
        place.1.fetch_add(1, Ordering::AcqRel);
        place.0.wait();
        place.1.load(Ordering::Acquire)
    };
    let threads = [place.clone(), place.clone()].map(|place| spawn(move || _ = arrive(&place)));
    pause(&mut worker.random);
    let seen = arrive(&place);
    for thread in threads {
        thread?.join();
    }
    if seen == 3 { Ok(()) } else { Err(format!("behind the barrier {seen} of 3 had come")) }
}

pub fn ask_once(worker: &mut Worker) -> Outcome {
    let (answer, place) = (worker.random.next(), Arc::new(one_shot()));
    let other = place.clone();
    let thread = spawn(move || {
        // It is received below, whatever happens.
        let _ = other.send(answer);
    })?;
    let got = place.recv();
    thread.join();
    if got == Some(answer) { Ok(()) } else { Err(format!("{got:?} came for {answer}")) }
}

/// Waits for the end of one child of a process that has several threads waiting for others.
fn reap(id: ProcessId, expected: ExitStatus) -> Outcome {
    match process::wait(WaitFor::One(id)) {
        Ok((reaped, status)) if reaped == id && status == expected => Ok(()),
        other => Err(format!("waiting for {id:?}, which ends with {expected:?}, gave {other:?}")),
    }
}

pub fn begin_process(worker: &mut Worker) -> Outcome {
    let code = worker.random.below(200) as u8;
    let rounds = worker.random.below(4);
    let body = move || {
        (0..rounds).for_each(|_| task::yield_now());
        code
    };
    let id = process::spawn("soak-process", body).map_err(|error| format!("{error}"))?;
    pause(&mut worker.random);
    reap(id, ExitStatus::Exited(code))
}

/// A process that would sleep for an hour is told to end: asleep already, or about to be.
pub fn cancel_process(worker: &mut Worker) -> Outcome {
    let body = || {
        let slept = task::nap_ms(3_600_000);
        u8::from(slept.is_ok())
    };
    let id = process::spawn("soak-sleeper", body).map_err(|error| format!("{error}"))?;
    pause(&mut worker.random);
    process::cancel(id).map_err(|error| format!("{error:?}"))?;
    reap(id, ExitStatus::Cancelled)
}
