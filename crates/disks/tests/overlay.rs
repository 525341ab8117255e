//! The disk in memory, compared with an array of bytes.

use blockcache::DeviceError;
use disks::overlay::{Overlay, size_of};
use fastrand::Rng;

#[test]
fn it_is_the_image_until_it_is_written_to() {
    // Neither whole blocks nor whole sectors; all of the disk, the beginning of it, and more than it.
    for there in [37 * 512 + 100, 11 * 512 + 7, 0, 50 * 512] {
        is_as_an_array(there);
    }
}

fn is_as_an_array(there: usize) {
    let image: Vec<u8> = (0..there).map(|at| (at / 512 + at % 253) as u8).collect();
    let mut disk = Overlay::new(&image, 37, 1 << 20);
    assert_eq!(disk.sector_count(), 37);
    let mut expected = image.clone();
    expected.resize(37 * 512, 0);
    let mut random = Rng::with_seed(9);
    for round in 0..2000 {
        let first = random.usize(..37);
        let count = random.usize(..37 - first + 1);
        let range = first * 512..(first + count) * 512;
        if random.usize(..3) == 0 {
            let data: Vec<u8> = range.clone().map(|at| (at ^ round) as u8).collect();
            disk.write(first as u64, &data).unwrap();
            expected[range].copy_from_slice(&data);
        } else {
            let mut found = vec![0; range.len()];
            disk.read(first as u64, &mut found).unwrap();
            assert!(found == expected[range]);
        }
    }
    for (first, length) in [(37, 512), (36, 1024), (0, 100), (u64::MAX, 512)] {
        assert_eq!(disk.read(first, &mut vec![0; length]), Err(DeviceError::OutOfRange));
        assert_eq!(disk.write(first, &vec![0; length]), Err(DeviceError::OutOfRange));
    }
}

#[test]
fn no_more_is_kept_than_is_allowed() {
    let image = [7; 16 * 512];
    let mut disk = Overlay::new(&image, 64, 3 * 4096);
    // Three blocks, the first of them twice.
    for sector in [0, 1, 16, 63] {
        disk.write(sector, &[1; 512]).unwrap();
    }
    assert!(matches!(disk.write(8, &[1; 512]), Err(DeviceError::Failed(_))));
    disk.write(17, &[2; 512]).unwrap();
    let mut sector = [0; 512];
    disk.read(8, &mut sector).unwrap();
    assert_eq!(sector, [7; 512]);
}

#[test]
fn an_image_that_is_cut_short_shows_a_whole_disk() {
    let mut image = vec![0; 3 * 512 + 100];
    assert_eq!(size_of(&image), 3);
    image[82..87].copy_from_slice(b"FAT32");
    image[510..512].copy_from_slice(&[0x55, 0xaa]);
    image[32..36].copy_from_slice(&9000_u32.to_le_bytes());
    assert_eq!(size_of(&image), 9000);
    // One that is longer than it says stays so.
    image[32..36].copy_from_slice(&2_u32.to_le_bytes());
    assert_eq!(size_of(&image), 3);
    image[511] = 0;
    assert_eq!((size_of(&image), size_of(&[])), (3, 0));
}
