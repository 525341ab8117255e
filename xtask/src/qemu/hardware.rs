//! The machine as QEMU's command line.
//!
//! Both machine types have what the kernel drives: a PS/2 keyboard and mouse behind an i8042, a disk on a controller
//! of choice, a standard VGA and a 16550 serial port.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::firmware::Uefi;
use crate::host::accelerator::Accelerator;
use crate::host::run;

/// How the kernel gets into memory.
#[derive(Clone)]
pub enum Boot {
    /// `loader/` by PVH, the kernel and its modules as one bundle.
    Direct { loader: PathBuf, bundle: PathBuf, command_line: String },
    /// The ISO as a CD, with BIOS firmware.
    BiosCd(PathBuf),
    /// The ISO as a CD, with UEFI firmware.
    UefiCd(PathBuf, Uefi),
    /// The ISO as a USB stick, with BIOS firmware.
    BiosStick(PathBuf),
}

/// Where the serial port goes.
pub enum Serial {
    /// To a file.
    File(PathBuf),
    /// To the terminal, and to a file as well.
    TerminalAndFile(PathBuf),
}

/// What the disk hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// The first channel of the `pc` machine's IDE controller.
    Ide,
    /// The `q35` machine's own AHCI adapter; one of its own on `pc`.
    Ahci,
    /// A controller and disk in one.
    Nvme,
    /// A disk for guests that know that they are guests: on `pc` one that also speaks as before virtio had a version,
    /// on `q35` one that does not.
    Virtio,
    /// As [`Controller::Nvme`], with sectors of 4096 bytes.
    NvmeOfPages,
    /// As [`Controller::Virtio`], with sectors of 4096 bytes.
    VirtioOfPages,
}

/// The generation of PC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chipset {
    /// The i440FX of 1996: PCI, an IDE controller.
    Pc,
    /// The Q35 of 2007: PCI Express, an AHCI adapter.
    Q35,
}

/// Says of a disk that its sectors are 4096 bytes long.
const PAGES: &str = "logical_block_size=4096,physical_block_size=4096";

/// A PC.
pub struct Hardware {
    pub chipset: Chipset,
    pub controller: Controller,
    pub boot: Boot,
    pub serial: Serial,
    pub accelerator: Accelerator,
    pub cpus: u32,
    pub memory_mib: u32,
    /// A raw image, as the first disk.
    pub disk: Option<PathBuf>,
    /// What goes wrong with the disk: rules for QEMU's `blkdebug`.
    pub disk_faults: Option<PathBuf>,
    /// Where every write and flush of the disk is noted: QEMU's `blklogwrites`. Not together with faults.
    pub disk_log: Option<PathBuf>,
    /// Whether there is a PS/2 controller: keyboard and mouse stand and fall with it.
    pub ps2: bool,
    /// Whether writing to port 0xf4 ends QEMU with a status: for the self-test.
    pub exit_port: bool,
    /// Whether one guest instruction is one nanosecond of guest time (`-icount`).
    pub count_instructions: bool,
    /// `-display`, `-vnc` and whatever else a task needs.
    pub extra: Vec<String>,
}

impl Hardware {
    /// QEMU with this machine, ready to be started.
    pub fn command(&self) -> Command {
        let mut command = run::program("qemu-system-x86_64");
        command.args(self.arguments());
        command
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut line = Line::default();
        line.option("-name", "Quicklime");
        let machine = match self.chipset {
            Chipset::Pc => "pc",
            Chipset::Q35 => "q35",
        };
        line.option("-machine", if self.ps2 { machine.into() } else { format!("{machine},i8042=off") });
        self.accelerator.arguments.iter().for_each(|word| line.word(word));
        if self.count_instructions {
            line.option("-icount", "shift=0,sleep=off");
        }
        line.option("-smp", self.cpus.to_string());
        line.option("-m", format!("{}M", self.memory_mib));
        line.option("-vga", "std");
        // No network: nothing drives it yet, and its boot ROM costs time.
        line.option("-nic", "none");
        self.serial(&mut line);
        self.boot(&mut line);
        if let Some(disk) = &self.disk {
            self.disk(&mut line, disk);
        }
        if self.exit_port {
            line.option("-device", "isa-debug-exit,iobase=0xf4,iosize=0x04");
        }
        self.extra.iter().for_each(|word| line.word(word));
        line.0
    }

    fn disk(&self, line: &mut Line, image: &Path) {
        let file = match &self.disk_faults {
            Some(rules) => format!("blkdebug:{}:{}", rules.display(), image.display()),
            None => image.display().to_string(),
        };
        let drive = |kind: &str| match &self.disk_log {
            None => path_option(&format!("{kind},media=disk,format=raw,file="), Path::new(&file)),
            Some(log) => {
                // Each entry is in the log, and counted there, before the guest hears of it.
                let filter =
                    "driver=blklogwrites,log-super-update-interval=1,file.driver=file,log.driver=file";
                let mut option = path_option(&format!("{kind},media=disk,{filter},file.filename="), image);
                option.push(path_option(",log.filename=", log));
                option
            }
        };
        match (self.controller, self.chipset) {
            (Controller::Ide, _) | (Controller::Ahci, Chipset::Q35) => {
                line.option("-drive", drive("if=ide,index=0"));
            }
            (Controller::Ahci, Chipset::Pc) => {
                line.option("-drive", drive("if=none,id=disk"));
                line.option("-device", "ahci,id=ahci");
                line.option("-device", "ide-hd,drive=disk,bus=ahci.0");
            }
            (Controller::Nvme, _) => {
                line.option("-drive", drive("if=none,id=disk"));
                line.option("-device", "nvme,drive=disk,serial=1");
            }
            (Controller::NvmeOfPages, _) => {
                line.option("-drive", drive("if=none,id=disk"));
                line.option("-device", "nvme,id=nvme,serial=1");
                line.option("-device", format!("nvme-ns,drive=disk,bus=nvme,{PAGES}"));
            }
            (Controller::VirtioOfPages, _) => {
                line.option("-drive", drive("if=none,id=disk"));
                line.option("-device", format!("virtio-blk-pci,drive=disk,{PAGES}"));
            }
            (Controller::Virtio, Chipset::Pc) => line.option("-drive", drive("if=virtio")),
            (Controller::Virtio, Chipset::Q35) => {
                line.option("-drive", drive("if=none,id=disk"));
                line.option("-device", "virtio-blk-pci,drive=disk,disable-legacy=on");
            }
        }
    }

