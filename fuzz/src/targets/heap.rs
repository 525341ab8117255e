//! Slabs and the lists in front of them against a map of what is alive: never two objects at one place, each its owner's
//! pattern, and memory that runs out.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

use heap::guard;
use heap::{FreeList, SLAB_SIZE, SizeClass, SlabMemory};

use crate::Target;
use crate::choices::Choices;

pub const TARGET: Target = Target { name: "heap", run, seeds };

/// Pages at made-up addresses, at most `limit` of them; any other address is a fault.
struct Pages {
    pages: RefCell<HashMap<usize, Vec<usize>>>,
    next: Cell<usize>,
    limit: usize,
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
        if pages.len() >= self.limit {
            return None;
        }
        let page = self.next.get();
        self.next.set(page + SLAB_SIZE);
        pages.insert(page, vec![0xdead_beef; SLAB_SIZE / 8]);
        Some(page)
    }

    fn free_page(&self, page: usize) {
        self.pages.borrow_mut().remove(&page).expect("a page in use");
    }
}

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    match choices.byte() % 4 {
        0 => guards(&mut choices),
        1 => classes(&mut choices),
        _ => objects(&mut choices),
    }
}

fn objects(choices: &mut Choices) {
    let class = SizeClass::from_index(choices.below(SizeClass::all().count()));
    let memory =
        Pages { pages: RefCell::default(), next: Cell::new(SLAB_SIZE), limit: 1 + choices.below(12) };
    let mut cache = heap::Cache::new(class);
    let lists = [FreeList::new(), FreeList::new()];
    let mut alive: BTreeMap<usize, usize> = BTreeMap::new();
    let mut pattern = 0;
    while !choices.is_empty() {
        let operation = choices.byte();
        let list = &lists[usize::from(operation & 1)];
        match operation >> 1 & 3 {
            // Several at a time: lists and slabs change at counts that single steps seldom reach.
            0 | 1 => {
                for _ in 0..=operation >> 3 {
                    let Some(object) = list.take(&memory).or_else(|| list.refill(&memory, &mut cache)) else {
                        break;
                    };
                    assert!(object.is_multiple_of(class.align()));
                    let end = object + class.size();
                    assert_eq!(object / SLAB_SIZE, (end - 1) / SLAB_SIZE, "crosses a page");
                    let below =
                        alive.range(..=object).next_back().map_or(0, |(start, _)| start + class.size());
                    let above = alive.range(object..).next().map_or(usize::MAX, |(start, _)| *start);
                    assert!(below <= object && end <= above, "two objects at one place");
                    pattern += 1;
                    (object..end).step_by(8).for_each(|word| memory.store(word, pattern));
                    alive.insert(object, pattern);
                }
            }
            2 => {
                let first = choices.below(alive.len());
                let gone: Vec<(usize, usize)> = alive
                    .iter()
                    .skip(first)
                    .take(1 + usize::from(operation >> 3))
                    .map(|(&o, &p)| (o, p))
                    .collect();
                for (object, pattern) in gone {
                    alive.remove(&object);
                    for word in (object..object + class.size()).step_by(8) {
                        assert_eq!(memory.load(word), pattern, "bytes have changed");
                    }
                    if FreeList::is_long(list.put(&memory, object), class) {
                        list.spill(&memory, &mut cache);
                    }
                }
            }
            _ => drop(cache.trim(&memory)),
        }
        let in_lists = lists[0].count() + lists[1].count();
        assert_eq!(cache.statistics().given_out, alive.len() + in_lists);
        assert_eq!(cache.statistics().slabs, memory.pages.borrow().len());
    }
    for &object in alive.keys() {
        lists[0].put(&memory, object);
    }
    for list in &lists {
        while list.count() > 0 {
            list.spill(&memory, &mut cache);
        }
    }
    cache.trim(&memory);
    assert!(memory.pages.borrow().is_empty(), "a page is lost");
}

fn classes(choices: &mut Choices) {
    let (size, align) = (choices.below(6000), 1 << choices.below(14));
    let expected = SizeClass::all().find(|class| class.size() >= size && class.align() >= align);
    assert_eq!(SizeClass::for_layout(size, align), expected, "{size} at {align}");
}

/// What is written outside of an object is found, and nothing else is.
fn guards(choices: &mut Choices) {
    const ADDRESS: usize = 0x1000;
    let mut object = [0; 64];
    let size = choices.below(49);
    assert_eq!(guard::arm(&mut object, ADDRESS, size), Ok(()));
    object[..size].fill(choices.byte());
    let place = choices.below(64);
    let change = choices.byte();
    object[place] ^= change;
    assert_eq!(guard::disarm(&mut object, ADDRESS, size).is_err(), place >= size && change != 0);
}

fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![2, 3, 5, 0xf8, 0xf9, 0xfc, 0, 6, 0xfd, 2, 0xf8, 6, 0xfc, 0],
        vec![2, 9, 2, 0x48, 0x39, 4, 1, 6, 5, 0, 0x28],
        vec![0, 20, 7, 21, 1],
        vec![1, 3, 0xe8, 4],
    ]
}
