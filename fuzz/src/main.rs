//! `fuzz list`, `fuzz seeds FOLDER`, `fuzz run TARGET --corpus FOLDER [...]`: the targets in plain Rust, without a
//! fuzzer. What `make test` runs; see `plain`.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use fuzz::plain::{self, Plan};
use fuzz::{TARGETS, Target, target};

const USAGE: &str = "usage: fuzz list | fuzz seeds FOLDER | fuzz run TARGET CORPUS FINDS [SECONDS [SEED]] | fuzz one TARGET FILE";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match perform(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fuzz: {error}");
            ExitCode::FAILURE
        }
    }
}

fn perform(words: &[&str]) -> Result<(), String> {
    match words {
        ["list"] => {
            TARGETS.iter().for_each(|target| println!("{}", target.name));
            Ok(())
        }
        ["seeds", folder] => plain::write_seeds(folder.as_ref()),
        ["one", name, file] => plain::run_file(find(name)?, file.as_ref()),
        ["run", name, corpus, finds, bounds @ ..] if bounds.len() <= 2 => {
            let number = |at: usize, default: u64| match bounds.get(at) {
                None => Ok(default),
                Some(text) => text.parse::<u64>().map_err(|_| format!("{text} is no number")),
            };
            let plan = Plan {
                target: find(name)?,
                corpus: PathBuf::from(corpus),
                finds: PathBuf::from(finds),
                time: Duration::from_secs(number(0, 0)?),
                seed: number(1, 0)?,
            };
            plain::run(&plan)
        }
        _ => Err(USAGE.into()),
    }
}

fn find(name: &str) -> Result<Target, String> {
    target(name).ok_or_else(|| format!("no target is called {name}; `fuzz list` names them"))
}
