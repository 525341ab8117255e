//! A machine for the models of devices: memory that both sides see, a clock that moves when somebody waits, and users
//! who want their sectors.
#![allow(dead_code, reason = "each test file uses the part that it needs")]

mod oracle;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use disks::hardware::{Machine, Memory, PhysicalMemory, Reach};
use disks::queue::{Queue, Rejected, Request, Waiter};
use disks::{Controller, Fault, Operation, Segment};

pub use oracle::Oracle;

/// The physical address of the first byte.
const BASE: u64 = 0x0010_0000;
/// The same memory is here once more, beyond 4 GiB, for the processor only.
const HIGH: u64 = 0x2_4000_0000;

/// Physical memory and time. Clones are the same machine.
#[derive(Clone)]
pub struct World(Rc<Inner>);

struct Inner {
    memory: RefCell<Vec<u8>>,
    now_ns: Cell<u64>,
    /// Allocations that still succeed.
    left: Cell<usize>,
    /// Most pages of a request are named by their high addresses.
    high: Cell<bool>,
}

impl World {
    pub fn new() -> Self {
        let (memory, now_ns) = (RefCell::new(Vec::new()), Cell::new(0));
        Self(Rc::new(Inner { memory, now_ns, left: Cell::new(usize::MAX), high: Cell::new(false) }))
    }

    pub fn allow_allocations(&self, count: usize) {
        self.0.left.set(count);
    }

    pub fn use_high_memory(&self) {
        self.0.high.set(true);
    }

    pub fn pass_ns(&self, time_ns: u64) {
        self.0.now_ns.set(self.0.now_ns.get() + time_ns);
    }

    /// What a device does; panics when it reaches outside of what was allocated.
    pub fn device_read(&self, address: u64, length: usize) -> Vec<u8> {
        let at = (address - BASE) as usize;
        self.0.memory.borrow()[at..at + length].to_vec()
    }

