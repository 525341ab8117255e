//! A fake machine: table memory that notices misuse, and a source of random numbers that repeats.

use std::collections::HashMap;

use paging::{PhysicalAddress, TableMemory, VirtualAddress};

/// Live tables by address. Reading or writing any other address is a test failure.
pub struct Machine {
    tables: HashMap<u64, Box<[u64; 512]>>,
    next: u64,
    limit: usize,
    /// Allocations until the one that fails, itself included; 0 when none does, or it has.
    until_failure: usize,
    failed: bool,
}

impl Machine {
    /// A machine with frames for `limit` tables at a time.
    pub fn new(limit: usize) -> Self {
        Self { tables: HashMap::new(), next: 0x1000, limit, until_failure: 0, failed: false }
    }

    /// Makes the `k`-th allocation from now on (from 1) fail.
    pub fn fail_allocation(&mut self, k: usize) {
        (self.until_failure, self.failed) = (k, false);
    }

    /// Whether it came so far.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Tables in use.
    pub fn live(&self) -> usize {
        self.tables.len()
    }

    /// Entry `index` of the table at `table`.
    pub fn entry(&self, table: PhysicalAddress, index: usize) -> u64 {
        self.tables[&table.get()][index]
    }
}

impl TableMemory for Machine {
    fn read(&self, table: PhysicalAddress, index: usize) -> u64 {
        self.entry(table, index)
    }

    fn write(&mut self, table: PhysicalAddress, index: usize, bits: u64) {
        self.tables.get_mut(&table.get()).expect("a table that is in use")[index] = bits;
    }

    fn allocate(&mut self) -> Option<PhysicalAddress> {
        self.failed |= self.until_failure == 1;
        let fails = self.until_failure == 1;
        self.until_failure = self.until_failure.saturating_sub(1);
        if self.tables.len() >= self.limit || fails {
            return None;
        }
        let address = self.next;
        self.next += 0x1000;
        self.tables.insert(address, Box::new([0; 512]));
        Some(physical(address))
    }

    fn free(&mut self, table: PhysicalAddress) {
        let entries = self.tables.remove(&table.get()).expect("a table that is in use");
        assert!(entries.iter().all(|&entry| entry == 0), "a table went back with entries in it");
    }
}

/// The canonical address `address`.
pub fn virtual_address(address: u64) -> VirtualAddress {
    VirtualAddress::new(address).expect("canonical")
}

/// The physical address `address`.
pub fn physical(address: u64) -> PhysicalAddress {
    PhysicalAddress::new(address).expect("52 bits")
}
