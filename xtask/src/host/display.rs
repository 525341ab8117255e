//! How a person sees the guest: a window where there is a display, else VNC on this machine.

use std::env;
use std::net::TcpListener;

use super::run;

/// Where QEMU shows the screen.
pub struct Display {
    /// Arguments for QEMU.
    pub arguments: Vec<String>,
    /// How to look, where that isn't plain.
    pub hint: Option<String>,
}

/// Picks the first of QEMU's windows that this machine can show, else VNC.
pub fn choose() -> Display {
    let backends = run::output(run::program("qemu-system-x86_64").args(["-display", "help"]))
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let session = env::var_os("DISPLAY").is_some_and(|value| !value.is_empty())
        || env::var_os("WAYLAND_DISPLAY").is_some_and(|value| !value.is_empty());
    match window(&backends, session || cfg!(target_os = "macos")) {
        Some(backend) => Display { arguments: vec!["-display".into(), backend], hint: None },
        None => vnc(free_vnc_display()),
    }
}

fn window(backends: &str, session: bool) -> Option<String> {
    let known = ["gtk", "sdl", "cocoa"];
    let first = known.into_iter().find(|&name| backends.lines().any(|line| line.trim() == name));
    first.filter(|_| session).map(str::to_owned)
}

fn vnc(display: u16) -> Display {
    let port = 5900 + display;
    Display {
        arguments: ["-display".into(), "none".into(), "-vnc".into(), format!("127.0.0.1:{display}")].into(),
        hint: Some(format!(
            "No display here, so the screen is served by VNC: point a VNC viewer at 127.0.0.1:{port}\n\
             (from another machine: ssh -L {port}:127.0.0.1:{port} THIS-MACHINE first)."
        )),
    }
}

/// VNC's display N is TCP port 5900 + N.
fn free_vnc_display() -> u16 {
    (0..100).find(|display| TcpListener::bind(("127.0.0.1", 5900 + display)).is_ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str = "Available display backend types:\nnone\ngtk\nsdl\ncurses\n";

    #[test]
    fn a_window_needs_a_session_and_a_backend() {
        assert_eq!(window(HELP, true).as_deref(), Some("gtk"));
        assert_eq!(window(HELP, false), None);
        assert_eq!(window("Available display backend types:\nnone\negl-headless\n", true), None);
    }

    #[test]
    fn vnc_listens_on_this_machine_only() {
        let display = vnc(3);
        assert!(display.arguments.contains(&"127.0.0.1:3".to_owned()));
        assert!(display.hint.unwrap().contains("5903"));
    }
}