    pub fn device_write(&self, address: u64, bytes: &[u8]) {
        let at = (address - BASE) as usize;
        self.0.memory.borrow_mut()[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub fn device_u32(&self, address: u64) -> u32 {
        u32::from_le_bytes(self.device_read(address, 4).try_into().unwrap())
    }

    pub fn device_u64(&self, address: u64) -> u64 {
        u64::from_le_bytes(self.device_read(address, 8).try_into().unwrap())
    }
}

pub struct Shared {
    world: World,
    address: u64,
    length: usize,
}

impl Memory for Shared {
    fn address(&self) -> u64 {
        self.address
    }

    fn length(&self) -> usize {
        self.length
    }

    fn read(&self, offset: usize, buffer: &mut [u8]) {
        assert!(offset + buffer.len() <= self.length);
        buffer.copy_from_slice(&self.world.device_read(self.address + offset as u64, buffer.len()));
    }

    fn write(&self, offset: usize, bytes: &[u8]) {
        assert!(offset + bytes.len() <= self.length);
        self.world.device_write(self.address + offset as u64, bytes);
    }

    fn read_u32(&self, offset: usize) -> u32 {
        assert_eq!(offset % 4, 0);
        let mut bytes = [0; 4];
        self.read(offset, &mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn write_u32(&self, offset: usize, value: u32) {
        assert_eq!(offset % 4, 0);
        self.write(offset, &value.to_le_bytes());
    }
}

impl PhysicalMemory for World {
    fn copy_out(&self, address: u64, buffer: &mut [u8]) {
        buffer.copy_from_slice(
            &self.device_read(if address < HIGH { address } else { address - HIGH }, buffer.len()),
        );
    }

    fn copy_in(&self, address: u64, bytes: &[u8]) {
        self.device_write(if address < HIGH { address } else { address - HIGH }, bytes);
    }
}

impl Machine for World {
    type Memory = Shared;

    fn allocate(&self, bytes: usize, _reach: Reach) -> Option<Shared> {
        self.0.left.set(self.0.left.get().checked_sub(1)?);
        let length = bytes.next_multiple_of(4096);
        let mut memory = self.0.memory.borrow_mut();
        // A page that is nobody's between any two, so that nothing is contiguous by accident.
        let at = memory.len() + 4096;
        memory.resize(at + length, 0);
        Some(Shared { world: self.clone(), address: BASE + at as u64, length })
    }

    fn now_ns(&self) -> u64 {
        self.0.now_ns.get()
    }

    fn pause(&self) {
        self.pass_ns(1_000_000);
    }
}

/// Owns the memory of a request, and notes how it went.
pub struct Buffer {
    pages: Rc<Vec<Shared>>,
    segments: Vec<Segment>,
    results: Rc<RefCell<Vec<Result<(), Fault>>>>,
}

impl Waiter for Buffer {
    fn segments(&self) -> &[Segment] {
        &self.segments
    }

    fn finished(&self, result: Result<(), Fault>) {
        self.results.borrow_mut().push(result);
    }
}

/// A request that somebody waits for.
pub struct Pending {
    pages: Rc<Vec<Shared>>,
    pub results: Rc<RefCell<Vec<Result<(), Fault>>>>,
}

/// How a request went, and the memory unless the queue keeps it.
pub type Outcome = (Result<(), Fault>, Option<Vec<u8>>);

/// Submits a request for `data.len()` bytes, scattered over pages.
pub fn submit<C: Controller>(
    world: &World,
    queue: &mut Queue<C, Buffer>,
    operation: Operation,
    first_sector: u64,
    data: &[u8],
) -> Pending {
    try_submit(world, queue, operation, first_sector, data).expect("a place in the queue")
}

/// As [`submit`], to one of several disks.
pub fn submit_to<C: Controller>(
    world: &World,
    queue: &mut Queue<C, Buffer>,
    unit: usize,
    operation: Operation,
    first_sector: u64,
    data: &[u8],
) -> Pending {
    offer(world, queue, unit, operation, first_sector, data).expect("a place in the queue")
}

/// As [`submit`]; `None` when the queue does not take it for lack of room.
pub fn try_submit<C: Controller>(
    world: &World,
    queue: &mut Queue<C, Buffer>,
    operation: Operation,
    first_sector: u64,
    data: &[u8],
) -> Option<Pending> {
    offer(world, queue, 0, operation, first_sector, data)
}

fn offer<C: Controller>(
    world: &World,
    queue: &mut Queue<C, Buffer>,
    unit: usize,
    operation: Operation,
    first_sector: u64,
    data: &[u8],
) -> Option<Pending> {
    let mut pages = Vec::new();
    let mut segments = Vec::new();
    for part in data.chunks(4096) {
        let page = world.allocate(4096, Reach::All).unwrap();
        page.write(0, part);
        let high = if world.0.high.get() && pages.len() % 40 != 7 { HIGH } else { 0 };
        segments.push(Segment { address: page.address() + high, length: part.len() as u32 });
        pages.push(page);
    }
    let (pages, results) = (Rc::new(pages), Rc::new(RefCell::new(Vec::new())));
    let owner = Buffer { pages: pages.clone(), segments, results: results.clone() };
    let request = Request { unit, operation, first_sector, owner };
    match queue.submit(request, world.now_ns()) {
        Ok(()) => {}
        Err(Rejected::Full(_)) => return None,
        Err(Rejected::GivenUp(_)) => results.borrow_mut().push(Err(Fault::GivenUp)),
    }
    Some(Pending { pages, results })
}

/// Waits as the kernel does: looks after the queue, resets the controller when asked to. Gives the result, and the
/// memory unless the queue keeps it.
pub fn finish<C: Controller>(world: &World, queue: &mut Queue<C, Buffer>, pending: Pending) -> Outcome {
    for _ in 0..200_000 {
        if queue.advance(world.now_ns())
            && let Some(mut controller) = queue.begin_reset()
        {
            let result = controller.reset();
            queue.end_reset(controller, result, world.now_ns());
        }
        let results = pending.results.borrow();
        if let Some(&result) = results.first() {
            assert_eq!(results.len(), 1, "told once that it is over");
            let is_back = Rc::strong_count(&pending.pages) == 1;
            let bytes =
                || pending.pages.iter().flat_map(|page| world.device_read(page.address(), 4096)).collect();
            return (result, is_back.then(bytes));
        }
        drop(results);
        world.pause();
    }
    panic!("a request never ended");
}

/// Lets a device work, which hears of nothing by itself, then waits.
pub fn work_and_finish<C: Controller>(
    world: &World,
    queue: &mut Queue<C, Buffer>,
    pending: Pending,
    mut work: impl FnMut(),
) -> Outcome {
    for _ in 0..4 {
        work();
        queue.advance(world.now_ns());
    }
    finish(world, queue, pending)
}
