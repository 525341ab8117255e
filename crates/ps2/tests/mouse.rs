//! What the hand on the mouse would notice: where the pointer goes, which buttons are down, and how soon a disturbed
//! line is in order again.

use fastrand::Rng;
use ps2::{Buttons, MouseDecoder, MouseEvent, MouseKind};

const BYTE_NS: u64 = 1_000_000;
const REST_NS: u64 = 200_000_000;

/// A motion as hands make them, in the range that `kind` can say.
fn motion(random: &mut Rng, kind: MouseKind) -> MouseEvent {
    let buttons = match kind {
        MouseKind::FiveButtons => 0b11111,
        _ => 0b111,
    };
    MouseEvent {
        dx: random.i32(-255..=255),
        dy: random.i32(-255..=255),
        wheel: if kind == MouseKind::Standard { 0 } else { random.i32(-7..=7) },
        buttons: Buttons::from_bits_truncate(random.u8(..) & buttons),
    }
}

/// The packet that a mouse of this kind sends: the definition, written the other way round.
fn packet(kind: MouseKind, event: MouseEvent) -> Vec<u8> {
    let up = -event.dy;
    let first = 0x08
        | event.buttons.bits() & 0b111
        | if event.dx < 0 { 0x10 } else { 0 }
        | if up < 0 { 0x20 } else { 0 };
    let mut bytes = vec![first, event.dx as u8, up as u8];
    match kind {
        MouseKind::Standard => {}
        MouseKind::Wheel => bytes.push(event.wheel as u8),
        MouseKind::FiveButtons => {
            bytes.push(event.wheel as u8 & 0x0f | (event.buttons.bits() & 0b11000) << 1)
        }
    }
    bytes
}

const KINDS: [MouseKind; 3] = [MouseKind::Standard, MouseKind::Wheel, MouseKind::FiveButtons];

#[test]
fn packets_say_what_the_hand_did() {
    for kind in KINDS {
        let mut random = Rng::with_seed(0x9e37_79b9_7f4a_7c15);
        let mut decoder = MouseDecoder::new(kind);
        let mut now = 0;
        for _ in 0..10_000 {
            let event = motion(&mut random, kind);
            let mut got = None;
            for byte in packet(kind, event) {
                assert_eq!(got, None, "an event before its packet ended");
                now += BYTE_NS;
                got = decoder.push(byte, now);
            }
            assert_eq!(got, Some(event), "{kind:?}");
        }
    }
}

#[test]
fn a_counter_that_ran_over_moves_nothing_but_keeps_the_buttons() {
    let mut decoder = MouseDecoder::new(MouseKind::Standard);
    let event = [0x08 | 0x80 | 0x01, 0x33, 0x44].map(|byte| decoder.push(byte, 0))[2].unwrap();
    assert_eq!(event, MouseEvent { buttons: Buttons::LEFT, ..MouseEvent::default() });
}

/// Any number of lost or foreign bytes, then a rest of the hand: the next packet is right.
#[test]
fn after_a_rest_all_is_in_order() {
    for kind in KINDS {
        let mut random = Rng::with_seed(0x1234_5678_9abc_def1);
        let mut decoder = MouseDecoder::new(kind);
        let mut now = 0;
        for _ in 0..5_000 {
            for _ in 0..random.i32(0..=9) {
                now += BYTE_NS;
                decoder.push(random.u8(..), now);
            }
            now += REST_NS;
            let event = motion(&mut random, kind);
            let mut got = None;
            for byte in packet(kind, event) {
                got = decoder.push(byte, now);
            }
            assert_eq!(got, Some(event), "{kind:?}");
        }
    }
}

/// One byte of a moving wheel mouse is lost. Without any rest, the packet after the next is right again but for a few
/// cases in a hundred, in which motion bytes look like first bytes; those take some packets more.
#[test]
fn one_lost_byte_is_soon_forgotten() {
    const RUNS: usize = 20_000;
    for kind in [MouseKind::Wheel, MouseKind::FiveButtons] {
        let mut random = Rng::with_seed(0xfeed_beef_cafe_f00d);
        let mut late = [0; 16];
        for _ in 0..RUNS {
            let mut decoder = MouseDecoder::new(kind);
            let mut lost = Some(random.i32(0..=3));
            for late in &mut late {
                let event = MouseEvent { wheel: 0, buttons: Buttons::empty(), ..motion(&mut random, kind) };
                let mut bytes = packet(kind, event);
                if let Some(lost) = lost.take() {
                    bytes.remove(lost as usize);
                }
                let mut got = None;
                for byte in bytes {
                    got = decoder.push(byte, 0);
                }
                *late += usize::from(got != Some(event));
            }
        }
        assert!(late[2] < RUNS * 3 / 100, "{kind:?}: {late:?} of {RUNS} wrong, by packets since the loss");
        assert!(late[15] < RUNS / 1000, "{kind:?}: {late:?} of {RUNS} wrong, by packets since the loss");
    }
}

#[test]
fn noise_never_panics_nor_jumps_further_than_a_packet_can_say() {
    for kind in KINDS {
        let mut random = Rng::with_seed(0xdead_10cc_0bad_f00d);
        let mut decoder = MouseDecoder::new(kind);
        for now in 0..300_000u64 {
            if let Some(event) = decoder.push(random.u8(..), now * BYTE_NS) {
                assert!(event.dx.abs() <= 256 && event.dy.abs() <= 256 && event.wheel.abs() <= 8);
            }
        }
    }
}

/// What a mouse says when it comes to power is told from packets, wherever it comes; packets never are taken for it once
/// they are whole.
#[test]
fn an_announcement_is_told_from_a_packet() {
    for kind in KINDS {
        let mut random = Rng::with_seed(0x0dd_ba11);
        let mut decoder = MouseDecoder::new(kind);
        for _ in 0..5_000 {
            for byte in packet(kind, motion(&mut random, kind)) {
                decoder.push(byte, 0);
            }
            assert!(!decoder.may_be_announcement());
        }
        // The mouse was pulled out in the middle of a packet.
        decoder.push(0x08, 0);
        let mut now = REST_NS;
        for byte in [0xaa, 0x00] {
            assert!(!decoder.may_be_announcement());
            now += BYTE_NS;
            decoder.push(byte, now);
        }
        assert!(decoder.may_be_announcement(), "{kind:?}");
        decoder.push(0x01, now + BYTE_NS);
        assert!(!decoder.may_be_announcement(), "a third byte makes it a packet");
    }
}
