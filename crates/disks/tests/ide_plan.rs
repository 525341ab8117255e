//! What a bus master is shown, against a list of where each byte lies.

use disks::Segment;
use disks::ide::plan::{Aside, Detour, MOST_REGIONS, Plan};
use fastrand::Rng;

/// Where each byte of the data lies, one after the other: what is meant, without a thought of tables.
fn places(segments: &[Segment]) -> Vec<u64> {
    segments
        .iter()
        .flat_map(|segment| (0..u64::from(segment.length)).map(|at| segment.address + at))
        .collect()
}

/// Checks a plan by the byte: what the table and the detours make of it, and that the device can take the table. Gives
/// how many bytes it moves.
fn check(plan: &Plan, meant: &[u64], aside: Aside) -> usize {
    let mut shown = Vec::new();
    assert!(plan.regions().len() <= MOST_REGIONS);
    for region in plan.regions() {
        let (first, last) =
            (u64::from(region.address), u64::from(region.address) + u64::from(region.length) - 1);
        assert!(region.length > 0 && first.is_multiple_of(2) && region.length.is_multiple_of(2));
        assert!(last < 1 << 32 && first / 65536 == last / 65536, "{region:x?}");
        shown.extend(first..=last);
    }
    let mut detours = plan.detours().iter();
    let mut detour: Option<(Detour, usize)> = None;
    let mut taken_aside = 0;
    for place in &mut shown {
        let at = place.wrapping_sub(aside.address);
        if at >= aside.length as u64 {
            continue;
        }
        // The detours are in the order of the data, and so are the bytes aside.
        assert_eq!(at, taken_aside);
        taken_aside += 1;
        let (current, done) = match detour {
            Some((current, done)) if done < current.length => (current, done),
            _ => (*detours.next().expect("a detour for each byte aside"), 0),
        };
        assert_eq!(current.at + done, at as usize);
        *place = current.address + done as u64;
        detour = Some((current, done + 1));
    }
    assert!(detours.next().is_none() && detour.is_none_or(|(detour, done)| done == detour.length));
    assert_eq!(shown.len(), plan.length());
    assert_eq!(shown[..], meant[..shown.len()]);
    assert!(shown.len().is_multiple_of(512));
    shown.len()
}

/// Memory of all kinds, some 100 times: plan after plan moves each byte once, in order, and only such memory is shown
/// as may be.
#[test]
fn plans_move_each_byte_once_and_keep_the_rules() {
    let mut random = Rng::with_seed(0x1234_5678_9abc_def1);
    let mut plan = Plan::new().unwrap();
    let aside = Aside { address: 0x0ff_f000, length: 256 << 10 };
    let (mut detours, mut direct) = (0, 0);
    for round in 0..100 {
        let is_ugly = round % 3 == 0;
        let mut segments: Vec<Segment> = Vec::new();
        let mut bytes = 0;
        for _ in 0..=random.u64(..255) {
            let most_pages = if random.usize(..8) == 0 { 40 } else { 2 };
            let pages = 1 + random.u64(..most_pages);
            let mut address = match random.usize(..6) {
                0 => (1 << 32) + (random.u64(..1 << 20) << 12),
                // Across 4 GiB, or up to it.
                1 => (1 << 32) - 0x4000 + 4096 * random.u64(..5),
                // Right behind the one before.
                2 => segments.last().map_or(0x4000_0000, |last| last.address + u64::from(last.length)),
                _ => 0x4000_0000 + (random.u64(..1 << 19) << 12),
            };
            let mut length = pages * 4096;
            if is_ugly && random.usize(..4) == 0 {
                address += random.u64(..4096);
                length = 1 + random.u64(..9000);
            }
            bytes += length;
            segments.push(Segment { address, length: length as u32 });
        }
        // Whole sectors in sum.
        segments.last_mut().unwrap().length += (512 - bytes % 512) as u32 % 512;
        let meant = places(&segments);
        let mut done = 0;
        while done < meant.len() {
            let most = [1 << 20, 128 << 10, 512][random.usize(..3)];
            plan.make(&segments, done, most, aside);
            let moved = check(&plan, &meant[done..], aside);
            assert!(moved > 0 && moved <= most);
            detours += plan.detours().len();
            direct += plan.regions().len() - usize::from(!plan.detours().is_empty());
            done += moved;
        }
    }
    assert!(detours > 1_000 && direct > 1_000, "{detours} detours, {direct} regions: the test tests little");
}

/// Page frames below 4 GiB are shown as they are, in one command, the whole MiB.
#[test]
fn frames_make_no_detours() {
    let mut plan = Plan::new().unwrap();
    let aside = Aside { address: 0x10_0000, length: 4096 };
    let frames: Vec<Segment> =
        (0..256).map(|number| Segment { address: 0x20_0000 + number * 8192, length: 4096 }).collect();
    plan.make(&frames, 0, 1 << 20, aside);
    assert_eq!((plan.length(), plan.regions().len(), plan.detours().len()), (1 << 20, 256, 0));
    let run = [Segment { address: 0x20_f000, length: 1 << 20 }];
    plan.make(&run, 0, 1 << 20, aside);
    assert_eq!((plan.length(), plan.regions().len()), (1 << 20, 17));
}

/// The smallest pieces that a command may have: a sector has room.
#[test]
fn a_sector_in_256_pieces_has_room() {
    let mut plan = Plan::new().unwrap();
    let aside = Aside { address: 0x10_0000, length: 4096 };
    for step in [3, 4] {
        let scattered: Vec<Segment> =
            (0..256).map(|number| Segment { address: 0x20_0000 + number * step, length: 2 }).collect();
        plan.make(&scattered, 0, 1 << 20, aside);
        assert_eq!(check(&plan, &places(&scattered), aside), 512);
    }
}
