//! Address spaces: what user pages hold and permit, that every CPU forgets what is gone, that nothing stays behind.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use paging::{Access, MapError, PageSize};

use super::Outcome;
use crate::arch::{cpu, time, user};
use crate::memory::address_space::{AddressSpace, WriteError};
use crate::memory::{self, shootdown};
use crate::task::{self, JoinHandle};

/// Where the tests map pages: a multiple of 2 MiB.
const BASE: u64 = 0x1_0000_0000;
const PAGE: u64 = 4096;
const LARGE: u64 = 2 << 20;

fn space() -> Result<AddressSpace, alloc::string::String> {
    AddressSpace::new().map_err(|error| format!("no address space: {error}"))
}

/// Fails with what was expected when `holds` is false.
fn expect(holds: bool, what: &str) -> Outcome {
    if holds { Ok(()) } else { Err(format!("not so: {what}")) }
}

/// User pages hold what is written to them, at the addresses and with the permissions asked for, and nothing else is there.
pub fn user_pages_are_what_was_asked() -> Outcome {
    let space = space()?;
    let map = |start, pages, access| space.map(start, pages, access).map_err(|error| format!("{error}"));
    // A large page in the middle, small ones around it.
    let orders = memory::frames::statistics().largest_orders;
    let runs_are_there = orders.into_iter().flatten().any(|order| order > 9);
    map(BASE - 3 * PAGE, 512 + 6, Access::WRITE)?;
    map(BASE + 4 * LARGE, 1, Access::empty())?;
    let refused = |start, pages| space.map(start, pages, Access::WRITE).err();
    expect(refused(BASE, 1) == Some(MapError::AlreadyMapped), "what is mapped is not mapped again")?;
    expect(refused(BASE - 9 * PAGE, 8) == Some(MapError::AlreadyMapped), "nor what reaches into it")?;
    expect(space.translate(BASE - 9 * PAGE).is_none(), "and then nothing of it stays")?;
    for outside in [0, 0x7fff_ffff_f000, 0xffff_8000_0000_0000, u64::MAX - 4095] {
        expect(refused(outside, 1) == Some(MapError::NonCanonical), "only user addresses are mapped")?;
    }
    expect(refused(BASE + (1 << 40), 1 << 27) == Some(MapError::OutOfMemory), "memory is finite")?;

    let entered = space.enter();
    let pages = || (BASE - 3 * PAGE..BASE + LARGE + 3 * PAGE).step_by(PAGE as usize);
    expect(pages().all(|page| user::read(page) == Some(0)), "fresh pages hold zeros")?;
    expect(pages().all(|page| user::write(page + 8, page)), "they can be written")?;
    expect(pages().all(|page| user::read(page + 8) == Some(page)), "and keep it")?;
    expect(user::read(BASE - 4 * PAGE).is_none(), "below is nothing")?;
    expect(user::read(BASE + LARGE + 3 * PAGE).is_none(), "nor above")?;
    expect(user::read(BASE + 4 * LARGE) == Some(0), "what may be read can be")?;
    expect(!user::write(BASE + 4 * LARGE, 1), "but not written")?;
    drop(entered);

    // A part of the large page: it is split, and the rest stays as it is.
    let large = space.translate(BASE + 5 * PAGE).ok_or("the middle is not mapped")?;
    let error = |error| format!("{error}");
    space.unmap(BASE + 5 * PAGE, 2).map_err(error)?;
    space.protect(BASE + 7 * PAGE, 1, Access::empty()).map_err(error)?;
    let entered = space.enter();
    for (page, readable, writable) in [
        (BASE + 4 * PAGE, true, true),
        (BASE + 5 * PAGE, false, false),
        (BASE + 6 * PAGE, false, false),
        (BASE + 7 * PAGE, true, false),
        (BASE + 8 * PAGE, true, true),
    ] {
        expect(
            user::read(page + 8) == readable.then_some(page),
            "parts of pages go, the rest keeps its contents",
        )?;
        expect(user::write(page + 16, 1) == writable, "and permits what it did")?;
    }
    drop(entered);
    expect(space.translate(BASE + 5 * PAGE).is_none(), "gone is gone")?;
    expect(user::read(BASE).is_none(), "outside of the address space its pages are not there")?;
    expect(large.size == PageSize::Size2MiB || !runs_are_there, "what fits into a large page is one")
}

