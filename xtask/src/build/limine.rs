//! Finds Limine's own binaries: where the user says, where the system has them, or by fetching the pinned
//! release.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Context, Result, fail};
use crate::host::run;
use crate::project::Project;

const REPOSITORY: &str = "https://github.com/limine-bootloader/limine";
/// The release we fetch, and the commit that it must be: a tag can be moved.
const TAG: &str = "v8.2.0-binary";
const COMMIT: &str = "1dbdf77f82211c42969c7c5114377436fabc9187";
/// Where Arch, Alpine and `make install` put Limine.
const SYSTEM: &str = "/usr/share/limine";
/// Seconds for an answer; none within them counts as none.
const ANSWER_SECONDS: &str = "10";
/// Seconds for the whole fetch, once there was an answer.
const FETCH_SECONDS: &str = "120";

/// The files that the ISO takes from a folder of Limine's.
pub const FILES: &[&str] = &["limine-bios.sys", "limine-bios-cd.bin", "limine-uefi-cd.bin"];
/// What UEFI firmware loads from a USB stick: 64-bit, and 32-bit of early tablets.
pub const UEFI_FILES: &[&str] = &["BOOTX64.EFI", "BOOTIA32.EFI"];

/// Limine's binaries and the tool that makes a hybrid ISO bootable by BIOS.
pub struct Limine {
    pub folder: PathBuf,
    /// The program `limine`, of which we use `bios-install`.
    pub tool: PathBuf,
}

/// Limine's binaries, or `None` with one line said when they can't be had.
pub fn find(project: &Project) -> Result<Option<Limine>> {
    if let Some(folder) = &project.limine_dir {
        if let Some(file) = missing_file(folder) {
            fail!("LIMINE_DIR={} has no {file}", folder.display());
        }
        return limine_in(project, folder).map(Some);
    }
    if missing_file(Path::new(SYSTEM)).is_none() {
        return limine_in(project, Path::new(SYSTEM)).map(Some);
    }
    match fetched(project) {
        Ok(folder) => limine_in(project, &folder).map(Some),
        Err(reason) => {
            println!(
                "Limine's binaries can't be had ({reason}): the ISO boots through GRUB and loader/ instead."
            );
            Ok(None)
        }
    }
}

/// Where the binaries would come from, for `make doctor`.
pub fn describe(project: &Project) -> String {
    let fetched = project.build.join("limine");
    match &project.limine_dir {
        Some(folder) => format!("LIMINE_DIR={}", folder.display()),
        None if missing_file(Path::new(SYSTEM)).is_none() => SYSTEM.into(),
        None if missing_file(&fetched).is_none() => format!("{} ({TAG}, fetched)", fetched.display()),
        None if marker(project).exists() => {
            "could not be fetched; GRUB and loader/ serve (make clean retries)".into()
        }
        None => format!("to be fetched ({TAG}); else GRUB and loader/ serve"),
    }
}

fn missing_file(folder: &Path) -> Option<&'static str> {
    FILES.iter().chain(UEFI_FILES.iter().take(1)).copied().find(|name| !folder.join(name).is_file())
}

/// Remembers that fetching failed, so that not every build waits for the network again.
fn marker(project: &Project) -> PathBuf {
    project.build.join("limine-unavailable")
}

fn fetched(project: &Project) -> Result<PathBuf> {
    let folder = project.build.join("limine");
    if missing_file(&folder).is_none() {
        return Ok(folder);
    }
    if let Ok(reason) = fs::read_to_string(marker(project)) {
        fail!("{}; make clean retries", reason.trim());
    }
    match fetch(&folder) {
        Ok(()) => Ok(folder),
        Err(error) => {
            let _ = fs::remove_dir_all(&folder);
            let first = error.to_string().lines().next().unwrap_or("no reason").to_owned();
            run::write_file(&marker(project), &first)?;
            fail!("{first}")
        }
    }
}

fn fetch(folder: &Path) -> Result {
    if !answers() {
        fail!("no answer from {REPOSITORY} within {ANSWER_SECONDS} s");
    }
    println!("Fetching Limine {TAG} from {REPOSITORY}");
    let _ = fs::remove_dir_all(folder);
    let options =
        ["clone", "--quiet", "--depth=1", "--branch", TAG, "-c", "advice.detachedHead=false", REPOSITORY];
    run::quietly(git(FETCH_SECONDS).args(options).arg(folder))?;
    let commit = run::quietly(git(ANSWER_SECONDS).arg("-C").arg(folder).args(["rev-parse", "HEAD"]))?;
    if commit.trim() != COMMIT {
        fail!("{TAG} is commit {} instead of {COMMIT}", commit.trim());
    }
    match missing_file(folder) {
        Some(file) => fail!("{TAG} has no {file}"),
        None => Ok(()),
    }
}

fn answers() -> bool {
    let asked = run::output(git(ANSWER_SECONDS).args(["ls-remote", "--exit-code", REPOSITORY, TAG]));
    asked.is_ok_and(|output| output.status.success())
}

/// git that neither asks for a password nor outlives `seconds`.
fn git(seconds: &str) -> Command {
    let mut command = match run::find("timeout") {
        Some(timeout) => {
            let mut command = Command::new(timeout);
            command.args([seconds, "git"]);
            command
        }
        None => Command::new("git"),
    };
    command.env("GIT_TERMINAL_PROMPT", "0");
    command
}

/// The tool of a folder: beside the binaries, compiled from their source, or the system's.
fn limine_in(project: &Project, folder: &Path) -> Result<Limine> {
    let folder = folder.to_path_buf();
    let beside = folder.join("limine");
    if beside.is_file() {
        return Ok(Limine { folder, tool: beside });
    }
    let source = folder.join("limine.c");
    if source.is_file() {
        let tool = project.build.join("limine-tool");
        fs::create_dir_all(&project.build)?;
        run::quietly(Command::new("cc").args(["-O2", "-std=c99", "-o"]).arg(&tool).arg(&source))
            .context("compile Limine's tool")?;
        return Ok(Limine { folder, tool });
    }
    match run::find("limine") {
        Some(tool) => Ok(Limine { folder, tool }),
        None => fail!("{} has neither limine nor limine.c", folder.display()),
    }
}
