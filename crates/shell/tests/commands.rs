//! Each command, as the user sees it on a terminal.

mod support;

use support::{Machine, Step};

fn output_of(line: &'static str) -> String {
    Machine::new(80, 40).output_of(line)
}

#[test]
fn files_are_written_and_read_back() {
    let machine = Machine::new(80, 24);
    assert_eq!(machine.output_of("write hello.txt hi there"), "");
    assert_eq!(machine.file("/disk/hello.txt").as_deref(), Some("hi there\n"));
    assert_eq!(machine.output_of("write -a hello.txt 'second  line'"), "");
    assert_eq!(machine.output_of("cat hello.txt"), "hi there\nsecond  line");
    assert_eq!(machine.output_of("write hello.txt new"), "");
    assert_eq!(machine.output_of("cat /disk/hello.txt"), "new");
    assert_eq!(machine.output_of("touch hello.txt empty"), "");
    assert_eq!(machine.output_of("ls"), "empty  hello.txt  readme.txt");
    assert_eq!(machine.file("/disk/hello.txt").as_deref(), Some("new\n"), "touch changes nothing");
}

#[test]
fn options_may_follow_what_they_are_for() {
    let machine = Machine::new(80, 24);
    machine.output_of("mkdir Zoo; touch -- -odd");
    for (last, first) in [("ls / -l", "ls -l /"), ("ls . -la", "ls -la .")] {
        assert_eq!(machine.output_of(last), machine.output_of(first));
    }
    assert_eq!(machine.output_of("rm Zoo -r; ls"), "-odd  readme.txt");
    assert!(
        machine.output_of("ls / -x").contains("usage"),
        "an unknown option is refused wherever it stands"
    );
    assert_eq!(machine.output_of("rm -- -odd; ls"), "readme.txt", "no option after --");
}

#[test]
fn ls_shows_sizes_dates_and_directories() {
    let machine = Machine::new(80, 24);
    machine.output_of("mkdir Zoo; write big 0123456789");
    assert_eq!(
        machine.output_of("ls -l"),
        "11 B  2026-11-20 10:43  big\n21 B  2026-11-20 10:43  readme.txt\n   -  2026-11-20 10:43  Zoo/"
    );
    assert_eq!(machine.output_of("ls / /disk/big"), "/:\ndisk/\n\n/disk/big:\nbig");
}

#[test]
fn directories_are_made_and_removed() {
    let machine = Machine::new(80, 24);
    assert_eq!(machine.output_of("mkdir -p a/b/c"), "");
    assert_eq!(machine.output_of("mkdir a"), "mkdir: /disk/a: exists already");
    assert_eq!(machine.output_of("rm a"), "rm: /disk/a: is a directory (use rm -r /disk/a)");
    machine.output_of("write a/b/f x");
    assert_eq!(machine.output_of("rm -r a; ls"), "readme.txt");
    assert_eq!(machine.output_of("rm -r /"), "rm: /: / is mounted there; name what is in it instead");
    assert_eq!(
        machine.output_of("rm -r /disk"),
        "rm: /disk: /disk is mounted there; name what is in it instead"
    );
    assert!(machine.file("/disk/readme.txt").is_some());
}

#[test]
fn moving_and_copying_never_loses_a_file() {
    let machine = Machine::new(80, 24);
    machine.output_of("write a one; write b two; mkdir d");
    assert_eq!(machine.output_of("mv a b"), "", "replaces");
    assert_eq!(machine.output_of("ls; cat b"), "b  d/  readme.txt\none");
    assert_eq!(machine.output_of("mv b B; ls"), "B  d/  readme.txt", "a change of case");
    assert_eq!(machine.output_of("cp B b"), "cp: /disk/B and /disk/b are the same file");
    assert_eq!(machine.output_of("cp B d; cat d/B"), "one");
    assert_eq!(machine.output_of("cp d e"), "cp: /disk/d: is a directory (use cp -r)");
    assert_eq!(machine.output_of("cp -r d e; ls e"), "B");
    assert_eq!(machine.output_of("mv d d/inside"), "mv: /disk/d: can't go into itself");
    assert_eq!(machine.output_of("mv d /; ls /d"), "B", "to another file system");
    assert_eq!(machine.output_of("ls"), "B  e/  readme.txt");
    assert_eq!(machine.output_of("cd e; mv /disk/e /x"), "mv: /disk/e: you are in it (cd elsewhere first)");
    assert_eq!(
        machine.output_of("mv /disk /x; ls /x"),
        "mv: /disk: /disk is mounted there; name what is in it instead\n\
         ls: /x: no such file or directory (try ls /)"
    );
    assert_eq!(machine.output_of("ls"), "B  e/  readme.txt", "nothing has left the disk");
    assert_eq!(
        machine.output_of("mv nothing x"),
        "mv: /disk/nothing: no such file or directory (try ls /disk)"
    );
}

