//! Which kernels are loaded and which are refused, and what the image looks like.

mod kernel;

use bootload::plan::LoadPlan;
use bootload::{BootError, KERNEL_FLOOR as BASE};
use elf::{Elf, ElfError};
use fastrand::Rng;
use kernel::{Segment, kernel};

const READ: u32 = 4;
const WRITE: u32 = 6;
const EXECUTE: u32 = 5;

fn plan(file: &[u8]) -> Result<LoadPlan, BootError> {
    LoadPlan::new(&Elf::parse(file)?)
}

fn refused(segments: &[Segment]) -> BootError {
    plan(&kernel(2, BASE, segments)).unwrap_err()
}

#[test]
fn the_image_is_what_the_file_says() {
    let file = kernel(
        2,
        BASE + 0x1004,
        &[
            // Out of order, with a hole, an odd start, and zeros at the end.
            Segment(BASE + 0x5010, 0x3000, b"data", WRITE),
            Segment(BASE + 0x1000, 8, b"machine!", EXECUTE),
            Segment(BASE + 0x2000, 0, b"", READ),
        ],
    );
    let plan = plan(&file).unwrap();
    assert_eq!((plan.base(), plan.size()), (BASE + 0x1000, 0x8000));
    assert_eq!(plan.entry(None), Ok(BASE + 0x1004));

    let mut image = vec![0xee; plan.size() as usize];
    plan.load(&file, &mut image).unwrap();
    let mut expected = vec![0; 0x8000];
    expected[..8].copy_from_slice(b"machine!");
    expected[0x4010..0x4014].copy_from_slice(b"data");
    assert!(image == expected);
    assert_eq!(plan.file_backed_size(), 0x4014);

    let pages: Vec<_> = plan.segments().iter().map(|segment| segment.pages()).collect();
    assert_eq!(pages, [0..0x1000, 0x4000..0x8000]);
}

#[test]
fn rules_are_enforced() {
    assert_eq!(refused(&[]), BootError::NoSegments);
    assert_eq!(refused(&[Segment(0x10_0000, 8, b"", EXECUTE)]), BootError::SegmentOutside(0x10_0000));
    assert_eq!(refused(&[Segment(BASE - 8, 16, b"", EXECUTE)]), BootError::SegmentOutside(BASE - 8));
    let top = u64::MAX - 0xfff;
    assert_eq!(refused(&[Segment(top, 0x1000, b"", EXECUTE)]), BootError::SegmentOutside(top));
    assert_eq!(refused(&[Segment(BASE, u64::MAX, b"", EXECUTE)]), BootError::SegmentOutside(BASE));
    assert_eq!(refused(&[Segment(BASE, 8, b"", 7)]), BootError::SegmentWritableAndExecutable(BASE));
    assert_eq!(refused(&[Segment(BASE, 4, b"12345", READ)]), BootError::SegmentSizes(BASE));
    let overlapping = [Segment(BASE, 0x1001, b"", EXECUTE), Segment(BASE + 0x1800, 8, b"", WRITE)];
    assert_eq!(refused(&overlapping), BootError::SegmentsOverlap(BASE + 0x1800));
    let huge = [Segment(BASE, 8, b"", EXECUTE), Segment(BASE + 0x6000_0000, 8, b"", WRITE)];
    assert_eq!(refused(&huge), BootError::KernelTooLarge(0x6000_1000));
    let many: Vec<_> = (0..17).map(|n| Segment(BASE + n * 0x1000, 8, b"", READ)).collect();
    assert_eq!(refused(&many), BootError::TooManySegments);

    let good = [Segment(BASE, 8, b"", EXECUTE)];
    assert_eq!(plan(&kernel(3, BASE, &good)).unwrap_err(), BootError::NotExecutable);
    let mut cut = kernel(2, BASE, &[Segment(BASE, 8, b"12345678", EXECUTE)]);
    cut.pop();
    assert_eq!(plan(&cut).unwrap_err(), BootError::Kernel(ElfError::Truncated));
}

#[test]
fn the_entry_point_must_be_code() {
    let file =
        kernel(2, BASE + 0x1000, &[Segment(BASE, 0x10, b"", EXECUTE), Segment(BASE + 0x1000, 8, b"", WRITE)]);
    let plan = plan(&file).unwrap();
    assert_eq!(plan.entry(None), Err(BootError::EntryOutside(BASE + 0x1000)));
    assert_eq!(plan.entry(Some(BASE + 0xf)), Ok(BASE + 0xf));
    assert_eq!(plan.entry(Some(BASE + 0x10)), Err(BootError::EntryOutside(BASE + 0x10)));
    assert_eq!(plan.entry(Some(0)), Err(BootError::EntryOutside(0)));
}

#[test]
fn an_image_of_another_size_is_refused() {
    let file = kernel(2, BASE, &[Segment(BASE, 8, b"12345678", EXECUTE)]);
    let plan = plan(&file).unwrap();
    assert!(plan.load(&file, &mut [0; 4095]).is_err());
    assert!(plan.load(&file[..100], &mut [0; 4096]).is_err());
}

#[test]
fn random_damage_is_survived() {
    let file = kernel(
        2,
        BASE,
        &[Segment(BASE, 0x100, b"code", EXECUTE), Segment(BASE + 0x1000, 0x2000, b"data", WRITE)],
    );
    let mut random = Rng::with_seed(4);
    for _ in 0..20_000 {
        let mut copy = file.clone();
        for _ in 0..1 + random.usize(..3) {
            let offset = random.usize(..copy.len());
            copy[offset] = random.u8(..);
        }
        let Ok(plan) = plan(&copy) else { continue };
        if plan.size() < 1 << 20 {
            plan.load(&copy, &mut vec![0; plan.size() as usize]).unwrap();
        }
        assert!(plan.segments().iter().all(|segment| segment.pages().end <= plan.size()));
    }
}
