//! One disk that was cut off: mounted, put in order, and compared with what was promised.

use std::fmt;

use workload::{Expectation, Fault};

use super::clusters;
use super::replay::CutDisk;
use super::volume;

/// What is wrong with one disk, in words, by kind. Nothing, as a rule.
#[derive(Debug, Default)]
pub struct Verdict {
    pub unmountable: Option<String>,
    pub lost: Vec<String>,
    pub foreign: Vec<String>,
    /// Names and contents that never were, though nobody else's.
    pub wrong: Vec<String>,
    /// Chains of clusters that are shared, broken or nobody's after the mount.
    pub chains: Option<String>,
    pub is_crossed: bool,
}

impl Verdict {
    /// Mounts `disk` and looks. The disk is afterwards as the mount left it.
    pub fn of(disk: &CutDisk, expected: &Expectation) -> Self {
        let mut verdict = Self::default();
        let tree = match volume::mount_and_read(disk.clone()) {
            Ok(tree) => tree,
            Err(reason) => {
                verdict.unmountable = Some(reason);
                return verdict;
            }
        };
        for fault in expected.faults(&tree) {
            let list = match fault {
                Fault::Lost(_) => &mut verdict.lost,
                Fault::Foreign(..) => &mut verdict.foreign,
                Fault::Wrong(_) | Fault::Unexpected(_) => &mut verdict.wrong,
            };
            list.push(fault.to_string());
        }
        let ownership = clusters::ownership(&disk.bytes());
        if ownership.as_ref() != Some(&clusters::Ownership::default()) {
            verdict.is_crossed = ownership.as_ref().is_some_and(|ownership| ownership.crossed > 0);
            verdict.chains = Some(match ownership {
                Some(ownership) => format!("{ownership:?}"),
                None => "no FAT32 volume".into(),
            });
        }
        verdict
    }

    pub fn is_right(&self) -> bool {
        self.unmountable.is_none()
            && self.lost.is_empty()
            && self.foreign.is_empty()
            && self.wrong.is_empty()
            && self.chains.is_none()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reason) = &self.unmountable {
            writeln!(out, "can't be used: {reason}")?;
        }
        for line in self.lost.iter().chain(&self.foreign).chain(&self.wrong) {
            writeln!(out, "{line}")?;
        }
        match &self.chains {
            Some(chains) => writeln!(out, "clusters: {chains}"),
            None => Ok(()),
        }
    }
}
