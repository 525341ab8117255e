//! Symbolic links, devices and what is mounted, as the user sees them on a terminal.

mod support;

use support::{Machine, Step};

#[test]
fn links_are_made_listed_and_followed() {
    let machine = Machine::new(80, 24);
    machine.output_of("mkdir notes; write notes/one.txt first");
    assert_eq!(machine.output_of("ln -s notes/one.txt short; cat short"), "first");
    assert_eq!(machine.output_of("ln -s notes there; ls there"), "one.txt");
    assert_eq!(machine.output_of("ls"), "notes/  readme.txt  short@  there@");
    let long = machine.output_of("ls -l");
    assert!(long.contains("short -> notes/one.txt") && long.contains("there -> notes"), "{long}");
    assert_eq!(machine.output_of("readlink short there"), "notes/one.txt\nnotes");
    assert_eq!(machine.output_of("readlink readme.txt"), "readlink: readme.txt: is no symbolic link");
    assert_eq!(machine.output_of("ln -s /disk/readme.txt there"), "");
    assert_eq!(
        machine.output_of("ln -s x short"),
        "ln: /disk/short: exists already",
        "what is there is not replaced"
    );
    assert!(machine.output_of("ln readme.txt hard").contains("ln -s"));
    let stat = machine.output_of("stat short");
    assert!(stat.contains("symbolic link to notes/one.txt") && stat.contains("rw-r--r--"), "{stat}");
}

/// What goes is the link; what it leads to stays.
#[test]
fn removing_and_moving_a_link_spares_its_target() {
    let machine = Machine::new(80, 24);
    machine.output_of("mkdir notes; write notes/one.txt first");
    machine.output_of("ln -s notes there; ln -s nowhere lost");
    assert_eq!(machine.output_of("rm -r there; rm lost; ls"), "notes/  readme.txt");
    assert_eq!(machine.file("/disk/notes/one.txt").as_deref(), Some("first\n"));
    machine.output_of("ln -s one.txt notes/again; cp -r notes copy");
    assert_eq!(machine.output_of("readlink copy/again"), "one.txt", "a link is copied as one");
    assert_eq!(machine.output_of("cat copy/again"), "first");
}

#[test]
fn circles_are_named() {
    let machine = Machine::new(80, 24);
    machine.output_of("ln -s /disk/round /disk/round");
    let said = machine.output_of("cat round");
    assert!(said.contains("too many symbolic links"), "{said}");
    assert_eq!(machine.output_of("ls round"), "round@");
}

#[test]
fn tab_completes_through_links() {
    let machine = Machine::new(80, 24);
    machine.output_of("mkdir notes; write notes/one.txt first; ln -s notes there");
    machine.run(&[Step::Type("clear\r"), Step::Type("cat th\to\t\r"), Step::Look]);
    let look = machine.state().looks.pop().unwrap();
    assert!(look.lines().nth(1) == Some("first"), "{look}");
    machine.run(&[Step::Type("clear\r"), Step::Type("cd th\t\r"), Step::Look]);
    assert_eq!(machine.state().entered.last().map(String::as_str), Some("/disk/there"));
}

/// Who reads a device may wait for ever, as a process that Ctrl+C ends, and the shell goes on.
#[test]
fn reading_a_device_can_be_interrupted() {
    let machine = Machine::new(80, 24);
    machine.output_of("mkfifo mouse");
    machine.run(&[
        Step::Type("clear\r"),
        Step::Type("cat mouse\r"),
        Step::TypeWhileBusy(10, "\x03"),
        Step::Type("echo next\r"),
        Step::Look,
    ]);
    let look = machine.state().looks.pop().unwrap();
    assert!(look.contains("from the device\n^C\n") && look.contains("\nnext\n"), "{look}");
    assert!(machine.output_of("cp mouse copy").contains("only files, directories and links"));
    assert!(machine.output_of("ls -l").contains("device"));
}

/// A device takes what is copied to it and stays one; nothing is moved over it.
#[test]
fn devices_are_written_and_never_replaced() {
    let machine = Machine::new(80, 24);
    let contents: Vec<u8> = (0..40_000_u32).map(|at| (at / 64) as u8).collect();
    machine.state().files.insert("/disk/picture".into(), Some(contents.clone()));
    machine.output_of("mkfifo screen");
    assert_eq!(machine.output_of("cp picture screen"), "");
    let mut arrived = Vec::new();
    for (path, offset, bytes) in machine.state().written_to_devices.drain(..) {
        assert_eq!((path.as_str(), offset), ("/disk/screen", arrived.len() as u64));
        arrived.extend(bytes);
    }
    assert!(arrived == contents);
    assert!(machine.output_of("mv picture screen").contains("screen: is a device (cp writes to it)"));
    assert!(machine.output_of("ls -l").contains("device"));
    assert!(machine.file("/disk/picture").is_some());
}

#[test]
fn what_is_mounted_is_listed_and_synced() {
    let machine = Machine::new(80, 24);
    let mounted = machine.output_of("mount");
    assert!(mounted.contains("ata0 on /disk type fat32 (rw,relatime)"), "{mounted}");
    assert_eq!(machine.output_of("sync"), "");
    assert_eq!(machine.state().syncs, 1);
}

#[test]
fn what_a_line_has_changed_is_on_the_disk_when_the_prompt_comes_back() {
    let machine = Machine::new(80, 24);
    machine.output_of("ls; echo nothing new");
    assert_eq!(machine.state().syncs, 0);
    machine.output_of("write note hello; mkdir made; rm note");
    assert_eq!(machine.state().syncs, 1, "once a line");
}
