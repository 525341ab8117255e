//! The disk in memory, compared with an array of bytes.

use blockcache::DeviceError;
use disks::overlay::Overlay;

#[test]
fn it_is_the_image_until_it_is_written_to() {
    // Neither whole blocks nor whole sectors.
    let image: Vec<u8> = (0..37 * 512 + 100).map(|at| (at / 512 + at % 253) as u8).collect();
    let mut disk = Overlay::new(&image);
    assert_eq!(disk.sector_count(), 37);
    let mut expected = image[..37 * 512].to_vec();
    let mut state = 9_u64;
    let mut random = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 8) as usize % bound
    };
    for round in 0..2000 {
        let first = random(37);
        let count = random(37 - first + 1);
        let range = first * 512..(first + count) * 512;
        if random(3) == 0 {
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