    fn serial(&self, line: &mut Line) {
        match &self.serial {
            Serial::File(path) => line.option("-serial", concatenate("file:", path)),
            Serial::TerminalAndFile(path) => {
                line.option("-chardev", path_option("stdio,id=serial,signal=on,logfile=", path));
                line.option("-serial", "chardev:serial");
                // The terminal belongs to the serial port, so QEMU's own prompt must not take it.
                line.option("-monitor", "none");
            }
        }
    }

    fn boot(&self, line: &mut Line) {
        match &self.boot {
            Boot::Direct { loader, bundle, command_line } => {
                line.option("-kernel", loader);
                line.option("-initrd", bundle);
                if !command_line.is_empty() {
                    line.option("-append", command_line);
                }
            }
            Boot::BiosCd(iso) => {
                line.cd(iso);
                line.option("-boot", "order=d");
            }
            Boot::UefiCd(iso, firmware) => {
                line.cd(iso);
                line.option(
                    "-drive",
                    path_option("if=pflash,unit=0,format=raw,readonly=on,file=", &firmware.code),
                );
                line.option("-drive", path_option("if=pflash,unit=1,format=raw,file=", &firmware.variables));
            }
            Boot::BiosStick(iso) => {
                line.option("-drive", path_option("if=none,id=stick,format=raw,readonly=on,file=", iso));
                line.option("-device", "qemu-xhci");
                line.option("-device", "usb-storage,drive=stick,bootindex=0");
            }
        }
    }
}

#[derive(Default)]
struct Line(Vec<OsString>);

impl Line {
    fn word(&mut self, word: &str) {
        self.0.push(word.into());
    }

    fn option(&mut self, name: &str, value: impl Into<OsString>) {
        self.0.push(name.into());
        self.0.push(value.into());
    }

    fn cd(&mut self, iso: &Path) {
        self.option("-drive", path_option("if=ide,index=2,media=cdrom,format=raw,readonly=on,file=", iso));
    }
}

/// A path as the last value of an option list, where QEMU writes a comma as two.
fn path_option(prefix: &str, path: &Path) -> OsString {
    format!("{prefix}{}", path.display().to_string().replace(',', ",,")).into()
}

fn concatenate(prefix: &str, path: &Path) -> OsString {
    let mut text = OsString::from(prefix);
    text.push(path);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::accelerator::tcg;

    fn machine() -> Hardware {
        Hardware {
            chipset: Chipset::Pc,
            controller: Controller::Ide,
            boot: Boot::BiosCd("q.iso".into()),
            serial: Serial::File("serial.log".into()),
            accelerator: tcg(),
            cpus: 4,
            memory_mib: 512,
            disk: Some("a,b.img".into()),
            disk_faults: None,
            disk_log: None,
            ps2: true,
            exit_port: false,
            count_instructions: false,
            extra: vec![],
        }
    }

    fn text(hardware: &Hardware) -> String {
        let words: Vec<_> =
            hardware.arguments().iter().map(|word| word.to_string_lossy().into_owned()).collect();
        words.join(" ")
    }

    #[test]
    fn the_exit_port_is_there_only_when_asked_for() {
        assert!(!text(&machine()).contains("isa-debug-exit"));
        assert!(text(&Hardware { exit_port: true, ..machine() }).contains("isa-debug-exit"));
    }

    #[test]
    fn the_machine_is_what_was_asked_for() {
        let line = text(&machine());
        for part in ["-smp 4", "-m 512M", "-machine pc ", "media=cdrom", "file=a,,b.img", "-accel tcg"] {
            assert!(line.contains(part), "{part} in {line}");
        }
        let on = |chipset, controller| text(&Hardware { chipset, controller, ..machine() });
        assert!(on(Chipset::Q35, Controller::Ahci).contains("-machine q35 "));
        assert!(on(Chipset::Pc, Controller::Ahci).contains("bus=ahci.0"));
        assert!(on(Chipset::Pc, Controller::Nvme).contains("-device nvme,drive=disk"));
        assert!(on(Chipset::Pc, Controller::Virtio).contains("-drive if=virtio"));
        assert!(on(Chipset::Q35, Controller::Virtio).contains("virtio-blk-pci,drive=disk,disable-legacy=on"));
        let faulty = Hardware { disk_faults: Some("rules".into()), ..machine() };
        assert!(text(&faulty).contains("file=blkdebug:rules:a,,b.img"));
        let logged = text(&Hardware { disk_log: Some("log".into()), ..machine() });
        assert!(
            logged.contains("driver=blklogwrites")
                && logged.contains("file.filename=a,,b.img,log.filename=log")
        );
        assert!(text(&Hardware { ps2: false, ..machine() }).contains("i8042=off"));
        assert!(!text(&Hardware { disk: None, ..machine() }).contains("media=disk"));
    }
}