/// Address spaces give back every frame, those of tables included, whatever was done to them.
pub fn address_spaces_leave_nothing() -> Outcome {
    const ROUNDS: u64 = 100;
    let round = || -> Outcome {
        let space = space()?;
        let error = |error| format!("{error}");
        space.map(BASE, 700, Access::WRITE).map_err(error)?;
        space.map(0x7fff_0000_0000, 3, Access::WRITE).map_err(error)?;
        let copy = space.duplicate().map_err(error)?;
        space.unmap(BASE + 30 * PAGE, 5).map_err(error)?;
        copy.copy_for_writing(BASE + 9 * PAGE).map_err(|error| format!("{error:?}"))?;
        let entered = copy.enter();
        let found = user::read(BASE + 30 * PAGE);
        drop(entered);
        expect(found == Some(0), "the other one's pages stay when one lets go")
    };
    round()?;
    let before = memory::statistics().used;
    for _ in 0..ROUNDS {
        round()?;
    }
    let after = memory::statistics().used;
    // Others use some memory meanwhile; a frame a round would be more.
    if after < before + ROUNDS * PAGE / 2 { Ok(()) } else { Err(format!("{before} bytes became {after}")) }
}

/// Two address spaces share frames until one of them writes, and each sees only what it wrote itself.
pub fn pages_are_shared_until_written() -> Outcome {
    let first = space()?;
    let error = |error| format!("{error}");
    first.map(BASE, 512, Access::WRITE).map_err(error)?;
    first.map(BASE + LARGE, 2, Access::empty()).map_err(error)?;
    let entered = first.enter();
    expect((0..512).all(|page| user::write(BASE + page * PAGE, page)), "pages can be written")?;
    drop(entered);
    let before = memory::statistics().used;
    let second = first.duplicate().map_err(error)?;
    let cost = memory::statistics().used.saturating_sub(before);
    expect(cost < 64 * PAGE, "a copy costs tables only")?;

    // Each writes to a page of its own; the fault is what a handler would resolve.
    for (space, page, word) in [(&first, 3, 1_003), (&second, 7, 1_007)] {
        let address = BASE + page * PAGE;
        let entered = space.enter();
        expect(!user::write(address, word), "a write faults as long as the page is shared")?;
        drop(entered);
        space.copy_for_writing(address).map_err(|error| format!("{error:?}"))?;
        let entered = space.enter();
        expect(user::write(address, word), "and works afterwards")?;
        drop(entered);
    }
    for (space, changed) in [(&first, (3, 1_003)), (&second, (7, 1_007))] {
        let entered = space.enter();
        let right = (0..512).all(|page| {
            let expected = if page == changed.0 { changed.1 } else { page };
            user::read(BASE + page * PAGE) == Some(expected)
        });
        drop(entered);
        expect(right, "each sees what it wrote, and else what was there")?;
    }
    let denied = |address| second.copy_for_writing(address) == Err(WriteError::NotPermitted);
    expect(denied(BASE + LARGE) && denied(BASE + 3 * LARGE), "what may not be written is not copied")?;
    second.protect(BASE + LARGE, 1, Access::WRITE).map_err(error)?;
    let shared =
        second.translate(BASE + LARGE).is_some_and(|page| !page.attributes.access.contains(Access::WRITE));
    expect(shared, "permission to write does not end the sharing")?;
    drop(first);
    // Alone with it now, so there is nothing to copy.
    let frame = second.translate(BASE + 9 * PAGE).map(|mapping| mapping.physical);
    second.copy_for_writing(BASE + 9 * PAGE).map_err(|error| format!("{error:?}"))?;
    let offset = if frame == second.translate(BASE).map(|mapping| mapping.physical) { 9 * PAGE } else { 0 };
    let still = second.translate(BASE + 9 * PAGE).map(|mapping| mapping.physical.get());
    expect(still == frame.map(|frame| frame.get() + offset), "the last owner writes without a copy")
}

