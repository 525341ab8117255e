//! Pictures of every app at its initial and its minimum size. Look at `tests/golden/*.png`.

mod support;

use apps::{About, Editor, FileManager, MachineFacts, Monitor, Snake, Terminal};
use gfx::Size;
use support::{FakeHost, Window};
use ui::{App, Button, Event, Key, Modifiers, PointerKind};

fn windows<A: App>(make: impl Fn() -> A, name: &str, act: impl Fn(&mut Window<A>)) {
    for (size, suffix) in [(make().initial_size(), "initial"), (make().minimum_size(), "minimum")] {
        let mut window = Window::open_with(make(), FakeHost::new(), size);
        act(&mut window);
        window.golden(&format!("{name}-{suffix}"));
    }
}

const SESSION: &str = "\x1b[1mQuicklime 0.1.0\x1b[m\r\nType \x1b[1mhelp\x1b[m for the commands.\r\n\
    \x1b[1;32mquicklime\x1b[m:\x1b[1;34m/disk\x1b[m$ ls -l\r\n\
    21 B     2026-11-20 10:43  readme.txt\r\n-        2026-11-20 10:43  \x1b[1;34mscripts\x1b[m/\r\n\
    \x1b[1;32mquicklime\x1b[m:\x1b[1;34m/disk\x1b[m$ cat nothing\r\n\
    \x1b[91mcat: /disk/nothing: no such file or directory (try ls /disk)\x1b[m\r\n\
    \x1b[31mred \x1b[32mgreen \x1b[33myellow \x1b[34mblue \x1b[35mmagenta \x1b[36mcyan \x1b[90mgrey \x1b[7minverse\x1b[m \x1b[4munderlined\x1b[m \x1b[9mstruck\x1b[m\r\n\
    \x1b[48;5;24m 256 \x1b[48;2;120;60;160m true colour \x1b[m grün, naïve, \u{2713} \u{2500}\u{2500}\u{2510}\r\n\
    \x1b[1;32mquicklime\x1b[m:\x1b[1;34m/disk\x1b[m$ ";

#[test]
fn terminal() {
    windows(Terminal::new, "terminal", |window| window.print(SESSION));
    let mut window = Window::open(Terminal::new());
    for line in 0..60 {
        window.print(&format!("{line} {}\r\n", "text ".repeat(12)));
    }
    window.press(Key::PageUp, Modifiers::SHIFT);
    window.send(Event::Focus(false));
    window.golden("terminal-scrolled");
}

#[test]
fn monitor() {
    windows(Monitor::new, "monitor", |window| {
        for second in 0..45_u64 {
            let wave = (second * 7 % 23 + second % 5 * 4) as u8;
            window.host.figures.cpu_busy_percent = vec![wave, wave / 3, 80 - wave, 96];
            window.host.figures.memory_used = (21 << 20) + second * (3 << 20);
            window.host.figures.threads[8].cpu_time_ms += 120;
            window.host.figures.threads[5].cpu_time_ms += 415;
            window.tick();
        }
    });
}

#[test]
fn snake() {
    windows(Snake::new, "snake", |_| {});
    let mut window = Window::open(Snake::new());
    for key in [Key::Right, Key::Up] {
        window.press(key, Modifiers::empty());
        window.tick();
        window.tick();
        window.tick();
    }
    window.golden("snake-playing");
    while window.app.tick_interval_ms().is_some() {
        window.tick();
    }
    window.golden("snake-over");
}

#[test]
fn about() {
    let facts = || {
        About::new(MachineFacts {
            version: "0.1.0".into(),
            loader: "Limine 8.2.0".into(),
            processor: "Intel(R) Core(TM) i7-8565U CPU @ 1.80GHz".into(),
            display: "1280 × 800, 32 bits".into(),
        })
    };
    windows(facts, "about", |_| {});
    windows(facts, "about-keyboard", |window| window.press(Key::Tab, Modifiers::empty()));
}

const PROGRAM: &str = "// Counts the words of a file.\nfn main() {\n\tlet path = arguments().next();\n\tlet text = read(path);\n\n\tfor line in text.lines() {\n\t\t// A long comment goes on in the next row, for the lines of this window are broken after a blank, as wide as it may be.\n\t\tcount += line.split_whitespace().count();\n\t}\n\n\tprintln!(\"{count} words: grün, naïve, €\");\n}\n";

fn editor_window(size: Size) -> Window<Editor> {
    let mut host = FakeHost::new();
    host.files.put("/disk/src/words.rs", PROGRAM);
    host.files.put("/disk/src/library.rs", "");
    host.files.put("/disk/src/tests/one.rs", "");
    host.files.put("/disk/src/readme.txt", "");
    let mut window = Window::open_with(Editor::new(Some("/disk/src/words.rs")), host, size);
    window.work();
    window
}

