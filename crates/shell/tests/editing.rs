//! The line editor, through a terminal: what the screen shows after these keys.

mod support;

use fastrand::Rng;
use support::{Machine, Step};

/// The screen after some typing on an empty screen, the prompt being `quicklime:/disk$ ` (17 cells).
fn typed(columns: usize, keys: &[&'static str]) -> String {
    let machine = Machine::new(columns, 12);
    let mut steps = vec![Step::Type("clear\r")];
    steps.extend(keys.iter().map(|keys| Step::Type(keys)));
    steps.push(Step::Look);
    machine.run(&steps);
    machine.state().looks.pop().unwrap()
}

#[test]
fn editing_keys() {
    for (what, keys, expected) in [
        ("typing", "echo", "echo"),
        ("backspace", "echoo\x7f x", "echo x"),
        ("insert in the middle", "eho\x1b[D\x1b[Dc", "echo"),
        ("home and end", "cho\x1b[He\x1b[F!", "echo!"),
        ("ctrl+a and ctrl+e", "cho\x01e\x05!", "echo!"),
        ("delete", "eecho\x01\x1b[3~", "echo"),
        ("ctrl+d deletes in a line", "eecho\x01\x04", "echo"),
        ("ctrl+k", "echo abc\x1b[D\x1b[D\x1b[D\x0b", "echo"),
        ("ctrl+u", "rubbish\x15echo", "echo"),
        ("ctrl+w and ctrl+y", "echo /disk/a\x17b \x19", "echo b /disk/a"),
        ("word left", "echo two words\x1b[1;5D\x1b[1;5DX", "echo Xtwo words"),
        ("alt+b and alt+f", "one two\x1bb\x1bb\x1bfX", "oneX two"),
        ("alt+d", "one two\x01\x1bd", " two"),
        ("UTF-8", "grün 漢字\x1b[D\x7f!", "grün !字"),
        ("combining marks are refused", "e\u{301}x", "ex"),
        ("unknown keys do nothing", "a\x1b[24~\x1bOP\x1b[1;9Zb", "ab"),
        ("pasted lines wait for Enter", "\x1b[200~echo a\recho b\r\x1b[201~", "echo a; echo b;"),
    ] {
        let screen = typed(80, &[keys]);
        assert_eq!(screen, format!("quicklime:/disk$ {expected}"), "{what}");
        // The same, one key at a time: other drawings, same screen.
        let machine = Machine::new(80, 12);
        let mut steps = vec![Step::Type("clear\r")];
        steps.extend(
            keys.char_indices().map(|(at, character)| Step::Type(&keys[at..at + character.len_utf8()])),
        );
        steps.push(Step::Look);
        machine.run(&steps);
        let look = machine.state().looks.pop().unwrap();
        assert_eq!(look, screen, "{what}, slowly");
    }
}

#[test]
fn history_is_walked_and_the_draft_kept() {
    let up = "\x1b[A";
    let down = "\x1b[B";
    let screen = typed(80, &["pwd\r", "date\r", "dra", up, up, down, down, "ft"]);
    assert!(screen.ends_with("\nquicklime:/disk$ draft"), "{screen}");
    let screen = typed(80, &["pwd\r", "date\r", "dra", up, up, up, up]);
    assert!(screen.ends_with("\nquicklime:/disk$ clear"), "{screen}");
}

#[test]
fn history_is_searched() {
    let screen = typed(80, &["echo one\r", "echo two\r", "\x12", "on", "\x1b[F", "!"]);
    assert!(screen.ends_with("\nquicklime:/disk$ echo one!"), "{screen}");
    let screen = typed(80, &["echo one\r", "echo two\r", "\x12", "echo", "\x12"]);
    assert!(screen.ends_with("\n(search: echo) echo one"), "{screen}");
    let screen = typed(80, &["echo one\r", "kept", "\x12", "xyz", "\x03"]);
    assert!(screen.ends_with("\nquicklime:/disk$ kept"), "{screen}");
}

#[test]
fn ctrl_c_and_ctrl_l() {
    let screen = typed(80, &["half a line\x1b[D\x1b[D\x03"]);
    assert_eq!(screen, "quicklime:/disk$ half a line^C\nquicklime:/disk$");
    let screen = typed(80, &["pwd\r", "half\x0c"]);
    assert_eq!(screen, "quicklime:/disk$ half");
}

#[test]
fn ctrl_d_ends_the_shell() {
    let machine = Machine::new(80, 12);
    machine.run(&[Step::Type("\x04"), Step::Look]);
    assert!(machine.state().looks.is_empty());
}

#[test]
fn output_without_a_line_end_does_not_swallow_the_prompt() {
    assert_eq!(typed(80, &["echo -n abc\r"]), "quicklime:/disk$ echo -n abc\nabc\nquicklime:/disk$");
}

#[test]
fn tab_completes_commands_and_paths() {
    for (keys, expected) in [
        ("upt\t", "uptime"),
        ("cat re\t", "cat readme.txt"),
        ("cat /d\t", "cat /disk/"),
        ("cat /disk/r\tx", "cat /disk/readme.txt x"),
        ("run sn\t", "run snake"),
        ("parallel ls & upt\t", "parallel ls & uptime"),
        ("cd re\t", "cd re"),
        ("kill 12\tx", "kill 12 x"),
        ("kill 12 17\tx", "kill 12 17 x"),
        ("kill 3\t", "kill 3"),
        ("nothing\t\t", "nothing"),
        ("write a\\ b x\rcat a\t", "cat a\\ b"),
        ("write a\\ b x\rcat 'a \t", "cat a\\ b"),
        ("write über x\rcat üb\t", "cat über"),
    ] {
        let screen = typed(80, &[keys]);
        let last = screen.lines().last().unwrap();
        assert_eq!(last, format!("quicklime:/disk$ {expected}"), "{keys:?}");
    }
}

#[test]
fn tab_completes_to_the_common_part_then_lists() {
    let screen = typed(40, &["write alpha1 x\r", "write alpha2 x\r", "clear\r", "cat al\t"]);
    assert_eq!(screen, "quicklime:/disk$ cat alpha");
    let screen = typed(40, &["write alpha1 x\r", "write alpha2 x\r", "clear\r", "cat al\t\t"]);
    assert_eq!(screen, "quicklime:/disk$ cat alpha\nalpha1  alpha2\nquicklime:/disk$ cat alpha");
    assert_eq!(
        typed(40, &["kill \t\t"]),
        "quicklime:/disk$ kill 1\n12 snake  17 monitor\nquicklime:/disk$ kill 1"
    );
    let screen = typed(40, &["write alpha1 x\r", "write alpha2 x\r", "clear\r", "cat al\t\t2\t!"]);
    assert!(screen.ends_with("\nquicklime:/disk$ cat alpha2 !"), "{screen}");
}

#[test]
fn long_lines_wrap_and_are_edited_in_place() {
    // 17 cells of prompt, 30 columns.
    let text = "echo 0123456789abcdefghijklmnop";
    assert_eq!(typed(30, &[text]), "quicklime:/disk$ echo 01234567\n89abcdefghijklmnop");
    assert_eq!(
        typed(30, &[text, "\x01", "X", "\x05", "Y"]),
        "quicklime:/disk$ Xecho 0123456\n789abcdefghijklmnopY"
    );
    assert_eq!(typed(30, &[text, "\x15", "ok"]), "quicklime:/disk$ ok");
    // Exactly full rows are the difficult ones.
    assert_eq!(typed(30, &["echo 01234567", "8"]), "quicklime:/disk$ echo 01234567\n8");
    assert_eq!(typed(30, &["echo 01234567", "\x7f", "x", "\x7f\x7f"]), "quicklime:/disk$ echo 012345");
    assert_eq!(
        typed(30, &["echo 01234567", "\r"]),
        "quicklime:/disk$ echo 01234567\n01234567\nquicklime:/disk$"
    );
    // A wide character that doesn't fit into the last column.
    assert_eq!(typed(30, &["echo 0123456漢x"]), "quicklime:/disk$ echo 0123456\n漢x");
}

#[test]
fn the_line_survives_resizing() {
    let text = "echo-0123456789abcdefghijklmnop";
    for columns in [20, 22, 30, 31, 48, 49, 79] {
        let machine = Machine::new(30, 12);
        machine.run(&[
            Step::Type("clear\r"),
            Step::Type(text),
            Step::Type("\x1b[D\x1b[D\x1b[D"),
            Step::Resize(columns, 10),
            Step::Type("X"),
            Step::Look,
        ]);
        let look = machine.state().looks.pop().unwrap();
        let joined: String = look.lines().collect();
        assert_eq!(joined, "quicklime:/disk$ echo-0123456789abcdefghijklmXnop", "{columns} columns: {look}");
        let first = look.lines().next().unwrap();
        assert_eq!(first.chars().count(), columns.min(49), "{columns} columns: {look}");
    }
}

/// Random keys at random widths: the screen must show what a plain model of the line says.
#[test]
fn random_editing_agrees_with_a_model() {
    let mut random = Rng::with_seed(0x1234_5678_9abc_def1);
    let mut next = |bound: usize| random.usize(..bound);
    for _ in 0..60 {
        let columns = 18 + next(30);
        let machine = Machine::new(columns, 12);
        let mut steps = vec![Step::Type("clear\r")];
        let mut line: Vec<char> = Vec::new();
        let mut cursor = 0;
        for _ in 0..next(120) {
            let keys = ["a", "b", "漢", "\x7f", "\x1b[D", "\x1b[C", "\x01", "\x05"][next(8)];
            match keys {
                "\x7f" if cursor > 0 => {
                    cursor -= 1;
                    line.remove(cursor);
                }
                "\x7f" => {}
                "\x1b[D" => cursor = cursor.saturating_sub(1),
                "\x1b[C" => cursor = (cursor + 1).min(line.len()),
                "\x01" => cursor = 0,
                "\x05" => cursor = line.len(),
                _ => {
                    line.insert(cursor, keys.chars().next().unwrap());
                    cursor += 1;
                }
            }
            steps.push(Step::Type(keys));
        }
        // A mark where the cursor stands shows that it is where the model says.
        line.insert(cursor, '|');
        steps.extend([Step::Type("|"), Step::Look]);
        machine.run(&steps);
        let look = machine.state().looks.pop().unwrap();
        let shown: String = look.lines().collect();
        let expected: String = line.iter().collect();
        assert_eq!(shown, format!("quicklime:/disk$ {expected}"), "{columns} columns");
    }
}

/// Whatever is typed, the shell neither panics nor hangs, and takes commands afterwards.
#[test]
fn random_keys_do_not_break_the_shell() {
    let pieces = [
        "ls",
        "cat ",
        "cd ..",
        "/disk",
        "\r",
        "\t",
        "\x1b[A",
        "\x1b[B",
        "\x1b[D",
        "\x12",
        "\x7f",
        "\x03",
        "'",
        "\\",
        "\"",
        ";",
        "&",
        "parallel ",
        "echo x",
        "sleep 1",
        "write f t",
        "\x1b",
        "\x1b[200~",
        "\x1b[201~",
        "漢",
        "\x0c",
        "\x17",
        "\x19",
        "run ",
        "rm -r ",
        "mv ",
        "cp ",
        " ",
        "help",
        "\x00",
        "\u{301}",
    ];
    let mut random = Rng::with_seed(0x0fed_cba9_8765_4321);
    let mut next = |bound: usize| random.usize(..bound);
    for _ in 0..200 {
        let machine = Machine::new(1 + next(60), 1 + next(12));
        let mut steps: Vec<Step> = Vec::new();
        for _ in 0..next(80) {
            match next(12) {
                0 => steps.push(Step::Resize(1 + next(60), 1 + next(12))),
                _ => steps.push(Step::Type(pieces[next(pieces.len())])),
            }
        }
        // Whatever state that left: end a paste, abandon the line, look.
        steps.extend([
            Step::Resize(80, 24),
            Step::Type("\x1b[201~\x03\x03"),
            Step::Type("clear\recho alive\r"),
            Step::Look,
        ]);
        machine.run(&steps);
        let look = machine.state().looks.pop().unwrap();
        assert!(look.contains("$ echo alive\nalive\nquicklime:"), "{look}");
    }
}
