//! Picks what runs the guest's instructions: KVM where it is sound, else QEMU's translator (TCG).

use std::fs;
use std::fs::OpenOptions;

/// What QEMU runs the guest with, and why.
pub struct Accelerator {
    /// Arguments for QEMU: accelerator and CPU model.
    pub arguments: &'static [&'static str],
    /// One sentence for `make doctor`.
    pub reason: String,
}

const TCG: &[&str] = &["-accel", "tcg,thread=multi", "-cpu", "max"];
/// Without arch-capabilities: some hosts report there what a guest may not read.
const KVM: &[&str] = &["-accel", "kvm", "-cpu", "host,-arch-capabilities"];

/// The accelerator for a person's machine. Tests always take [`tcg`].
pub fn choose() -> Accelerator {
    let flags = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let opened = OpenOptions::new().read(true).write(true).open("/dev/kvm").map(drop);
    decide(&flags, opened)
}

/// TCG: the same everywhere, so a test that passes here passes there.
pub fn tcg() -> Accelerator {
    Accelerator { arguments: TCG, reason: "TCG: asked for".into() }
}

/// `/dev/kvm` alone proves nothing: on a host without vmx or svm it can be a paravirtual KVM that is
/// much slower than TCG and dies on `int3`.
fn decide(cpuinfo: &str, opened: std::io::Result<()>) -> Accelerator {
    let hardware = cpuinfo
        .lines()
        .find(|line| line.starts_with("flags"))
        .and_then(|line| line.split_whitespace().find(|&flag| flag == "vmx" || flag == "svm"));
    match (hardware, opened) {
        (Some(flag), Ok(())) => {
            Accelerator { arguments: KVM, reason: format!("KVM: the CPU has {flag} and /dev/kvm opens") }
        }
        (Some(flag), Err(error)) => {
            Accelerator { arguments: TCG, reason: format!("TCG: the CPU has {flag}, but /dev/kvm: {error}") }
        }
        (None, Ok(())) => Accelerator {
            arguments: TCG,
            reason: "TCG: /dev/kvm opens, but /proc/cpuinfo has neither vmx nor svm: no sound KVM".into(),
        },
        (None, Err(_)) => Accelerator {
            arguments: TCG,
            reason: "TCG: no vmx or svm in /proc/cpuinfo, and no /dev/kvm".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    #[test]
    fn kvm_needs_the_flag_and_the_device() {
        let with = "processor: 0\nflags\t\t: fpu vmx sse\n";
        let without = "processor: 0\nmodel name: svm vmx\nflags\t\t: fpu sse\n";
        let refused = || Err(std::io::Error::from(ErrorKind::PermissionDenied));
        assert_eq!(decide(with, Ok(())).arguments, KVM);
        assert_eq!(decide("flags : svm", Ok(())).arguments, KVM);
        assert_eq!(decide(with, refused()).arguments, TCG);
        assert_eq!(decide(without, Ok(())).arguments, TCG);
        assert_eq!(decide(without, refused()).arguments, TCG);
        assert_eq!(decide("", Ok(())).arguments, TCG);
    }
}
