//! Power cuts: one machine works while QEMU logs every write and flush, and from the log come thousands of disks as they
//! would have been had the power gone at some moment, each of which is mounted and compared.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use workload::{Expectation, History, Session};

use super::log::{Entry, Log};
use super::replay::{self, Cut, CutDisk, Replay};
use super::verdict::Verdict;
use super::{AT_A_TIME, Kernel, LIFETIME, fresh, fsck, make_disk, run_to_end};
use crate::error::{Context, Result, fail};
use crate::machine::Machine;
use crate::project::Project;
use crate::qemu::hardware::{Chipset, Controller, Hardware};

/// What a session does, in operations.
const OPERATIONS: u64 = 400;
/// fsck.fat looks at one state in so many: it is a process and a file each time.
const FSCK_EVERY: usize = 50;
/// So many failing states are kept.
const KEPT: usize = 10;

/// States of one session.
pub struct States {
    pub name: String,
    pub seed: u64,
    pub machine: (Chipset, Controller),
    pub count: usize,
}

thread_local! {
    /// The cut that this thread looks at, for whoever reads of a panic of ours.
    static AT: Cell<Option<Cut>> = const { Cell::new(None) };
}

/// What was seen.
#[derive(Default)]
struct Tally {
    states: usize,
    failing: usize,
    unmountable: usize,
    lost: usize,
    crossed: usize,
    chains: usize,
    foreign: usize,
    wrong: usize,
    fsck_asked: usize,
    fsck_complaints: usize,
    kept: Vec<String>,
}

impl States {
    /// Records and looks. An error if any state is not as promised.
    pub fn run(&self, project: &Project, kernel: &Kernel) -> Result {
        let folder = project.build.join("crash").join(&self.name);
        fresh(&folder)?;
        let (image, before, writes) =
            (folder.join("disk.img"), folder.join("before.img"), folder.join("writes.log"));
        make_disk(&image)?;
        fs::copy(&image, &before).context("keep the disk as it was")?;
        fs::write(&writes, []).context("make the log")?;
        let words = format!("workload={} workload_operations={OPERATIONS}", self.seed);
        let hardware = kernel.machine(self.machine, &image, &words);
        let machine =
            Machine::start(Hardware { disk_log: Some(writes.clone()), ..hardware }, &folder, LIFETIME)?;
        run_to_end(machine, &folder).context("do the session")?;
        let started = Instant::now();
        let log = Log::read(&writes)?;
        let base = fs::read(&before).context("read the disk as it was")?;
        let tally = self.examine(&log, &base, &folder)?;
        let flushes = log.entries.iter().filter(|entry| **entry == Entry::Flush).count();
        println!(
            "{}: seed {}, {} writes, {flushes} flushes; {} states in {:.1} s: {} unmountable, {} with synced data lost, \
             {} with crossed chains, {} with other faults of chains, {} with foreign data, {} with what never was; \
             fsck.fat complained of {} of {}",
            self.name,
            self.seed,
            log.entries.len() - flushes,
            tally.states,
            started.elapsed().as_secs_f64(),
            tally.unmountable,
            tally.lost,
            tally.crossed,
            tally.chains - tally.crossed,
            tally.foreign,
            tally.wrong,
            tally.fsck_complaints,
            tally.fsck_asked
        );
        if tally.failing == 0 {
            // What remains of a session that went well is its seed.
            return fs::remove_dir_all(&folder).context("remove the session's files");
        }
        fail!("{} of {} states are not as promised:\n{}", tally.failing, tally.states, tally.kept.join("\n"))
    }

