//! Channels, replies and interruptions over the host's threads: many of them, with real deadlines, for a short time.

mod host;

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use blocking::{Channel, Interrupted, Interruption, OneShot, SendError, TryRecvError, TrySendError};
use host::{Host, in_ms, queue, together};

#[test]
fn a_channel_keeps_each_senders_order_and_loses_nothing() {
    let channel = Channel::<Host, (usize, u32)>::new(3, queue(), queue()).unwrap();
    let received = Mutex::new(Vec::new());
    together(8, |number| {
        if number < 4 {
            for message in 0..1_000 {
                channel.send((number, message)).unwrap();
            }
        } else {
            let mut mine = Vec::new();
            for _ in 0..1_000 {
                mine.push(channel.recv().unwrap());
            }
            for sender in 0..4 {
                let order: Vec<u32> = mine.iter().filter(|m| m.0 == sender).map(|m| m.1).collect();
                assert!(order.is_sorted());
            }
            received.lock().unwrap().extend(mine);
        }
    });
    let mut received = received.into_inner().unwrap();
    received.sort_unstable();
    let sent: Vec<(usize, u32)> = (0..4).flat_map(|sender| (0..1_000).map(move |m| (sender, m))).collect();
    assert_eq!(received, sent);
}

#[test]
fn a_full_or_closed_channel_gives_the_message_back() {
    let channel = Channel::<Host, u32>::new(1, queue(), queue()).unwrap();
    assert_eq!(channel.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(channel.recv_deadline(in_ms(5)), Err(TryRecvError::Empty));
    channel.try_send(1).unwrap();
    assert_eq!(channel.try_send(2), Err(TrySendError::Full(2)));
    channel.close();
    assert_eq!(channel.try_send(3), Err(TrySendError::Closed(3)));
    assert_eq!(channel.recv_deadline(in_ms(5)), Ok(1));
    assert_eq!(channel.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_reply_can_be_taken_once() {
    let reply = OneShot::<Host, u32>::new(queue());
    assert_eq!(reply.try_recv(), Err(TryRecvError::Empty));
    together(2, |number| {
        if number == 0 {
            reply.send(7).unwrap();
        } else {
            assert_eq!(reply.recv(), Some(7));
        }
    });
    assert_eq!(reply.recv(), None);
    assert!(reply.send(8).is_err());
}

#[test]
fn senders_that_are_called_out_keep_their_messages() {
    let channel = Channel::<Host, usize>::new(2, queue(), queue()).unwrap();
    let interruptions: Vec<_> = (0..8).map(|_| Interruption::<Host>::new()).collect();
    let kept = Mutex::new(Vec::new());
    let mut seen = Vec::new();
    thread::scope(|scope| {
        for (number, interruption) in interruptions.iter().enumerate() {
            let (channel, kept) = (&channel, &kept);
            scope.spawn(move || {
                for message in number * 100..(number + 1) * 100 {
                    match channel.send_interrupted(message, interruption) {
                        Ok(()) => {}
                        Err(SendError::Interrupted(message)) => kept.lock().unwrap().push(message),
                        Err(SendError::Closed(_)) => panic!("nobody closes it"),
                    }
                }
            });
        }
        // Half of them are called out, sooner or later, while somebody reads slowly.
        for interruption in &interruptions[..4] {
            seen.extend((0..20).map(|_| channel.recv().unwrap()));
            thread::sleep(Duration::from_millis(1));
            interruption.request();
        }
        while seen.iter().filter(|&&message| message >= 400).count() < 400 {
            seen.push(channel.recv().unwrap());
        }
    });
    seen.extend(std::iter::from_fn(|| channel.try_recv().ok()));
    seen.append(&mut kept.into_inner().unwrap());
    seen.sort_unstable();
    assert_eq!(seen, (0..800).collect::<Vec<_>>(), "each is sent or kept, and none twice");
}

#[test]
fn a_request_that_came_before_the_sleep_counts() {
    let (waits, interruption) = (queue(), Interruption::<Host>::new());
    interruption.request();
    assert_eq!(waits.wait_until_interrupted(&interruption, || false), Err(Interrupted));
    assert_eq!(waits.wait_until_interrupted(&interruption, || true), Ok(()), "what has come goes first");
    interruption.clear();
    assert!(!interruption.is_requested());
}