#[test]
fn editor() {
    let none = Modifiers::empty();
    for (size, suffix) in
        [(Editor::new(None).initial_size(), "initial"), (Editor::new(None).minimum_size(), "minimum")]
    {
        let mut window = editor_window(size);
        window.press(Key::Down, none);
        window.press(Key::End, none);
        window.golden(&format!("editor-{suffix}"));
    }
    let size = Editor::new(None).initial_size();
    let mut window = editor_window(size);
    for _ in 0..3 {
        window.press(Key::Down, none);
    }
    window.press(Key::Right, Modifiers::CTRL);
    window.press(Key::Down, Modifiers::SHIFT);
    window.press(Key::Down, Modifiers::SHIFT);
    window.type_text("");
    window.pointer(PointerKind::Moved, 40, 20);
    window.golden("editor-selection");
    window.press(Key::Home, Modifiers::CTRL);
    window.press(Key::H, Modifiers::CTRL);
    window.type_text("line");
    window.golden("editor-find");
    window.press(Key::Escape, none);
    window.type_text("x");
    window.send(Event::Close);
    window.golden("editor-guard");
    window.press(Key::Escape, none);
    window.press(Key::O, Modifiers::CTRL);
    window.press(Key::Down, none);
    window.golden("editor-open");
    window.press(Key::Escape, none);
    window.press(Key::G, Modifiers::CTRL);
    window.golden("editor-line");
    window.press(Key::Escape, none);
    window.pointer(PointerKind::Pressed(Button::Secondary), 300, 120);
    window.press(Key::Down, none);
    window.golden("editor-menu");
}

fn files_host() -> FakeHost {
    let mut host = FakeHost::new();
    let files = &mut host.files;
    for (path, size) in [
        ("/disk/notes/poem.txt", 92),
        ("/disk/photos/sea.png", 120_000),
        ("/disk/scripts/hello", 120),
        ("/disk/readme.txt", 1_204),
        ("/disk/snake.score", 3),
        (
            "/disk/A file with a rather long name that does not fit into its column, whatever one does.txt",
            40_960,
        ),
        ("/disk/kernel.log", 3 << 20),
        ("/disk/large.bin", 40 << 20),
        ("/tmp/readme.txt", 7),
    ] {
        files.clock += 86_400 + 3_600;
        files.put(path, vec![b'x'; size]);
        files.changed.insert(path.rsplit_once('/').unwrap().0.into(), files.clock);
    }
    host
}

#[test]
fn files() {
    let none = Modifiers::empty();
    let new = || FileManager::new(None);
    for (size, suffix) in [(new().initial_size(), "initial"), (new().minimum_size(), "minimum")] {
        let mut window = Window::open_with(new(), files_host(), size);
        window.press(Key::Down, none);
        window.press(Key::Down, none);
        window.press(Key::Down, Modifiers::SHIFT);
        let row = window.app.row_of("kernel.log").unwrap().center();
        window.pointer(PointerKind::Moved, row.x, row.y);
        window.golden(&format!("files-{suffix}"));
    }
    let size = new().initial_size();
    let mut window = Window::open_with(new(), files_host(), size);
    window.type_text("readme");
    window.press(Key::F2, none);
    window.golden("files-rename");
    window.press(Key::Escape, none);
    window.send(Event::Focus(false));
    window.golden("files-unfocused");
    window.send(Event::Focus(true));
    let row = window.app.row_of("readme.txt").unwrap().center();
    window.pointer(PointerKind::Pressed(Button::Secondary), row.x, row.y - 60);
    window.press(Key::Down, none);
    window.golden("files-menu");
    window.press(Key::Escape, none);
    window.press(Key::N, Modifiers::CTRL | Modifiers::SHIFT);
    window.type_text("a?b\n");
    window.golden("files-new-folder");
    window.press(Key::Escape, none);
    window.host.now_ms += 5000;
    window.type_text("readme");
    window.press(Key::C, Modifiers::CTRL);
    window.press(Key::L, Modifiers::CTRL);
    window.type_text("/tmp");
    window.golden("files-path");
    window.press(Key::Enter, none);
    window.press(Key::V, Modifiers::CTRL);
    window.golden("files-conflict");
    window.press(Key::Escape, none);
    let trash = FileManager::new(Some("/disk/.Trash/files"));
    Window::open_with(trash, files_host(), size).golden("files-trash");
    let mut window = Window::open_with(new(), files_host(), size);
    window.type_text("large");
    window.press(Key::C, Modifiers::CTRL);
    window.press(Key::V, Modifiers::CTRL);
    window.golden("files-copying");
    window.press(Key::Escape, none);
    window.work();
    window.press(Key::Enter, Modifiers::ALT);
    window.work();
    window.golden("files-properties");
}
