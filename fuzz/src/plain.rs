//! A run without a fuzzer: the corpus first, then mutants of it until the time is up. Each mutant is numbered and the
//! same for the same seed, so that what was found is found again. An input that panics, or that does not end, is
//! written to a file before the program aborts.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::mutation::{Random, mutant};
use crate::{TARGETS, Target};

/// Longer than this no input may take; on a machine as slow as they come, the slowest takes some milliseconds.
const LIMIT: Duration = Duration::from_secs(10);

/// What a run is to be.
pub struct Plan {
    /// What is fuzzed.
    pub target: Target,
    /// Its corpus: every file in this folder is an input.
    pub corpus: PathBuf,
    /// Where an input that fails is put.
    pub finds: PathBuf,
    /// How long mutants are tried after the corpus.
    pub time: Duration,
    /// Where the random numbers begin.
    pub seed: u64,
}

/// The input under test and since when, for whoever has to tell about its failure.
struct Current {
    input: Vec<u8>,
    since: Option<Instant>,
}

type Shared = Arc<Mutex<Current>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Current> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Replays the corpus, then tries mutants; prints how many of each.
///
/// # Errors
/// In words, when files can't be read or the corpus is empty. A fault found ends the program.
pub fn run(plan: &Plan) -> Result<(), String> {
    let corpus = read_corpus(&plan.corpus)?;
    if corpus.is_empty() {
        return Err(format!("{} holds no input", plan.corpus.display()));
    }
    let current = Arc::new(Mutex::new(Current { input: Vec::new(), since: None }));
    tell_of_panics(plan, &current);
    watch(plan, &current);
    let attempt = |input: &[u8]| {
        {
            let mut current = lock(&current);
            current.input.clear();
            current.input.extend_from_slice(input);
            current.since = Some(Instant::now());
        }
        (plan.target.run)(input);
        lock(&current).since = None;
    };
    corpus.iter().for_each(|input| attempt(input));
    let started = Instant::now();
    let mut random = Random::new(plan.seed);
    let mut mutants = 0_u64;
    while started.elapsed() < plan.time {
        attempt(&mutant(&corpus, &mut random));
        mutants += 1;
    }
    println!(
        "{}: {} of the corpus, {mutants} mutants from seed {}",
        plan.target.name,
        corpus.len(),
        plan.seed
    );
    Ok(())
}

/// Runs one file, for a person who looks at a find.
///
/// # Errors
/// In words, when it can't be read.
pub fn run_file(target: Target, file: &Path) -> Result<(), String> {
    let input = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    (target.run)(&input);
    println!("{}: {} bytes, nothing wrong", target.name, input.len());
    Ok(())
}

/// Writes every target's seeds to `folder/TARGET`.
///
/// # Errors
/// In words, when a file can't be written.
pub fn write_seeds(folder: &Path) -> Result<(), String> {
    for target in TARGETS {
        for seed in (target.seeds)() {
            write_input(&folder.join(target.name), "seed", &seed)?;
        }
    }
    Ok(())
}

fn read_corpus(folder: &Path) -> Result<Vec<Vec<u8>>, String> {
    let words = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(words)?;
    // A folder has no order of its own, and the mutants depend on it.
    files.sort();
    files.iter().map(|file| fs::read(file).map_err(words)).collect()
}

fn write_input(folder: &Path, kind: &str, input: &[u8]) -> Result<PathBuf, String> {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let path = folder.join(format!("{kind}-{:016x}", hasher.finish()));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, input))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// Before a panic ends the program, its input is written down.
fn tell_of_panics(plan: &Plan, current: &Shared) {
    let (name, finds, current) = (plan.target.name, plan.finds.clone(), current.clone());
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        usual(panic);
        tell(name, &finds, "panic", &lock(&current).input);
        std::process::abort();
    }));
}

/// A thread that ends the program when one input takes too long.
fn watch(plan: &Plan, current: &Shared) {
    let (name, finds, current) = (plan.target.name, plan.finds.clone(), current.clone());
    thread::spawn(move || {
        loop {
            thread::sleep(LIMIT / 20);
            let current = lock(&current);
            if current.since.is_some_and(|since| since.elapsed() > LIMIT) {
                eprintln!("{name}: an input takes longer than {} s", LIMIT.as_secs());
                tell(name, &finds, "endless", &current.input);
                std::process::abort();
            }
        }
    });
}

fn tell(name: &str, finds: &Path, kind: &str, input: &[u8]) {
    match write_input(&finds.join(name), kind, input) {
        Ok(path) => eprintln!("{name}: the input is {}", path.display()),
        Err(error) => eprintln!("{name}: the input could not be kept: {error}; it is {input:02x?}"),
    }
}