    fn examine(&self, log: &Log, base: &[u8], folder: &Path) -> Result<Tally> {
        let history = History::of(Session::new(self.seed, OPERATIONS));
        let expected: Vec<Expectation> = (0..=history.promises()).map(|count| history.after(count)).collect();
        // The whole log is one state more: nothing was cut, all was promised.
        let mut cuts = replay::cuts(log, self.count, self.seed);
        cuts.push(Cut { index: log.entries.len(), mixed: None });
        let tally = Mutex::new(Tally::default());
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            eprintln!("at {:?} of a log of writes:", AT.get());
            hook(panic);
        }));
        let errors = thread::scope(|scope| {
            let threads: Vec<_> = (0..AT_A_TIME)
                .map(|first| {
                    let (cuts, expected, tally) = (&cuts, &expected, &tally);
                    scope.spawn(move || -> Result {
                        let mut replay = Replay::new(log, base.to_vec());
                        for (number, &cut) in cuts.iter().enumerate().skip(first).step_by(AT_A_TIME) {
                            AT.set(Some(cut));
                            let promises = replay.promises(cut);
                            let Some(expected) = expected.get(promises as usize) else {
                                fail!("the log tells of {promises} promises, more than the session gives");
                            };
                            let ask_fsck = number % FSCK_EVERY == 0;
                            look(&mut replay, cut, expected, ask_fsck, folder, tally)?;
                        }
                        Ok(())
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
        });
        let _ = std::panic::take_hook();
        for result in errors {
            result.unwrap_or_else(|_| fail!("a state ended the examination"))?;
        }
        Ok(tally.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

/// Looks at the state at one cut.
fn look(
    replay: &mut Replay,
    cut: Cut,
    expected: &Expectation,
    ask_fsck: bool,
    folder: &Path,
    tally: &Mutex<Tally>,
) -> Result {
    let disk = replay.at(cut);
    let verdict = Verdict::of(&disk, expected);
    let complaint = if ask_fsck { ask(&disk, folder, cut)? } else { None };
    let mut tally = tally.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    tally.states += 1;
    tally.unmountable += usize::from(verdict.unmountable.is_some());
    tally.lost += usize::from(!verdict.lost.is_empty());
    tally.foreign += usize::from(!verdict.foreign.is_empty());
    tally.wrong += usize::from(!verdict.wrong.is_empty());
    tally.chains += usize::from(verdict.chains.is_some());
    tally.crossed += usize::from(verdict.is_crossed);
    tally.fsck_asked += usize::from(ask_fsck);
    tally.fsck_complaints += usize::from(complaint.is_some());
    if verdict.is_right() && complaint.is_none() {
        return Ok(());
    }
    tally.failing += 1;
    if tally.kept.len() < KEPT {
        drop(disk);
        let (cut_off, mounted) = (state_file(folder, cut, "cut"), state_file(folder, cut, "mounted"));
        let disk = replay.at(cut);
        fs::write(&cut_off, disk.bytes()).context("keep a state")?;
        let _ = Verdict::of(&disk, expected);
        fs::write(&mounted, disk.bytes()).context("keep a state")?;
        let words = format!(
            "{cut:?} after {} promises:\n{verdict}{}  as cut off: {}\n  as our mount left it: {} (fsck.fat -n -v, mdir -i)",
            replay.promises(cut),
            complaint.unwrap_or_default(),
            cut_off.display(),
            mounted.display()
        );
        tally.kept.push(words);
    }
    Ok(())
}

fn state_file(folder: &Path, cut: Cut, what: &str) -> PathBuf {
    let mixed = cut.mixed.map_or(String::new(), |seed| format!("-{seed}"));
    folder.join(format!("state-{}{mixed}-{what}.img", cut.index))
}

/// What fsck.fat has to say of a disk that our mount has put in order.
fn ask(disk: &CutDisk, folder: &Path, cut: Cut) -> Result<Option<String>> {
    let image = state_file(folder, cut, "fsck");
    fs::write(&image, disk.bytes()).context("write an image for fsck.fat")?;
    let complaint = fsck(&image).err().map(|error| format!("{error}\n"));
    fs::remove_file(&image).context("remove the image for fsck.fat")?;
    Ok(complaint)
}
