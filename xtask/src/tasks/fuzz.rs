//! `make fuzz`, and the part of `make test` that fuzzes: the targets of the package `fuzz` over their corpora.
//!
//! In `make test` each target replays its corpus and tries mutants for a few seconds, in plain Rust: that needs nothing
//! but cargo. `make fuzz` builds the same targets with coverage counters, which rustc can insert without being a nightly
//! one, and links libFuzzer, whose C++ the crate `libfuzzer-sys` compiles.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::error::{Context, Result, fail};
use crate::host::{run, toolchain};
use crate::project::Project;

/// The mutants of `make test` are the same every time, unless `SEED` says otherwise.
const SEED: u64 = 20_261_120;
/// How long each target tries mutants in `make test`.
const SAMPLE_SECONDS: u32 = 4;
/// Each is one thread.
const AT_A_TIME: usize = 2;
/// An input that takes longer is a fault; the fuzzers' own limit is the same.
const INPUT_SECONDS: u32 = 10;
/// The longest input, in bytes (`fuzz::MAX_LENGTH`).
const MAX_LENGTH: u32 = 4096;
/// Inputs of the corpus with such a name have been faults once, and stay whatever else reaches the same code.
const REGRESSION: &str = "regression-";

/// What libFuzzer needs in the code under test: a counter for each edge, and what comparisons compared.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// A target's name in the list of tests, and the verdict on it.
type Verdict = (String, Result);

/// Fuzzes each target that `ONLY` selects for `MIN` minutes (one, if not said), guided by coverage.
pub fn guided(project: &Project) -> Result {
    let names = targets(project)?;
    let Some(names) = Some(selected(&names, project, "")).filter(|names| !names.is_empty()) else {
        fail!("there is no such target; there are: {}", names.join(" "));
    };
    let fuzzer = build_guided(project)?;
    let minutes = project.minutes.unwrap_or(1);
    println!("{} targets, {minutes} min each, {AT_A_TIME} at a time", names.len());
    let verdicts = side_by_side(&names, |name| fuzz(project, &fuzzer, name, minutes));
    let mut failed = Vec::new();
    for (name, verdict) in verdicts {
        if let Err(error) = verdict {
            println!("fuzz {name} ... FAILED\n{error}");
            failed.push(name);
        } else if project.keep {
            keep(project, &fuzzer, &name)?;
        }
    }
    if failed.is_empty() { Ok(()) } else { fail!("faults in: {}", failed.join(", ")) }
}

/// Replays the corpora and tries a few seconds of mutants of each, for `make test`; `ONLY` may name some as `fuzz_NAME`.
pub fn sample(project: &Project) -> Result<Vec<Verdict>> {
    let names = selected(&targets(project)?, project, "fuzz_");
    if names.is_empty() {
        return Ok(Vec::new());
    }
    run::visibly(toolchain::cargo(project).args(["build", "--quiet", "--package", "fuzz", "--bin", "fuzz"]))?;
    let program = project.target.join("debug/fuzz");
    let seed = project.seed.unwrap_or(SEED).to_string();
    let verdicts = side_by_side(&names, |name| {
        let mut command = Command::new(&program);
        command.args(["run", name]).arg(corpus(project, name)).arg(finds(project));
        let said = run::quietly(command.args([&SAMPLE_SECONDS.to_string(), &seed]))?;
        println!("test fuzz_{name} ... ok ({})", said.trim());
        Ok(())
    });
    Ok(verdicts.into_iter().map(|(name, verdict)| (format!("fuzz_{name}"), verdict)).collect())
}

/// The targets: each has a folder in the corpus.
fn targets(project: &Project) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(project.root.join("fuzz/corpus")).context("list fuzz/corpus")? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn selected(names: &[String], project: &Project, prefix: &str) -> Vec<String> {
    let wanted = |name: &str| {
        project.only.as_ref().is_none_or(|only| format!("{prefix}{name}").contains(only.as_str()))
    };
    names.iter().filter(|name| wanted(name)).cloned().collect()
}

fn corpus(project: &Project, name: &str) -> PathBuf {
    project.root.join("fuzz/corpus").join(name)
}

fn finds(project: &Project) -> PathBuf {
    project.build.join("fuzz/finds")
}

/// Does `work` for each name, some at a time; the verdicts come in the order of the names.
fn side_by_side(names: &[String], work: impl Fn(&str) -> Result + Sync) -> Vec<Verdict> {
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = work(name);
                    if let Ok(mut all) = verdicts.lock() {
                        all.push((name.clone(), verdict));
                    }
                }
            });
        }
    });
    let mut verdicts = verdicts.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    verdicts.sort_by(|(a, _), (b, _)| a.cmp(b));
    verdicts
}

