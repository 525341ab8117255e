//! Pipes against a plain queue of bytes, and the words of pipe(7) and fifo(7).

use fastrand::Rng;
use std::collections::VecDeque;
use vfs::FsError;
use vfs::pipe::{ATOMIC, CAPACITY, End, Pipe, Readiness};

fn opened() -> Pipe {
    let mut pipe = Pipe::new();
    pipe.open(End::Read);
    pipe.open(End::Write);
    pipe
}

#[test]
fn random_readers_and_writers_see_what_a_queue_says() {
    for seed in 1..30 {
        let mut random = Rng::with_seed(seed * 0x9e37_79b9);
        let (mut pipe, mut queue) = (Pipe::new(), VecDeque::<u8>::new());
        let mut ends = [0_usize; 2];
        let mut next = 0_u8;
        for step in 0..1000 {
            match random.usize(..20) {
                0 => {
                    ends[0] += 1;
                    pipe.open(End::Read);
                }
                1 => {
                    ends[1] += 1;
                    pipe.open(End::Write);
                }
                2 if ends[0] > 0 => {
                    ends[0] -= 1;
                    pipe.close(End::Read);
                }
                3 if ends[1] > 0 => {
                    ends[1] -= 1;
                    pipe.close(End::Write);
                }
                4..=11 => {
                    let length = [10, 5000, 70_000][random.usize(..3)];
                    let mut buffer = vec![0; random.usize(..length)];
                    let expected = if buffer.is_empty() {
                        Ok(0)
                    } else if queue.is_empty() && ends[1] > 0 {
                        Err(FsError::WouldBlock)
                    } else {
                        Ok(buffer.len().min(queue.len()))
                    };
                    assert_eq!(pipe.read(&mut buffer), expected, "read {} at {step}", buffer.len());
                    let count = expected.unwrap_or(0);
                    assert!(queue.drain(..count).eq(buffer[..count].iter().copied()), "bytes at {step}");
                }
                _ => {
                    let length = [10, 4000, 4098, 5000, 70_000][random.usize(..5)];
                    let length = if random.bool() { length } else { random.usize(..length) };
                    let data: Vec<u8> = (0..length).map(|at| next.wrapping_add(at as u8)).collect();
                    let room = 65_536 - queue.len();
                    let expected = match length {
                        0 => Ok(0),
                        _ if ends[0] == 0 => Err(FsError::BrokenPipe),
                        1..=4096 if room < length => Err(FsError::WouldBlock),
                        _ if room == 0 => Err(FsError::WouldBlock),
                        _ => Ok(length.min(room)),
                    };
                    assert_eq!(pipe.write(&data), expected, "write {length} at {step}");
                    let count = expected.unwrap_or(0);
                    queue.extend(&data[..count]);
                    next = next.wrapping_add(count as u8);
                }
            }
            if ends == [0, 0] {
                queue.clear();
            }
            assert_eq!(pipe.len(), queue.len());
            let reading = pipe.readiness(End::Read);
            assert_eq!((reading.readable, reading.hung_up), (!queue.is_empty(), ends[1] == 0));
            let writing = pipe.readiness(End::Write);
            assert_eq!((writing.writable, writing.broken), (queue.len() <= 65_536 - 4096, ends[0] == 0));
        }
    }
}

#[test]
fn what_poll_says_can_then_be_done() {
    let mut pipe = opened();
    assert_eq!(pipe.readiness(End::Read), Readiness::default());
    while pipe.readiness(End::Write).writable {
        assert_eq!(pipe.write(&[1; ATOMIC]), Ok(ATOMIC));
    }
    assert_eq!(pipe.write(&[1; ATOMIC]), Err(FsError::WouldBlock));
    assert_eq!(pipe.len(), CAPACITY);
}

#[test]
fn the_end_comes_after_the_last_byte() {
    let mut pipe = opened();
    pipe.write(b"last").unwrap();
    pipe.close(End::Write);
    let mut buffer = [0; 3];
    assert_eq!(pipe.read(&mut buffer), Ok(3));
    assert_eq!(pipe.read(&mut buffer), Ok(1));
    assert_eq!(pipe.read(&mut buffer), Ok(0));
    pipe.open(End::Write);
    assert_eq!(pipe.read(&mut buffer), Err(FsError::WouldBlock), "a named pipe can get a writer again");
}

#[test]
fn named_pipes_are_opened_by_two() {
    let mut pipe = Pipe::new();
    assert_eq!(pipe.may_open_at_once(End::Write), Err(FsError::NoSuchDevice));
    assert_eq!(pipe.may_open_at_once(End::Read), Ok(()));
    let before = pipe.opposite_openings(End::Read);
    pipe.open(End::Read);
    assert!(!pipe.has_met(End::Read, before));
    assert_eq!(pipe.may_open_at_once(End::Write), Ok(()));
    // The writer comes and goes before the reader looks: he has been there all the same.
    pipe.open(End::Write);
    pipe.write(b"hello").unwrap();
    pipe.close(End::Write);
    assert!(pipe.has_met(End::Read, before));
    assert_eq!(pipe.read(&mut [0; 9]), Ok(5));
    assert_eq!(pipe.read(&mut [0; 9]), Ok(0));
}
