//! What only a real machine can answer. Boot with the word `selftest` and every test runs once, in one boot;
//! each says `selftest: NAME ok` or why not, and QEMU ends with the verdict.
//!
//! A test is a function that returns an error in words. It may use anything the kernel offers, and leaves
//! the kernel as it found it.

mod address_spaces;
mod cache;
mod diagnosis;
mod disks;
mod executor;
mod failing;
mod files;
mod input;
mod memory;
mod pipes;
mod proc_files;
mod processes;
mod realtime;
mod sync;
mod threads;
mod traps;
mod tree;

use alloc::string::String;

use crate::arch::power;
use crate::fs;

/// Written to QEMU's exit device when all is well.
const EXIT_PASSED: u8 = 0x10;
const EXIT_FAILED: u8 = 0x11;

/// A test's outcome: an error says what a reader of the log needs to know.
type Outcome = Result<(), String>;

/// A name in words, and the test.
type Test = (&'static str, fn() -> Outcome);

const TESTS: &[Test] = &[
    ("a breakpoint returns", traps::breakpoint_returns),
    ("floating-point registers survive a switch", traps::registers_survive),
    ("time goes on and is not lost in sleep", threads::sleep_lasts),
    ("threads run on every CPU", threads::every_cpu_works),
    ("bound threads stay where they are bound", threads::bound_threads_stay),
    ("idle CPUs find whom they may run", threads::idle_cpus_find_work),
    ("a mutex keeps threads apart", threads::mutex_excludes),
    ("no wake-up is lost", threads::wakeups_arrive),
    ("waiting gives up when told to", threads::waiting_times_out),
    ("a condition variable wakes in turn", sync::condition_wakes_in_turn),
    ("a semaphore counts", sync::semaphore_counts),
    ("readers share and writers do not", sync::readers_and_writers),
    ("whoever an urgent thread waits for is urgent", sync::urgency_is_inherited),
    ("urgent threads and others exclude each other", sync::urgent_and_others_exclude),
    ("what is made once is made once", sync::once_is_once),
    ("a barrier holds all", sync::barrier_holds),
    ("a deadlock is named", diagnosis::deadlock_is_named),
    ("held locks are listed though nobody waits", diagnosis::held_locks_are_listed),
    ("readers of a lock are named", diagnosis::readers_are_named),
    ("long waits are legal", diagnosis::long_waits_are_legal),
    ("a busy thread is preempted", threads::busy_threads_are_preempted),
    ("a thread that is alone is left alone", threads::who_is_alone_is_left_alone),
    ("who slept is at the top again", threads::sleepers_rise),
    ("a real-time thread gets its budget", realtime::budget_is_kept_under_load),
    ("a real-time thread gets no more than its budget", realtime::overrun_is_throttled),
    ("no CPU promises more than it has", realtime::promises_can_be_kept),
    ("finished threads leave nothing behind", threads::threads_are_freed),
    ("children are waited for", processes::children_are_waited_for),
    ("a process ends with its last thread", processes::last_thread_ends_process),
    ("orphans are adopted and reaped", processes::orphans_are_reaped),
    ("cancelling wakes a sleeper", processes::cancelling_wakes),
    ("a thread's own data ends with it", processes::own_data_ends_with_its_thread),
    ("processes leave nothing behind", processes::processes_are_freed),
    ("a task is polled once for each time it is woken", executor::wakes_poll_once),
    ("sleeping tasks wake in order", executor::sleepers_wake_in_order),
    ("dropping a task's handle cancels it", executor::dropping_cancels),
    ("threads wait for tasks", executor::threads_wait_for_tasks),
    ("the log goes out by interrupt", executor::log_goes_out_by_interrupt),
    ("a mouse that is plugged in is brought up", input::plugged_in_mouse_is_brought_up),
    ("the heap keeps what it is given", memory::heap_keeps_contents),
    ("the heap gives back what it takes", memory::heap_gives_back),
    ("the heap survives all CPUs at once", memory::heap_survives_all_cpus),
    ("code can't be written, data can't be executed", memory::kernel_is_write_xor_execute),
    ("stacks have guards", memory::stacks_have_guards),
    ("all memory can be used", memory::all_memory_can_be_used),
    ("any allocation may fail", failing::any_allocation_may_fail),
    ("runs of frames suit devices", memory::runs_of_frames_suit_devices),
    ("claimed registers are refused", memory::claimed_registers_are_refused),
    ("statistics of memory add up", memory::statistics_add_up),
    ("user pages are what was asked for", address_spaces::user_pages_are_what_was_asked),
    ("address spaces leave nothing behind", address_spaces::address_spaces_leave_nothing),
    ("pages are shared until written", address_spaces::pages_are_shared_until_written),
    ("every CPU forgets what is unmapped", address_spaces::every_cpu_forgets),
    ("idle CPUs rest while memory is freed", address_spaces::idle_cpus_rest),
    ("memory keeps files", files::memory_keeps_files),
    ("the disk keeps files", files::disk_keeps_files),
    ("the page cache gives way", cache::cache_gives_way),
    ("a sync leaves nothing dirty", cache::sync_leaves_nothing_dirty),
    ("links lead, and circles end", tree::links_lead_and_circles_end),
    ("dot dot crosses mounts", tree::dot_dot_crosses_mounts),
    ("open files outlive their names", tree::open_files_outlive_their_names),
    ("files have positions, and holes are zeros", tree::files_have_positions),
    ("devices do what they are for", tree::devices_do_what_they_are_for),
    ("keys are heard by all who listen", tree::keys_are_heard_by_all),
    ("pipes carry bytes", pipes::pipes_carry_bytes),
    ("named pipes meet", pipes::named_pipes_meet),
    ("self is who asks", proc_files::self_is_who_asks),
    ("directories are inherited", proc_files::directories_are_inherited),
    ("memory adds up in words", proc_files::memory_adds_up),
    ("figures in words are the machine's", proc_files::figures_are_the_machines),
    ("the disk may interrupt anybody", files::disk_interrupts_anybody),
    ("frames go to the disk and back", disks::frames_go_to_the_disk_and_back),
    ("nobody has to wait for a transfer", disks::nobody_has_to_wait_for_a_transfer),
];

/// Runs all tests and ends QEMU.
pub fn run() {
    let mut failed = 0;
    for (name, test) in TESTS {
        match test() {
            Ok(()) => log::info!("{name} ... ok"),
            Err(reason) => {
                failed += 1;
                log::error!("{name} ... FAILED: {reason}");
            }
        }
    }
    log::info!("{} passed, {failed} failed", TESTS.len().saturating_sub(failed));
    // The host looks at the disk afterwards.
    if let Err(error) = fs::shut_down() {
        log::error!("the disk could not be left in order: {error}");
        failed += 1;
    }
    log::logger().flush();
    power::debug_exit(if failed == 0 { EXIT_PASSED } else { EXIT_FAILED });
}
