//! What kind of device a class code means, in words (PCI Code and ID Assignment Specification 1.11).

/// A non-volatile memory controller with NVM Express.
pub const NVME: [u8; 3] = [0x01, 0x08, 0x02];
/// A serial ATA controller with AHCI.
pub const AHCI: [u8; 3] = [0x01, 0x06, 0x01];
/// An IDE controller; its interface says where its channels are.
pub const IDE: [u8; 2] = [0x01, 0x01];

/// What people call a device of this class.
#[must_use]
pub const fn name(class: [u8; 3]) -> &'static str {
    match class {
        [0x01, 0x00, _] => "SCSI disk controller",
        [0x01, 0x01, _] => "IDE disk controller",
        [0x01, 0x04, _] => "RAID disk controller",
        [0x01, 0x06, 0x01] => "AHCI disk controller",
        [0x01, 0x06, _] => "SATA disk controller",
        [0x01, 0x08, _] => "NVMe disk",
        [0x01, ..] => "disk controller",
        [0x02, ..] => "network adapter",
        [0x03, ..] => "graphics adapter",
        [0x04, 0x03, _] => "sound device",
        [0x04, ..] => "multimedia device",
        [0x05, ..] => "memory",
        [0x06, 0x00, _] => "host bridge",
        [0x06, 0x01, _] => "ISA bridge",
        [0x06, 0x04, _] => "PCI bridge",
        [0x06, ..] => "bridge",
        [0x07, ..] => "serial or parallel port",
        [0x08, ..] => "system device",
        [0x09, ..] => "input device",
        [0x0c, 0x03, _] => "USB controller",
        [0x0c, 0x05, _] => "SMBus controller",
        [0x0c, ..] => "serial bus controller",
        [0x0d, ..] => "wireless adapter",
        _ => "device",
    }
}
