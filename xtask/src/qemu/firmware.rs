//! Finds UEFI firmware for QEMU (OVMF) where the distributions put it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Context, Result, fail};

/// The two halves of UEFI firmware: the code, which nobody writes, and the variables, which each
/// machine needs a copy of its own of.
#[derive(Clone)]
pub struct Uefi {
    pub code: PathBuf,
    pub variables: PathBuf,
}

/// Code and variables, as Debian, Fedora, Arch and Homebrew name them. 4 MiB builds first: newer
/// distributions have nothing else.
const PLACES: &[(&str, &str)] = &[
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
    ("/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
    ("/usr/share/edk2-ovmf/x64/OVMF_CODE.fd", "/usr/share/edk2-ovmf/x64/OVMF_VARS.fd"),
    ("/opt/homebrew/share/qemu/edk2-x86_64-code.fd", "/opt/homebrew/share/qemu/edk2-i386-vars.fd"),
    ("/usr/local/share/qemu/edk2-x86_64-code.fd", "/usr/local/share/qemu/edk2-i386-vars.fd"),
];

impl Uefi {
    /// The machine's firmware, with fresh variables copied to `variables`.
    pub fn prepare(variables: &Path) -> Result<Self> {
        let Some((code, template)) =
            PLACES.iter().find(|(code, vars)| Path::new(code).is_file() && Path::new(vars).is_file())
        else {
            fail!("there is no UEFI firmware for QEMU (package ovmf)");
        };
        fs::copy(template, variables).context(format!("copy {template}"))?;
        Ok(Self { code: code.into(), variables: variables.into() })
    }
}