#[test]
fn a_full_disk_leaves_the_old_file_whole() {
    let machine = Machine::new(80, 24);
    machine.output_of("write old kept; write new 0123456789");
    machine.state().space = 5;
    assert_eq!(
        machine.output_of("cp new old"),
        "cp: /disk/tmp0.tmp: no space left (see df, make room with rm)"
    );
    assert_eq!(machine.output_of("cat old; ls"), "kept\nnew  old  readme.txt");
    assert_eq!(
        machine.output_of("write more 0123456789"),
        "write: /disk/more: no space left (see df, make room with rm)"
    );
}

#[test]
fn errors_say_what_to_do() {
    for (line, expected) in [
        ("cat x", "cat: /disk/x: no such file or directory (try ls /disk)"),
        ("cat /a/b/c", "cat: /a/b/c: no such file or directory (try ls /)"),
        ("cat /disk", "cat: /disk: is a directory (try ls /disk)"),
        ("cd readme.txt", "cd: /disk/readme.txt: not a directory (try cat /disk/readme.txt)"),
        ("cat readme.txt/x", "cat: /disk/readme.txt/x: not a directory"),
        ("write a:b x", "write: /disk/a:b: invalid name (up to 255 characters, none of \\ : * ? \" < > |)"),
        ("lss", "lss: no such command (did you mean ls?)"),
        ("firefox", "firefox: no such command (try help)"),
        ("'' x", "no such command (try help)"),
        ("&", "& stands only between the commands of: parallel CMD & CMD"),
        ("rm -r ''", "rm: '' names no file"),
        ("echo 'a", "the quote ' is never closed"),
        (
            "ls -q",
            "usage: ls [-l] [-a] [PATH...]\n  List directories; -l with sizes, dates and where links lead.",
        ),
        ("sleep soon", "sleep: soon: not a number of seconds (try sleep 1.5)"),
        ("echo a & echo b", "echo: & stands only between the commands of: parallel CMD & CMD"),
        (
            "kill",
            "usage: kill PID...\n  End processes: apps, shells, jobs of parallel, sleep; ps shows their numbers.",
        ),
        (
            "kill -9 12",
            "usage: kill PID...\n  End processes: apps, shells, jobs of parallel, sleep; ps shows their numbers.",
        ),
        ("kill snake", "kill: snake: not a number of a process (see ps)"),
        ("kill 99", "kill: 99: no such process (see ps)"),
        ("kill 99999999999", "kill: 99999999999: no such process (see ps)"),
        ("kill 1 99", "kill: 1: the system needs this process\nkill: 99: no such process (see ps)"),
        ("poweroff", "Switching off.\npoweroff: this machine has no switch"),
        ("run nothing", "run: nothing: no such app or script (run alone lists the apps)"),
    ] {
        assert_eq!(output_of(line), expected, "{line}");
    }
}

#[test]
fn a_missing_disk_is_named() {
    let machine = Machine::new(80, 24);
    machine.state().mounted = vec!["/"];
    machine.state().files.retain(|path, _| path == "/");
    assert_eq!(machine.output_of("cat /disk/a"), "cat: /disk/a: no disk is mounted (see df and dmesg)");
    machine.state().files.insert("/disk".into(), None);
    assert_eq!(
        machine.output_of("write /disk/a x"),
        "No disk is mounted at /disk: the file is in memory and is lost at power-off."
    );
    assert!(machine.output_of("df").ends_with("what you write is lost at power-off."));
}

