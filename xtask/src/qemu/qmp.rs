//! QMP, QEMU's control channel: one JSON object a line, over a Unix socket.
//!
//! A command is answered by one object with `return` or `error`; objects with `event` come at any
//! time between. Reference: QEMU's docs/interop/qmp-spec.rst.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::error::{Context, Error, Result, fail};

/// How long QEMU may take to answer anything.
const ANSWER_TIME: Duration = Duration::from_secs(20);

/// A connection to QEMU, past the handshake.
pub struct Qmp<S> {
    stream: S,
    /// Bytes read, up to the next line's end not yet seen.
    pending: Vec<u8>,
}

impl Qmp<UnixStream> {
    /// Connects to the socket, which QEMU makes some time after it starts.
    pub fn connect(socket: &Path, deadline: Instant) -> Result<Self> {
        let stream = loop {
            match UnixStream::connect(socket) {
                Ok(stream) => break stream,
                Err(error) if Instant::now() > deadline => return Err(error).context("reach QEMU"),
                Err(_) => sleep(Duration::from_millis(10)),
            }
        };
        stream.set_read_timeout(Some(Duration::from_millis(100)))?;
        Self::greet(stream)
    }
}

impl<S: Read + Write> Qmp<S> {
    /// Takes QEMU's greeting and leaves the negotiation that it opens with.
    pub fn greet(stream: S) -> Result<Self> {
        let mut qmp = Self { stream, pending: Vec::new() };
        let greeting = qmp.read_object(Instant::now() + ANSWER_TIME)?;
        if greeting.get("QMP").is_none() {
            fail!("this is not QMP: {greeting}");
        }
        qmp.execute("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Runs one command and returns its answer.
    pub fn execute(&mut self, command: &str, arguments: Value) -> Result<Value> {
        let mut line = json!({ "execute": command, "arguments": arguments }).to_string();
        line.push('\n');
        self.stream.write_all(line.as_bytes()).context("write to QEMU")?;
        let deadline = Instant::now() + ANSWER_TIME;
        loop {
            let mut object = self.read_object(deadline)?;
            // An event has neither; nobody here waits for one.
            if let Some(error) = object.get("error") {
                let words = error.get("desc").and_then(Value::as_str).unwrap_or("no reason given");
                fail!("QEMU refused {command}: {words}");
            } else if let Some(value) = object.get_mut("return") {
                return Ok(value.take());
            }
        }
    }

    fn read_object(&mut self, deadline: Instant) -> Result<Value> {
        let line = self.read_line(deadline)?;
        serde_json::from_slice(&line).map_err(|error| {
            Error::new(format!("QEMU sent no JSON: {error}: {}", String::from_utf8_lossy(&line)))
        })
    }

    fn read_line(&mut self, deadline: Instant) -> Result<Vec<u8>> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') {
                return Ok(self.pending.drain(..=end).collect());
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => fail!("QEMU closed its control channel"),
                Ok(count) => self.pending.extend_from_slice(&buffer[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if Instant::now() > deadline {
                        fail!("QEMU does not answer");
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("read from QEMU"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// A QEMU that says its lines in chunks of `chunk` bytes, with a time-out between them.
    struct Script {
        says: Vec<u8>,
        chunk: usize,
        pause: bool,
        heard: Vec<u8>,
    }

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.pause = !self.pause;
            if self.pause {
                return Err(ErrorKind::WouldBlock.into());
            }
            let count = self.chunk.min(self.says.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.says[..count]);
            self.says.drain(..count);
            Ok(count)
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.heard.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn script(lines: &str, chunk: usize) -> Script {
        let says = format!("{{\"QMP\": {{}}}}\r\n{{\"return\": {{}}}}\r\n{lines}").into_bytes();
        Script { says, chunk, pause: false, heard: Vec::new() }
    }

    #[test]
    fn answers_are_found_among_events_however_the_bytes_arrive() {
        let lines = "{\"event\":\"RESET\"}\n{\"return\":{\"n\":7}}\n{\"event\":\"STOP\"}\n{\"return\":{}}\n";
        for chunk in [1, 2, 7, 4096] {
            let mut qmp = Qmp::greet(script(lines, chunk)).unwrap();
            assert_eq!(qmp.execute("query", json!({"a": 1})).unwrap(), json!({"n": 7}));
            assert_eq!(qmp.execute("again", json!({})).unwrap(), json!({}));
        }
    }

    #[test]
    fn commands_are_one_line_each() {
        let mut qmp = Qmp::greet(script("{\"return\":{}}\n", 64)).unwrap();
        qmp.execute("stop", json!({"why": "line\nbreak"})).unwrap();
        let heard = String::from_utf8(qmp.stream.heard).unwrap();
        let last: Value = serde_json::from_str(heard.lines().last().unwrap()).unwrap();
        assert_eq!(last, json!({"execute": "stop", "arguments": {"why": "line\nbreak"}}));
        assert_eq!(heard.lines().count(), 2);
    }

    #[test]
    fn refusals_say_why() {
        let mut qmp =
            Qmp::greet(script("{\"error\":{\"class\":\"X\",\"desc\":\"no such key\"}}\n", 64)).unwrap();
        let error = qmp.execute("send-key", json!({})).unwrap_err().to_string();
        assert!(error.contains("no such key") && error.contains("send-key"), "{error}");
    }

    #[test]
    fn a_closed_channel_and_nonsense_are_errors() {
        assert!(Qmp::greet(script("", 64)).unwrap().execute("x", json!({})).is_err());
        assert!(Qmp::greet(script("not json\n", 64)).unwrap().execute("x", json!({})).is_err());
        let stranger = Script { says: b"{\"hello\":1}\n".to_vec(), chunk: 64, pause: false, heard: vec![] };
        assert!(Qmp::greet(stranger).is_err());
    }
}
