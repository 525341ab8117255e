//! `debug` and `prof`, as the user sees them on a terminal.

mod support;

use support::{Machine, Step};

fn output_of(line: &'static str) -> String {
    Machine::new(100, 40).output_of(line)
}

#[test]
fn threads_say_what_they_wait_for() {
    assert_eq!(
        output_of("debug threads"),
        "ID  NAME    STATE    CPU  LEVEL    TIME  WAITS FOR\n \
          1  shell   running    1      2  1.23 s\n \
          2  pen     asleep     1      2  1.23 s  mutex 0xffffe00000001230 held by eraser (3) in desk::draw\n \
          3  eraser  asleep     1      2  1.23 s  sleep, 0.3 s to go"
    );
}

#[test]
fn long_sentences_go_on_below_their_beginning() {
    assert_eq!(
        Machine::new(80, 40).output_of("debug threads"),
        "ID  NAME    STATE    CPU  LEVEL    TIME  WAITS FOR\n \
          1  shell   running    1      2  1.23 s\n \
          2  pen     asleep     1      2  1.23 s  mutex 0xffffe00000001230 held by eraser\n\
        \x20                                        (3) in desk::draw\n \
          3  eraser  asleep     1      2  1.23 s  sleep, 0.3 s to go"
    );
}

#[test]
fn tasks_are_listed_with_their_turns() {
    assert_eq!(
        output_of("debug tasks"),
        "ID  NAME        STATE    POLLS\n \
          1  serial log  waiting    120\n\
         12  clock       queued       3"
    );
}

#[test]
fn a_backtrace_needs_a_thread_that_stands_still() {
    assert_eq!(output_of("debug backtrace 2"), "0x10  desk::draw+0x4\n0x20  desk::run+0x8");
    assert_eq!(
        output_of("debug backtrace 1"),
        "debug: 1 is running: its stack is changing (try again, or prof)"
    );
    assert_eq!(output_of("debug backtrace 9"), "debug: 9: no such thread (debug threads lists them)");
    assert_eq!(
        output_of("debug backtrace pen"),
        "debug: pen: not a thread's number (debug threads lists them)"
    );
}

#[test]
fn locks_name_holder_and_waiters() {
    assert_eq!(
        output_of("debug locks"),
        "LOCK                      HELD BY              WAITED FOR BY\n\
         mutex 0xffffe00000001230  eraser (3)           pen (2), ink (7)\n\
         read lock desk::LAMP      pen (2), eraser (3)\n\
         CPU 1 holds Heap, Frames"
    );
}

#[test]
fn memory_is_mapped_and_counted() {
    let shown = output_of("debug memory");
    for line in [
        "0x100000  0x200000  1.0 MiB  usable memory",
        "0xffffe00000000000  4.0 KiB  the heap",
        "          64      10  8.0 KiB                  1000",
        "Frames free                   512 KiB",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn a_page_is_followed_down_to_where_it_leads() {
    assert_eq!(
        output_of("debug page 0xffff_e000_0000_0123"),
        "0xffffe00000000123 belongs to the heap\n\
         LEVEL  INDEX             ENTRY    LEADS TO  MEANING\n    \
             4    448  0000000000001023      0x1000  table, writable, kernel, executable, accessed\n    \
             3      0  8000000080000083  0x80000000  1 GiB page, writable, kernel, no execute\n\
         physical 0x80000123, usable memory"
    );
    assert!(output_of("debug page 0").ends_with("Nothing is mapped there: an access is a page fault."));
    assert_eq!(
        output_of("debug page main"),
        "debug: main: not an address (try debug page 0xffffffff80000000)"
    );
}

#[test]
fn interrupts_and_cpus_are_counted() {
    assert_eq!(output_of("debug interrupts"), "VECTOR  CPU 0  CPU 1  NAME\n  0x21     12      0  keyboard");
    assert_eq!(
        output_of("debug cpus"),
        "CPU  RUNS       QUEUED  BUSY  BUSY TIME  TIMER INTERRUPTS\n  \
           0  shell (1)       2   25%     0.25 s                99\n  \
           1                  2    0%     0.00 s                99"
    );
}

#[test]
fn what_can_be_asked_is_listed_and_completed() {
    let listed = output_of("debug");
    assert_eq!(listed.lines().count(), 8);
    assert!(listed.contains("debug page ADDRESS"), "{listed}");
    assert!(
        output_of("debug thread").starts_with("debug: thread: nothing to show (try one of backtrace, cpus,")
    );
    assert!(output_of("debug page").contains("usage: debug"));
    assert!(output_of("debug cpus 1").contains("usage: debug"));
    assert!(output_of("help debug").contains("debug [SUBJECT [ID | ADDRESS]]"));
    let machine = Machine::new(100, 40);
    machine.run(&[Step::Type("debug lo\t"), Step::Type("\r"), Step::Look]);
    assert!(machine.state().looks[0].contains("HELD BY"), "{}", machine.state().looks[0]);
}

#[test]
fn a_profile_shows_the_hottest_first_and_idleness_apart() {
    assert_eq!(
        output_of("prof 1"),
        "1000 samples in 1.00 s, 1000 a second on a busy CPU. Idle: CPU 0 20.0%, CPU 1 79.9%.\n\
         7 more samples were lost for want of room.\n\
         SHARE  SAMPLES  ON CPUS      FUNCTION\n\
         75.0%      750  0:80% 1:20%  gfx::fill\n\
         25.0%      250  0:80% 1:20%  term::feed"
    );
    assert_eq!(output_of("prof x"), "prof: x: not a number of seconds up to 60 (try prof 5)");
    assert_eq!(output_of("prof 61"), "prof: 61: not a number of seconds up to 60 (try prof 5)");
    assert_eq!(output_of("prof 13"), "prof: another prof is running (wait for its end)");
}

#[test]
fn a_profile_can_be_interrupted() {
    let machine = Machine::new(100, 40);
    machine.run(&[Step::Type("prof 60\r"), Step::TypeWhileBusy(10, "\x03"), Step::Look]);
    let look = machine.state().looks.pop().unwrap();
    assert!(look.contains("^C") && !look.contains("samples"), "{look}");
}