#[test]
fn figures_stand_in_tables() {
    assert_eq!(
        output_of("ps"),
        "PID  PPID  NAME     STATE     THREADS      TIME\n  1     1  init     sleeping        1  1:05 min\n  3     1  desktop  sleeping        3  1:05 min\n 12     3  snake    running        12  1:05 min\n 17     3  monitor  running        17  1:05 min"
    );
    assert_eq!(
        output_of("ps -t"),
        "ID  PID  NAME        STATE     LEVEL         CPU      TIME\n 2    3  compositor  sleeping  rt4 (2 late)    1  1:05 min\n12    3  shell       running   3               1    1.23 s"
    );
    assert_eq!(
        output_of("df"),
        "PATH   KIND   DEVICE    SIZE     USED    FREE  USE\n/      tmpfs  memory  64 MiB  1.5 MiB  63 MiB   3%\n/disk  fat32  ata0    64 MiB  1.5 MiB  63 MiB   3%"
    );
    assert_eq!(
        output_of("devices"),
        "PLACE    IDENTITY   KIND              DRIVER\n00:02.0  1234:1111  graphics adapter  -\n00:03.0  1b36:0010  NVMe disk         NVMe"
    );
    assert_eq!(
        output_of("free"),
        "  TOTAL    USED     FREE  KERNEL HEAP\n512 MiB  21 MiB  491 MiB      5.0 MiB"
    );
    assert_eq!(
        output_of("uptime"),
        "up 3 minutes 12 seconds, 4 CPUs, 4 processes, 2 threads, load 3% 0% 12% 100%"
    );
    assert_eq!(output_of("date"), "Fri 20 Nov 2026 10:43:53 UTC");
    assert_eq!(output_of("version"), "Quicklime 0.1.0");
    assert_eq!(output_of("dmesg 2"), "[0.100000] WARN rtc: no date\n[0.200000] INFO disk: ready");
}

#[test]
fn the_current_directory() {
    let machine = Machine::new(80, 24);
    machine.output_of("mkdir sub");
    machine.run(&[Step::Type("clear\r"), Step::Type("cd sub\rpwd\rcd ..\rcd\r"), Step::Look]);
    let look = machine.state().looks.pop().unwrap();
    assert_eq!(
        look,
        "quicklime:/disk$ cd sub\nquicklime:/disk/sub$ pwd\n/disk/sub\nquicklime:/disk/sub$ cd ..\nquicklime:/disk$ cd\nquicklime:/$"
    );
}

#[test]
fn help_lists_every_command_in_one_screen() {
    let help = Machine::new(80, 24).output_of("help");
    for name in "cat cd clear cp date devices df dmesg echo free help kill ls mkdir mv parallel poweroff ps reboot rm run sleep uptime write"
        .split(' ')
    {
        assert!(help.lines().any(|line| line.starts_with(&format!("{name} ")) || line.contains(&format!("  {name} "))), "{name}");
    }
    assert!(help.lines().all(|line| line.chars().count() < 80));
    assert_eq!(output_of("cat --help"), "usage: cat FILE...\n  Show the contents of files.");
}

#[test]
fn edit_and_files_open_an_app_on_a_path() {
    let machine = Machine::new(80, 24);
    machine.output_of("mkdir /disk/made");
    machine.output_of("write /disk/made/a.txt hi");
    for command in ["edit /disk/made/a.txt", "edit /disk/made/new.txt", "files /disk/made"] {
        assert_eq!(machine.output_of(command), "");
    }
    machine.output_of("cd /disk/made; files");
    let opened =
        ["editor /disk/made/a.txt", "editor /disk/made/new.txt", "files /disk/made", "files /disk/made"];
    assert_eq!(machine.state().launched, opened);
    assert_eq!(
        machine.output_of("edit /disk/made"),
        "edit: /disk/made: is a directory (try files /disk/made)"
    );
    assert_eq!(
        machine.output_of("files /disk/made/a.txt"),
        "files: /disk/made/a.txt: not a directory (try edit /disk/made/a.txt)"
    );
    assert!(machine.output_of("files /disk/nothing").contains("no such file"));
}

#[test]
fn run_opens_apps_and_scripts() {
    let machine = Machine::new(80, 24);
    assert_eq!(machine.output_of("run"), "snake    A game.\nmonitor  Load, memory, threads.");
    machine.output_of("run Snake");
    assert_eq!(machine.state().launched, ["snake"]);
    machine.state().files.insert(
        "/disk/script".into(),
        Some(b"# a comment\nwrite made by the script\n\necho done; cat made\nfoo\necho never\n".to_vec()),
    );
    assert_eq!(
        machine.output_of("run script"),
        "done\nby the script\nfoo: no such command (try help)\nrun: /disk/script stopped at line 5"
    );
    machine.state().files.insert("/disk/loop".into(), Some(b"run ./loop\n".to_vec()));
    assert!(machine.output_of("run loop").starts_with("run: /disk/loop: scripts call each other too deep"));
}

