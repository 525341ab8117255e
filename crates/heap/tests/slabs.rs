//! Caches and lists against a map of what is alive, over memory that notices every misuse.

use fastrand::Rng;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use heap::guard::{self, Corruption};
use heap::{Cache, FreeList, SLAB_SIZE, SizeClass, SlabMemory};

/// Pages at made-up addresses, at most `limit` of them.
struct Pages {
    pages: RefCell<HashMap<usize, Vec<usize>>>,
    next: RefCell<usize>,
    limit: usize,
}

impl Pages {
    fn new(limit: usize) -> Self {
        Self { pages: RefCell::default(), next: RefCell::new(SLAB_SIZE), limit }
    }
}

impl SlabMemory for Pages {
    fn load(&self, address: usize) -> usize {
        assert!(address.is_multiple_of(8));
        self.pages.borrow()[&(address & !(SLAB_SIZE - 1))][address % SLAB_SIZE / 8]
    }

    fn store(&self, address: usize, value: usize) {
        assert!(address.is_multiple_of(8));
        let mut pages = self.pages.borrow_mut();
        pages.get_mut(&(address & !(SLAB_SIZE - 1))).expect("a page in use")[address % SLAB_SIZE / 8] = value;
    }

    fn allocate_page(&self) -> Option<usize> {
        let mut pages = self.pages.borrow_mut();
        let mut next = self.next.borrow_mut();
        *next += SLAB_SIZE;
        (pages.len() < self.limit).then(|| {
            pages.insert(*next, vec![0xdead_beef; SLAB_SIZE / 8]);
            *next
        })
    }

    fn free_page(&self, page: usize) {
        self.pages.borrow_mut().remove(&page).expect("a page in use");
    }
}

#[test]
fn the_smallest_class_that_fits_is_chosen() {
    let classes: Vec<SizeClass> = SizeClass::all().collect();
    for align in [1, 2, 4, 8, 16, 32, 64, 128, 4096] {
        for size in 0..5000 {
            let expected = classes.iter().find(|class| class.size() >= size && class.align() >= align);
            assert_eq!(SizeClass::for_layout(size, align), expected.copied(), "{size} at {align}");
        }
    }
}

/// Objects of two CPUs, allocated and freed at random on either: never two alive at one place, always
/// aligned, always their owner's pattern; and in the end not a page is left but the one that is kept.
#[test]
fn objects_are_their_owners_alone() {
    for class in SizeClass::all() {
        let memory = Pages::new(40);
        let mut cache = Cache::new(class);
        let lists = [FreeList::new(), FreeList::new()];
        let mut alive: BTreeMap<usize, usize> = BTreeMap::new();
        let mut random = Rng::with_seed(class.index() as u64);
        let mut failed = 0;
        for step in 0..20_000 {
            let list = &lists[random.usize(..2)];
            // Phases that grow and phases that shrink.
            if random.usize(..100) < if step % 8_000 < 4_000 { 70 } else { 30 } {
                let Some(object) = list.take(&memory).or_else(|| list.refill(&memory, &mut cache)) else {
                    failed += 1;
                    continue;
                };
                assert!(object.is_multiple_of(class.align()));
                assert_eq!(object / SLAB_SIZE, (object + class.size() - 1) / SLAB_SIZE, "crosses a page");
                let below = alive.range(..=object).next_back().map_or(0, |(start, _)| start + class.size());
                let above = alive.range(object..).next().map_or(usize::MAX, |(start, _)| *start);
                assert!(below <= object && object + class.size() <= above, "two objects at one place");
                (object..object + class.size()).step_by(8).for_each(|word| memory.store(word, step));
                alive.insert(object, step);
            } else if let Some((&object, &pattern)) = alive.iter().nth(random.usize(..alive.len().max(1))) {
                alive.remove(&object);
                for word in (object..object + class.size()).step_by(8) {
                    assert_eq!(memory.load(word), pattern, "step {step}: bytes have changed");
                }
                if FreeList::is_long(list.put(&memory, object), class) {
                    list.spill(&memory, &mut cache);
                }
            }
            let in_lists = lists[0].count() + lists[1].count();
            assert_eq!(cache.statistics().given_out, alive.len() + in_lists);
            assert_eq!(cache.statistics().slabs, memory.pages.borrow().len());
        }
        assert!(failed > 0 || class.size() < 200, "memory should have run out: {class:?}");
        for (object, _) in alive {
            lists[0].put(&memory, object);
        }
        for list in &lists {
            while list.count() > 0 {
                list.spill(&memory, &mut cache);
            }
        }
        assert_eq!((cache.statistics().given_out, cache.statistics().slabs), (0, 1), "{class:?}");
        assert!(cache.trim(&memory) && !cache.trim(&memory));
        assert!(memory.pages.borrow().is_empty());
        assert!(cache.take(&memory).is_some(), "usable again");
    }
}

#[test]
fn a_slab_holds_what_fits_and_not_one_more() {
    for class in SizeClass::all() {
        let memory = Pages::new(1);
        let mut cache = Cache::new(class);
        let count = std::iter::from_fn(|| cache.take(&memory)).count();
        assert_eq!(count, (SLAB_SIZE - 64) / class.size());
    }
}

#[test]
fn the_guard_finds_what_owners_do_wrong() {
    let address = 0x1000;
    for size in [0, 1, 47, 48] {
        let mut object = [0; 64];
        let fresh = |object: &mut [u8; 64]| {
            *object = [0; 64];
            assert_eq!(guard::arm(object, address, size), Ok(()));
            object[..size].fill(7);
        };
        fresh(&mut object);
        assert_eq!(guard::disarm(&mut object, address, size), Ok(()));
        object[..8].fill(9); // the list's link
        assert_eq!(guard::disarm(&mut object, address, size), Err(Corruption::DoubleFree));
        assert_eq!(guard::arm(&mut object, address, size), Ok(()));
        // Each byte behind the end counts.
        for at in size..64 {
            fresh(&mut object);
            object[at] ^= 1;
            assert_eq!(guard::disarm(&mut object, address, size), Err(Corruption::Overrun), "byte {at}");
        }
        for at in 8..56 {
            fresh(&mut object);
            guard::disarm(&mut object, address, size).unwrap();
            object[at] ^= 1;
            assert_eq!(guard::arm(&mut object, address, size), Err(Corruption::WriteAfterFree), "byte {at}");
        }
    }
}
