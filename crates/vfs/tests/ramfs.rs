//! The file system in memory against the model, and what only it can do.

mod model;

use model::{Random, Tree};
use vfs::{FileSystem, FsError, OpenMode, RamFs};

fn ramfs(capacity: u64) -> RamFs {
    RamFs::new(capacity, || 1_700_000_000).unwrap()
}

#[test]
fn a_random_user_sees_what_the_model_says() {
    for seed in 1..20 {
        let mut fs = ramfs(1 << 30);
        let mut tree = Tree::new();
        let names = ["a", "b", "notes.txt", "Ärger", "a long name with spaces"];
        model::run(&mut fs, &mut tree, &names, 2000, &mut Random(seed * 0x9e37_79b9));
    }
}

#[test]
fn everything_removed_gives_all_room_back() {
    let mut fs = ramfs(1 << 20);
    let before = fs.usage().unwrap();
    let mut tree = Tree::new();
    model::run(&mut fs, &mut tree, &["a", "bb", "ccc"], 300, &mut Random(7));
    for path in tree.keys().rev() {
        fs.remove(path).unwrap();
    }
    assert_eq!(fs.usage().unwrap(), before);
}

#[test]
fn a_full_file_system_says_so_and_keeps_what_it_has() {
    let mut fs = ramfs(10_000);
    let file = fs.open("a", OpenMode::Create).unwrap();
    fs.write(file, 0, &[7; 9_000]).unwrap();
    assert_eq!(fs.write(file, 9_000, &[8; 5_000]), Err(FsError::NoSpace));
    assert_eq!(fs.write(file, u64::MAX - 1, &[8; 5]), Err(FsError::TooLarge));
    assert_eq!(fs.truncate(file, u64::MAX), Err(FsError::NoSpace));
    fs.close(file).unwrap();
    assert_eq!(model::contents(&mut fs, "a", 4096), [7; 9_000]);
}

#[test]
fn a_removed_file_stays_readable_while_it_is_open() {
    let mut fs = ramfs(1 << 20);
    let file = fs.open("a", OpenMode::Create).unwrap();
    fs.write(file, 0, b"still here").unwrap();
    fs.remove("a").unwrap();
    let mut buffer = [0; 10];
    assert_eq!(fs.read(file, 0, &mut buffer), Ok(10));
    assert_eq!(&buffer, b"still here");
    fs.close(file).unwrap();
    assert_eq!(fs.size(file), Err(FsError::InvalidInput("the file is not open")));
}
