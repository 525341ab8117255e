//! Pictures of every app at its initial and its minimum size. Look at `tests/golden/*.png`.

mod support;

use apps::{About, MachineFacts, Monitor, Snake, Terminal};
use support::{FakeHost, Window};
use ui::{App, Event, Key, Modifiers};

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