/// Builds the fuzzer in a target folder of its own: the flags are others, and cargo would build everything anew each time
/// they change. They are for a named target, or build scripts would get them too, which have no fuzzer to link.
fn build_guided(project: &Project) -> Result<PathBuf> {
    let version = run::quietly(toolchain::cargo(project).arg("-vV"))?;
    let Some(host) = version.lines().find_map(|line| line.strip_prefix("host: ")) else {
        fail!("cargo does not say what host this is:\n{version}");
    };
    let folder = project.target.join("fuzz");
    let mut cargo = toolchain::cargo(project);
    cargo.args(["build", "--package", "fuzz", "--bin", "guided", "--features", "guided"]);
    cargo.args(["--profile", "checked", "--target", host, "--target-dir"]).arg(&folder);
    run::visibly(cargo.env("RUSTFLAGS", COVERAGE)).context("build the fuzzer")?;
    Ok(folder.join(host).join("checked/guided"))
}

fn libfuzzer(fuzzer: &Path, name: &str) -> Command {
    let mut command = Command::new(fuzzer);
    command.env("FUZZ_TARGET", name);
    command.args([format!("-timeout={INPUT_SECONDS}"), format!("-max_len={MAX_LENGTH}")]);
    command
}

/// One target. New inputs go to `build/fuzz/corpus`, a find to `build/fuzz/finds`.
fn fuzz(project: &Project, fuzzer: &Path, name: &str, minutes: u32) -> Result {
    let fresh = project.build.join("fuzz/corpus").join(name);
    let finds = finds(project).join(name);
    for folder in [&fresh, &finds] {
        fs::create_dir_all(folder).context(format!("make {}", folder.display()))?;
    }
    let mut command = libfuzzer(fuzzer, name);
    command.arg(format!("-max_total_time={}", minutes * 60)).arg("-print_final_stats=1");
    command.arg(format!("-artifact_prefix={}/", finds.display())).arg(&fresh).arg(corpus(project, name));
    let output = run::output(&mut command)?;
    let log = String::from_utf8_lossy(&output.stderr);
    run::write_file(&project.build.join(format!("fuzz/{name}.log")), log.as_bytes())?;
    if output.status.success() {
        println!("fuzz {name} ... ok ({})", summary(&log));
        return Ok(());
    }
    fail!(
        "{}\nThe input is in {}; look at it with: cargo run -p fuzz -- one {name} FILE\n\
         Once mended, it belongs into fuzz/corpus/{name}/{REGRESSION}WHAT",
        run::tail(&log, 25),
        finds.display()
    )
}

/// How many inputs were run, and the edges they reached, from libFuzzer's words.
fn summary(log: &str) -> String {
    let field = |line: &str, name: &str| {
        line.split_whitespace().skip_while(|word| *word != name).nth(1).map(str::to_owned)
    };
    let inputs = log.lines().rev().find_map(|line| field(line, "stat::number_of_executed_units:"));
    let edges = log.lines().rev().find_map(|line| field(line, "cov:"));
    format!("{} inputs, {} edges", inputs.as_deref().unwrap_or("?"), edges.as_deref().unwrap_or("?"))
}

/// Makes the committed corpus the smallest set of inputs that reaches all that is reached, with the regressions.
fn keep(project: &Project, fuzzer: &Path, name: &str) -> Result {
    let (committed, fresh) = (corpus(project, name), project.build.join("fuzz/corpus").join(name));
    let chosen = project.build.join("fuzz/chosen").join(name);
    if chosen.exists() {
        fs::remove_dir_all(&chosen).context(format!("empty {}", chosen.display()))?;
    }
    fs::create_dir_all(&chosen).context(format!("make {}", chosen.display()))?;
    let mut merge = libfuzzer(fuzzer, name);
    // By edges alone: how often each is taken would multiply the files and find little more.
    merge.args(["-merge=1", "-set_cover_merge=1", "-use_counters=0"]);
    run::quietly(merge.args([&chosen, &committed, &fresh]))?;
    for entry in fs::read_dir(&committed).context(format!("list {}", committed.display()))? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(REGRESSION) {
            run::remove_file(&entry.path())?;
        }
    }
    run::copy_folder(&chosen, &committed)?;
    println!("fuzz {name} ... kept {} inputs", fs::read_dir(&committed)?.count());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_in_the_log() {
        let log = "#2 INITED cov: 7 ft: 8\n#9 DONE   cov: 123 ft: 456 corp: 9\nstat::number_of_executed_units: 9876\n";
        assert_eq!(summary(log), "9876 inputs, 123 edges");
        assert_eq!(summary("nothing"), "? inputs, ? edges");
    }

    #[test]
    fn verdicts_come_in_the_order_of_the_names() {
        let names = ["a", "b", "c", "d"].map(String::from);
        let verdicts = side_by_side(&names, |name| if name == "b" { fail!("it is {name}") } else { Ok(()) });
        let failed: Vec<&str> =
            verdicts.iter().filter(|(_, verdict)| verdict.is_err()).map(|(name, _)| name.as_str()).collect();
        assert_eq!((verdicts.len(), failed), (4, vec!["b"]));
        assert!(verdicts.iter().map(|(name, _)| name).eq(&names));
    }
}
