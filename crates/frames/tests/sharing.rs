//! Caches and owners: no frame is in two hands, and none gets lost on the way.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU16;

use fastrand::Rng;
use frames::{Frame, FrameAllocator, FrameCache, FrameRange, NotOwned, Owners, Release};

/// Three caches over one allocator, frames shared and released at random, against a map of counts.
#[test]
fn agree_with_a_map_whatever_is_asked() {
    const FRAMES: u64 = 300;
    let mut storage = vec![0; FrameAllocator::storage_words(FRAMES)];
    let mut allocator = FrameAllocator::new(&mut storage, FRAMES).unwrap();
    allocator.add(FrameRange { start: Frame::from_number(1), count: FRAMES - 1 });
    let counts: Vec<AtomicU16> = (0..FRAMES).map(|_| AtomicU16::new(0)).collect();
    let owners = Owners::new(&counts);
    let caches = [const { FrameCache::new() }; 3];
    let mut expected: BTreeMap<u64, u16> = BTreeMap::new();
    let mut random = Rng::with_seed(1);
    for step in 0..50_000 {
        let cache = &caches[random.usize(..3)];
        let chosen = random.u64(..FRAMES + 5);
        match random.u32(..10) {
            0..=4 => {
                if cache.count() == 0 {
                    cache.refill(&mut allocator);
                }
                if let Some(frame) = cache.take() {
                    owners.give(frame);
                    assert_eq!(expected.insert(frame.number(), 1), None, "step {step}: in two hands");
                } else {
                    assert_eq!(allocator.statistics().free(), 0);
                }
            }
            5 => {
                let shared = owners.share(Frame::from_number(chosen));
                let entry = expected.get_mut(&chosen).map(|count| {
                    *count += 1;
                    *count
                });
                assert_eq!(shared, entry);
            }
            _ => {
                let frame = Frame::from_number(chosen);
                let result = owners.release(frame);
                match expected.get_mut(&chosen) {
                    None => assert_eq!(result, Err(NotOwned(frame)), "step {step}"),
                    Some(1) => {
                        assert_eq!(result, Ok(Release::Last));
                        expected.remove(&chosen);
                        if !cache.put(frame) {
                            cache.spill(&mut allocator).unwrap();
                            assert!(cache.put(frame));
                        }
                    }
                    Some(count) => {
                        *count -= 1;
                        assert_eq!(result, Ok(Release::Shared(*count)));
                    }
                }
            }
        }
        let cached: usize = caches.iter().map(FrameCache::count).sum();
        let is_shared = owners.is_shared(Frame::from_number(chosen));
        assert_eq!(is_shared, expected.get(&chosen).is_some_and(|&count| count > 1));
        assert_eq!(allocator.statistics().used(), expected.len() as u64 + cached as u64);
    }
    assert!(expected.iter().all(|(&number, &count)| owners.of(Frame::from_number(number)) == count));
}

#[test]
fn owners_are_counted_up_to_the_end() {
    let counts = [AtomicU16::new(0)];
    let (owners, frame) = (Owners::new(&counts), Frame::from_number(0));
    assert_eq!(owners.share(frame), None, "nobody owns it");
    owners.give(frame);
    for count in 2..=u16::MAX {
        assert_eq!(owners.share(frame), Some(count));
    }
    assert_eq!(owners.share(frame), None, "no counter is that large");
    assert_eq!(owners.of(frame), u16::MAX);
}
