//! Contexts against a simulated machine: processors whose TLBs keep translations by identifier, address spaces that change
//! under them. Whatever is entered, changed and ended in whatever order, no processor ever uses a translation that is gone.

use fastrand::Rng;
use std::collections::HashMap;

use paging::PhysicalAddress;
use paging::context::{Context, Contexts, are_usable};

struct Processor {
    contexts: Contexts,
    /// By identifier and page.
    tlb: HashMap<(u16, u64), u64>,
    running: Option<(usize, u16)>,
    hits: u64,
}

struct Space {
    name: u64,
    changes: u64,
    pages: [u64; 4],
}

impl Processor {
    /// What the processor does when CR3 is written.
    fn load(&mut self, context: Context) {
        if !context.keep {
            self.tlb.retain(|&(id, _), _| id != context.id);
        }
    }

    fn read(&mut self, id: u16, page: u64, space: &Space) -> u64 {
        if let Some(&known) = self.tlb.get(&(id, page)) {
            self.hits += 1;
            return known;
        }
        let found = space.pages[page as usize];
        self.tlb.insert((id, page), found);
        found
    }
}

/// Returns how often a translation was found in a TLB.
fn simulate(identifiers: bool, seed: u64) -> u64 {
    let mut random = Rng::with_seed(seed);
    let mut names = 0;
    let mut new_space = |contents| {
        names += 1;
        Space { name: names, changes: 0, pages: [contents; 4] }
    };
    let mut spaces: Vec<Space> = (0..10).map(&mut new_space).collect();
    let new_processor =
        || Processor { contexts: Contexts::new(), tlb: HashMap::new(), running: None, hits: 0 };
    let mut processors: Vec<Processor> = (0..3).map(|_| new_processor()).collect();
    for step in 0..20_000 {
        let number = random.usize(..spaces.len());
        let page = random.u64(..4);
        let is_idle = !processors.iter().any(|processor| processor.running.is_some_and(|(n, _)| n == number));
        let processor = &mut processors[random.usize(..3)];
        match random.u64(..20) {
            0..=3 => {
                let space = &spaces[number];
                let context = processor.contexts.enter(space.name, space.changes, identifiers);
                assert_eq!(context.id == 0, !identifiers);
                processor.load(context);
                processor.running = Some((number, context.id));
            }
            4 => {
                processor.load(Context::kernel(identifiers));
                processor.running = None;
            }
            5 | 6 => {
                // Changed, counted, and told to those who run it now.
                spaces[number].pages[page as usize] = step;
                spaces[number].changes += 1;
                for processor in &mut processors {
                    if let Some((running, id)) = processor.running
                        && running == number
                    {
                        processor.tlb.remove(&(id, page));
                    }
                }
            }
            7 if is_idle => {
                // It ends without a word, and another one begins in its memory.
                spaces[number] = new_space(step);
            }
            _ => {
                if let Some((number, id)) = processor.running {
                    let found = processor.read(id, page, &spaces[number]);
                    assert_eq!(found, spaces[number].pages[page as usize], "step {step}, seed {seed}");
                }
            }
        }
    }
    processors.iter().map(|processor| processor.hits).sum()
}

#[test]
fn nobody_uses_what_is_gone() {
    for seed in 0..20 {
        let (with, without) = (simulate(true, seed), simulate(false, seed));
        assert!(with > without, "identifiers find {with} translations again, against {without}");
    }
}

#[test]
fn the_register_holds_what_the_manual_says() {
    let root = PhysicalAddress::new(0x1234_5000).unwrap();
    assert_eq!(Context { id: 3, keep: false }.control_register_3(root), 0x1234_5003);
    assert_eq!(Context { id: 3, keep: true }.control_register_3(root), 0x8000_0000_1234_5003);
    // Without identifiers, bit 63 is reserved and the low bits choose how tables are cached.
    assert_eq!(Context::kernel(false).control_register_3(root), 0x1234_5000);
    let context = Contexts::new().enter(1, 0, false);
    assert_eq!(context.control_register_3(root), 0x1234_5000);
    assert!(are_usable(true, true) && !are_usable(true, false) && !are_usable(false, true));
}
