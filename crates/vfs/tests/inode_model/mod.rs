//! A file system as plain maps, and a random user who compares it with the one in memory. Operations are values, so that
//! a test can try one again and again while memory runs out. Beside it the pages that the host has.

mod maps;
mod operation;

pub use maps::Model;
pub use operation::{Answer, Operation, agree, any_operation, perform};

use super::decide::Decide;
use std::sync::{Arc, Mutex};
use vfs::inode::Time;
use vfs::tmpfs::{PAGE_SIZE, Page, Pages, TmpFs};

const PAGE: u64 = PAGE_SIZE as u64;

/// A page on the heap.
#[derive(Clone)]
pub struct HeapPage(Arc<Mutex<[u8; PAGE_SIZE]>>);

impl Page for HeapPage {
    fn read(&self, offset: usize, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0.lock().unwrap()[offset..offset + buffer.len()]);
    }

    fn write(&self, offset: usize, data: &[u8]) {
        self.0.lock().unwrap()[offset..offset + data.len()].copy_from_slice(data);
    }
}

/// Pages of the heap, unless the function says that there is none.
pub struct HeapPages(pub fn() -> bool);

impl Pages for HeapPages {
    type Page = HeapPage;

    fn allocate(&self) -> Option<HeapPage> {
        (self.0)().then(|| HeapPage(Arc::new(Mutex::new([0; PAGE_SIZE]))))
    }
}

/// What the tests look at.
pub type Fs = TmpFs<HeapPages>;

/// A clock that stands.
pub fn noon() -> Time {
    Time { seconds: 1_700_000_000, nanoseconds: 123_456_789 }
}

/// Does `steps` random things to both, and compares after each.
pub fn run(fs: &mut Fs, model: &mut Model, steps: usize, decide: &mut impl Decide) {
    for step in 0..steps {
        let operation = any_operation(model, decide);
        let real = perform(fs, &model.held, &operation);
        let modelled = model.apply(&operation);
        assert!(agree(&real, &modelled), "{operation:.60?} at {step}: {real:.60?}, not {modelled:.60?}");
        if let (Ok(real), Ok(modelled)) = (&real, &modelled) {
            model.settle(&operation, real, modelled);
        }
        model.compare(fs);
    }
}