/// A page that is unmapped can't be read by any CPU afterwards, even those that read it a moment ago.
pub fn every_cpu_forgets() -> Outcome {
    const ROUNDS: u64 = 40;
    const OVER: u64 = u64::MAX;
    struct Court {
        space: AddressSpace,
        /// The page that is mapped, and readable; a round ends when it is gone.
        round: AtomicU64,
        /// Readers that have seen this round's page.
        seen: AtomicUsize,
        /// Reads that found what was gone.
        late: AtomicUsize,
    }
    let court = Arc::new(Court {
        space: space()?,
        round: AtomicU64::new(0),
        seen: AtomicUsize::new(0),
        late: AtomicUsize::new(0),
    });
    let page = |round: u64| BASE + round % 3 * PAGE;
    let reader = move |court: &Court| {
        let mut last = 0;
        loop {
            let round = court.round.load(Ordering::Acquire);
            if round == OVER {
                return;
            }
            if round == 0 || round == last {
                task::yield_now();
                continue;
            }
            last = round;
            let entered = court.space.enter();
            let mut counted = false;
            // Threads are not switched here, but interrupts come.
            while court.round.load(Ordering::Acquire) == round {
                let found = user::read(page(round));
                if found == Some(round) && !counted {
                    court.seen.fetch_add(1, Ordering::AcqRel);
                    counted = true;
                }
                core::hint::spin_loop();
            }
            // The round is over, so the page is unmapped.
            if user::read(page(round)).is_some() {
                court.late.fetch_add(1, Ordering::Relaxed);
            }
            drop(entered);
        }
    };
    let mut threads = Vec::new();
    // This thread needs a CPU of its own: readers don't give theirs up while they read.
    for number in 1..cpu::count() {
        let court = court.clone();
        threads.push(
            task::spawn_on(1 << number, "reader", move || reader(&court))
                .map_err(|error| format!("{error}"))?,
        );
    }
    let readers = threads.len();
    let before = shootdown::statistics();
    let main = {
        let court = court.clone();
        move || -> Outcome {
            for round in 1..=ROUNDS {
                court.space.map(page(round), 1, Access::WRITE).map_err(|error| format!("{error}"))?;
                let entered = court.space.enter();
                let written = user::write(page(round), round);
                drop(entered);
                expect(written, "the page can be written")?;
                court.seen.store(0, Ordering::Release);
                court.round.store(round, Ordering::Release);
                let start = time::uptime_ns();
                while court.seen.load(Ordering::Acquire) < readers {
                    if time::uptime_ns() - start > 10_000_000_000 {
                        return Err(format!("round {round}: not every CPU could read"));
                    }
                    task::yield_now();
                }
                court.space.unmap(page(round), 1).map_err(|error| format!("{error}"))?;
                court.round.store(0, Ordering::Release);
            }
            Ok(())
        }
    };
    let outcome = Arc::new(crate::sync::Mutex::new(Ok(())));
    let result = outcome.clone();
    let changer =
        task::spawn_on(1, "changer", move || *result.lock() = main()).map_err(|error| format!("{error}"))?;
    changer.join();
    court.round.store(OVER, Ordering::Release);
    threads.into_iter().for_each(JoinHandle::join);
    outcome.lock().clone()?;
    let after = shootdown::statistics();
    let asked = after.sent + after.joined - before.sent - before.joined;
    let late = court.late.load(Ordering::Relaxed);
    if late > 0 {
        return Err(format!("{late} reads found a page that was gone"));
    }
    if readers > 0 && asked == 0 { Err("no CPU was ever asked".into()) } else { Ok(()) }
}

/// CPUs that have nothing to do are not interrupted when memory is freed, and what was freed is used again all the same.
pub fn idle_cpus_rest() -> Outcome {
    const BLOCK: usize = 256 << 10;
    if cpu::count() == 1 {
        return Ok(());
    }
    let before = shootdown::statistics();
    for _ in 0..50 {
        // Its neighbours keep the tables in use, of which resting CPUs would have to hear.
        let mut blocks: Vec<Vec<u8>> = (0..3).map(|_| Vec::with_capacity(BLOCK)).collect();
        task::sleep_ms(2);
        drop(blocks.swap_remove(1));
    }
    let after = shootdown::statistics();
    expect(after.requests > before.requests, "freeing asks CPUs to forget")?;
    expect(after.resting > before.resting, "CPUs that rest are not asked")
}
