//! A profile: where the CPUs were, tick by tick.

use alloc::string::String;
use alloc::vec::Vec;

/// Samples taken on one CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuShare {
    /// Samples while it was busy.
    pub samples: u64,
    /// Samples for which there was no room.
    pub lost: u64,
    /// How long it was idle, in thousandths of the profile: by the scheduler's clock, since an idle CPU does not tick.
    pub idle_permille: u64,
}

/// Samples in one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionShare {
    /// Its name.
    pub name: String,
    /// Samples, by CPU.
    pub samples: Vec<u64>,
}

impl FunctionShare {
    /// Samples on all CPUs.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.samples.iter().sum()
    }
}

/// Where the CPUs were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// How long it took.
    pub milliseconds: u64,
    /// Samples a second on a busy CPU.
    pub hertz: u64,
    /// The CPUs, by number.
    pub cpus: Vec<CpuShare>,
    /// The functions that were found, the hottest first.
    pub functions: Vec<FunctionShare>,
}

/// Counts addresses, given by CPU, by the function they are in: `function` tells where one begins that an address is in,
/// and `name` what it is called. Few functions are hot and a look into the symbols is slow, so neither is asked twice
/// about one stretch.
pub fn count_by_function(
    samples: &[Vec<u64>],
    mut function: impl FnMut(u64) -> Option<u64>,
    mut name: impl FnMut(u64) -> String,
) -> Vec<FunctionShare> {
    let mut sorted: Vec<(u64, usize)> = samples
        .iter()
        .enumerate()
        .flat_map(|(cpu, addresses)| addresses.iter().map(move |&address| (address, cpu)))
        .collect();
    sorted.sort_unstable();
    let mut functions: Vec<(u64, FunctionShare)> = Vec::new();
    let mut last: Option<(u64, usize)> = None;
    for (address, cpu) in sorted {
        let index = match last {
            Some((same, index)) if same == address => index,
            _ => {
                let start = function(address).unwrap_or(0);
                // Rising addresses, so a function seen before is the last one; those without a name share a place.
                let known = functions.iter().rposition(|(known, _)| *known == start);
                let index = known.unwrap_or_else(|| {
                    let name = if start == 0 { String::from("(unknown)") } else { name(start) };
                    functions.push((start, FunctionShare { name, samples: alloc::vec![0; samples.len()] }));
                    functions.len() - 1
                });
                last = Some((address, index));
                index
            }
        };
        functions[index].1.samples[cpu] += 1;
    }
    let mut functions: Vec<FunctionShare> = functions.into_iter().map(|(_, share)| share).collect();
    functions.sort_by(|a, b| b.total().cmp(&a.total()).then_with(|| a.name.cmp(&b.name)));
    functions
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::format;
    use fastrand::Rng;

    #[test]
    fn every_sample_is_counted_where_it_was() {
        // Functions of 0x100 bytes from 0x1000 on; below is nothing.
        let function = |address: u64| (address >= 0x1000).then_some(address & !0xff);
        let mut random = Rng::with_seed(1);
        let samples: Vec<Vec<u64>> =
            (0..3).map(|_| (0..500).map(|_| random.u64(0xf00..0x1600)).collect()).collect();
        let mut expected: BTreeMap<String, [u64; 3]> = BTreeMap::new();
        for (cpu, addresses) in samples.iter().enumerate() {
            for &address in addresses {
                let name = function(address).map_or("(unknown)".into(), |start| format!("f{start:x}"));
                expected.entry(name).or_default()[cpu] += 1;
            }
        }
        let found = count_by_function(&samples, function, |start| format!("f{start:x}"));
        assert!(found.is_sorted_by_key(|share| core::cmp::Reverse(share.total())));
        assert_eq!(found.len(), expected.len());
        for share in found {
            assert_eq!(share.samples, expected[&share.name], "{}", share.name);
        }
        assert_eq!(count_by_function(&[Vec::new()], function, |_| String::new()), []);
    }
}
