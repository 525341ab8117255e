//! Where things are: the checkout, what is built, and the wishes given on make's command line.

use std::env;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::{Context, Result, fail};

/// The checkout and the variables of this run, read once.
pub struct Project {
    /// The folder of the workspace's Cargo.toml.
    pub root: PathBuf,
    /// Everything that is made, but cargo's own files (`BUILD`).
    pub build: PathBuf,
    /// cargo's target folder.
    pub target: PathBuf,
    /// The disk image to use instead of `build/disk.img` (`DISK`).
    pub disk: Option<PathBuf>,
    /// A folder with Limine's binaries (`LIMINE_DIR`).
    pub limine_dir: Option<PathBuf>,
    /// Number of CPUs (`CPUS`).
    pub cpus: u32,
    /// Memory in MiB (`MEMORY`).
    pub memory_mib: u32,
    /// Words for the kernel (`CMDLINE`).
    pub command_line: String,
    /// Width and height in pixels (`RESOLUTION`).
    pub resolution: Option<(u32, u32)>,
    /// Part of the names of the scenarios to run (`ONLY`).
    pub only: Option<String>,
    /// Where random numbers begin (`SEED`).
    pub seed: Option<u64>,
    /// How long, in minutes (`MIN`).
    pub minutes: Option<u32>,
    /// How many states a crash test looks at (`N`).
    pub count: Option<usize>,
    /// Whether time goes by the instructions of one CPU (`ICOUNT=1`).
    pub count_instructions: bool,
    /// Whether what the fuzzer found of use becomes part of the corpus (`KEEP=1`).
    pub keep: bool,
    /// The USB stick to write (`DEV`).
    pub device: Option<PathBuf>,
    /// Whether to override the refusals of `usb` (`FORCE=1`).
    pub force: bool,
}

impl Project {
    /// Reads the environment that the Makefile exports. Relative paths start at the checkout.
    pub fn from_environment() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default();
        // By its components, for `./build` stands in every message otherwise.
        let path =
            |name: &str| variable(name).map(|value| root.join(value).components().collect::<PathBuf>());
        Ok(Self {
            build: path("BUILD").unwrap_or_else(|| root.join("build")),
            target: path("CARGO_TARGET_DIR").unwrap_or_else(|| root.join("target")),
            disk: path("DISK"),
            limine_dir: path("LIMINE_DIR"),
            cpus: number("CPUS", 4)?,
            memory_mib: number("MEMORY", 512)?,
            command_line: variable("CMDLINE").unwrap_or_default(),
            resolution: variable("RESOLUTION").map(|text| parse_resolution(&text)).transpose()?,
            only: variable("ONLY"),
            seed: optional_number("SEED")?,
            minutes: optional_number("MIN")?,
            count: optional_number("N")?,
            count_instructions: variable("ICOUNT").is_some_and(|value| value == "1"),
            keep: variable("KEEP").is_some_and(|value| value == "1"),
            device: path("DEV"),
            force: variable("FORCE").is_some_and(|value| value == "1"),
            root,
        })
    }

    /// The disk image that a machine for a person uses.
    pub fn disk_image(&self) -> PathBuf {
        self.disk.clone().unwrap_or_else(|| self.build.join("disk.img"))
    }

    /// The words for the kernel, with the resolution among them where one is wished.
    pub fn kernel_command_line(&self) -> String {
        with_resolution(&self.command_line, self.resolution)
    }
}

/// Adds `resolution=WxH` to `words` where a resolution is given.
pub fn with_resolution(words: &str, resolution: Option<(u32, u32)>) -> String {
    match resolution {
        Some((width, height)) => format!("{words} resolution={width}x{height}").trim_start().to_owned(),
        None => words.to_owned(),
    }
}

/// A variable that is set and not empty: make exports unset ones as empty.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn number(name: &str, default: u32) -> Result<u32> {
    Ok(optional_number(name)?.unwrap_or(default))
}

fn optional_number<T: FromStr + Default + PartialOrd>(name: &str) -> Result<Option<T>> {
    let Some(text) = variable(name) else { return Ok(None) };
    match text.parse() {
        Ok(value) if value > T::default() => Ok(Some(value)),
        _ => fail!("{name}={text}: a whole number above zero is wanted"),
    }
}

fn parse_resolution(text: &str) -> Result<(u32, u32)> {
    let parse = |part: &str| part.parse::<u32>().ok().filter(|&pixels| pixels > 0);
    text.split_once('x')
        .and_then(|(width, height)| Some((parse(width)?, parse(height)?)))
        .ok_or("the form is WIDTHxHEIGHT, as in 1280x800")
        .context(format!("read RESOLUTION={text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolutions_are_width_by_height() {
        assert_eq!(parse_resolution("1280x800").unwrap(), (1280, 800));
        for wrong in ["", "1280", "x800", "1280x", "0x800", "-1x5", "1280x800x32", "ax b"] {
            assert!(parse_resolution(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_resolution_becomes_a_word_of_the_command_line() {
        assert_eq!(with_resolution("log=debug", Some((640, 480))), "log=debug resolution=640x480");
        assert_eq!(with_resolution("", Some((640, 480))), "resolution=640x480");
        assert_eq!(with_resolution("log=debug", None), "log=debug");
    }
}