#[test]
fn binary_files_do_not_upset_the_terminal() {
    let machine = Machine::new(80, 24);
    machine.state().files.insert("/disk/binary".into(), Some(b"a\x1b[2J\x1b[6nb\xff\r\n\0".to_vec()));
    assert_eq!(machine.output_of("cat binary"), "a^[[2J^[[6nb\u{fffd}\n^@");
}

#[test]
fn large_files_with_wide_characters_come_through_whole() {
    let machine = Machine::new(80, 24);
    let text = "漢é🙂x".repeat(5000);
    machine.state().files.insert("/disk/large".into(), Some(text.clone().into_bytes()));
    machine.output_of("cp large copy");
    assert_eq!(machine.file("/disk/copy"), Some(text));
    machine.run(&[Step::Type("cat large\r")]);
    assert!(!machine.screen().contains('\u{fffd}'));
}

#[test]
fn ctrl_c_ends_sleep_and_keeps_the_shell() {
    let machine = Machine::new(80, 24);
    machine.run(&[
        Step::Type("clear\r"),
        Step::Type("sleep 100000; echo never\r"),
        Step::TypeWhileBusy(10, "\x03"),
        Step::Type("echo alive\r"),
        Step::Look,
    ]);
    let look = machine.state().looks.pop().unwrap();
    assert_eq!(
        look,
        "quicklime:/disk$ sleep 100000; echo never\n^C\nquicklime:/disk$ echo alive\nalive\nquicklime:/disk$"
    );
}

#[test]
fn what_is_typed_ahead_runs_next() {
    let machine = Machine::new(80, 24);
    machine.run(&[
        Step::Type("clear\r"),
        Step::Type("sleep 0.2\r"),
        Step::TypeWhileBusy(10, "echo next\r"),
        Step::Look,
    ]);
    let look = machine.state().looks.pop().unwrap();
    assert_eq!(look, "quicklime:/disk$ sleep 0.2\nquicklime:/disk$ echo next\nnext\nquicklime:/disk$");
}

#[test]
fn parallel_runs_at_the_same_time_and_marks_lines() {
    let machine = Machine::new(80, 24);
    machine.state().sleepers_awaited = 2;
    let output = machine.output_of("parallel sleep 0.1 & sleep 0.1 & echo hi & nonsense");
    assert_eq!(machine.state().most_sleepers, 2, "one after the other");
    let mut lines: Vec<&str> = output.lines().collect();
    assert!(lines.pop().unwrap().starts_with("3 of 4 commands succeeded in "), "{output}");
    lines.sort_unstable();
    assert_eq!(lines, ["[3] hi", "[4] nonsense: no such command (try help)"]);
}

#[test]
fn ctrl_c_ends_parallel() {
    let machine = Machine::new(80, 24);
    machine.run(&[
        Step::Type("clear\r"),
        Step::Type("parallel sleep 1000 & sleep 2000\r"),
        Step::TypeWhileBusy(10, "\x03"),
        Step::Look,
    ]);
    let look = machine.state().looks.pop().unwrap();
    assert!(look.ends_with("^C\nquicklime:/disk$"), "{look}");
}

#[test]
fn parallel_without_threads_says_so() {
    let machine = Machine::new(80, 24);
    machine.state().max_threads = 1;
    let output = machine.output_of("parallel echo a & echo b");
    assert!(output.contains("parallel: no process could be started (see free)"), "{output}");
}

#[test]
fn kill_tells_all_it_names() {
    let machine = Machine::new(80, 24);
    assert_eq!(machine.output_of("kill 12 99 17"), "kill: 99: no such process (see ps)");
    assert!(machine.state().cancelled.iter().eq(&[12, 17]));
}

#[test]
fn a_sleep_or_a_job_that_was_told_to_end_says_so() {
    let machine = Machine::new(80, 24);
    machine.state().cancel_at_sleepers = 1;
    assert_eq!(machine.output_of("sleep 100000; echo on"), "sleep: was told to end\non");

    let machine = Machine::new(80, 24);
    machine.state().sleepers_awaited = 2;
    machine.state().cancel_at_sleepers = 2;
    let output = machine.output_of("parallel sleep 100000 & sleep 0.1");
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines[0], "[1] was told to end", "{output}");
    assert!(lines[1].starts_with("1 of 2 commands succeeded in "), "{output}");
}
