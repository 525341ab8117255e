//! Every message arrives, once, and its sender's in order.

use alloc::vec::Vec;

use loom::sync::Arc;
use loom::thread;

use super::{LoomPlatform, explore, wait_queue};
use crate::{Channel, Closed, Interruption, OneShot, SendError};

fn channel(capacity: usize) -> Arc<Channel<LoomPlatform, u32>> {
    Arc::new(Channel::new(capacity, wait_queue(), wait_queue()).unwrap())
}

#[test]
fn one_sender_fills_a_small_channel() {
    explore("channel of one, three messages", || {
        let channel = channel(1);
        let there = channel.clone();
        let sender = thread::spawn(move || {
            for message in 0..3 {
                there.send(message).unwrap();
            }
        });
        for expected in 0..3 {
            assert_eq!(channel.recv(), Some(expected));
        }
        sender.join().unwrap();
    });
}

#[test]
fn two_senders_lose_and_duplicate_nothing() {
    explore("channel of one, two senders", || {
        let channel = channel(1);
        let senders: Vec<_> = (0..2)
            .map(|message| {
                let there = channel.clone();
                thread::spawn(move || there.send(message).unwrap())
            })
            .collect();
        let mut received = [channel.recv().unwrap(), channel.recv().unwrap()];
        received.sort_unstable();
        assert_eq!(received, [0, 1]);
        for sender in senders {
            sender.join().unwrap();
        }
    });
}

#[test]
fn two_receivers_share_the_messages() {
    explore("channel of two, two receivers", || {
        let channel = channel(2);
        let there = channel.clone();
        let receiver = thread::spawn(move || there.recv().unwrap());
        let there = channel.clone();
        let sender = thread::spawn(move || {
            there.send(1).unwrap();
            there.send(2).unwrap();
        });
        let mine = channel.recv().unwrap();
        assert_eq!(mine + receiver.join().unwrap(), 3);
        sender.join().unwrap();
    });
}

#[test]
fn closing_wakes_the_receiver_after_the_last_message() {
    explore("channel, close", || {
        let channel = channel(1);
        let there = channel.clone();
        let sender = thread::spawn(move || {
            there.send(1).unwrap();
            there.close();
        });
        assert_eq!(channel.recv(), Some(1));
        assert_eq!(channel.recv(), None);
        assert_eq!(channel.send(2), Err(Closed(2)));
        sender.join().unwrap();
    });
}

#[test]
fn closing_wakes_a_sender_that_waits_for_room() {
    explore("channel, close while full", || {
        let channel = channel(1);
        channel.send(1).unwrap();
        let there = channel.clone();
        let closer = thread::spawn(move || there.close());
        assert_eq!(channel.send(2), Err(Closed(2)));
        closer.join().unwrap();
    });
}

#[test]
fn a_sender_is_called_out_whenever_that_is_asked_for() {
    explore("channel, a sender interrupted while full", || {
        let channel = channel(1);
        channel.send(1).unwrap();
        let interruption = Arc::new(Interruption::<LoomPlatform>::new());
        let there = interruption.clone();
        let caller = thread::spawn(move || there.request());
        assert_eq!(channel.send_interrupted(2, &interruption), Err(SendError::Interrupted(2)));
        assert_eq!(channel.recv(), Some(1));
        assert_eq!(channel.send_interrupted(3, &interruption), Ok(()), "there is room");
        assert_eq!(channel.recv(), Some(3));
        caller.join().unwrap();
    });
}

#[test]
fn a_message_is_sent_or_comes_back_and_another_sender_gets_the_room() {
    explore("channel, two senders, one interrupted", || {
        let channel = channel(1);
        channel.send(1).unwrap();
        let interruption = Arc::new(Interruption::<LoomPlatform>::new());
        let (there, calls) = (channel.clone(), interruption.clone());
        let interrupted = thread::spawn(move || there.send_interrupted(2, &calls));
        let there = channel.clone();
        let patient = thread::spawn(move || there.send(3).unwrap());
        interruption.request();
        assert_eq!(channel.recv(), Some(1));
        let next = channel.recv().unwrap();
        // What is left: the patient one's message, unless it came first; then perhaps the other's.
        let after = if next == 3 { None } else { channel.recv() };
        let outcome = interrupted.join().unwrap();
        patient.join().unwrap();
        let last = channel.try_recv().ok();
        let sent = [Some(next), after, last].contains(&Some(2));
        assert_eq!(outcome, if sent { Ok(()) } else { Err(SendError::Interrupted(2)) });
        assert!(next == 3 || after == Some(3), "the room was not given on");
    });
}

#[test]
fn a_reply_arrives_or_is_known_not_to() {
    explore("one-shot, send against close", || {
        let reply = Arc::new(OneShot::<LoomPlatform, u32>::new(wait_queue()));
        let (there, closes) = (reply.clone(), reply.clone());
        let sender = thread::spawn(move || there.send(7).is_ok());
        let closer = thread::spawn(move || closes.close());
        let received = reply.recv();
        let sent = sender.join().unwrap();
        closer.join().unwrap();
        assert_eq!(received, sent.then_some(7));
    });
}
