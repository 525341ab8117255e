//! What opening means, against the text of open(2), lseek(2) and path_resolution(7).

use vfs::FsError;
use vfs::inode::{Attributes, DeviceNumber, InodeKind, Time};
use vfs::open::{
    Access, Credentials, Found, OpenOptions, Opening, Whence, may, may_remove, notes_reading, seek,
};
use vfs::walk::FollowLast;

// As asm-generic/fcntl.h has them.
const RDONLY: u32 = 0;
const WRONLY: u32 = 1;
const RDWR: u32 = 2;
const CREAT: u32 = 0x40;
const EXCL: u32 = 0x80;
const TRUNC: u32 = 0x200;
const APPEND: u32 = 0x400;
const NONBLOCK: u32 = 0x800;
const DIRECTORY: u32 = 0x1_0000;
const NOFOLLOW: u32 = 0x2_0000;
const CLOEXEC: u32 = 0x8_0000;
const PATH: u32 = 0x20_0000;
const TMPFILE: u32 = 0x40_0000 | DIRECTORY;

#[test]
fn each_row_of_the_manual_page() {
    use FsError::{
        AlreadyExists, IsADirectory, NoSuchDevice, NotADirectory, NotFound, ReadOnly, TooManyLinks,
    };
    use InodeKind::{CharacterDevice, Directory, Fifo, File, Socket, SymbolicLink};
    use Opening::{Emptied, Existing, New};
    let tty = CharacterDevice(DeviceNumber { major: 5, minor: 0 });
    let cases: &[(u32, Option<InodeKind>, Result<Opening, FsError>)] = &[
        // ENOENT: O_CREAT is not set and the named file does not exist.
        (RDONLY, None, Err(NotFound)),
        (RDWR | TRUNC, None, Err(NotFound)),
        (PATH, None, Err(NotFound)),
        // O_CREAT: if pathname does not exist, create it as a regular file.
        (WRONLY | CREAT, None, Ok(New)),
        (RDONLY | CREAT | TRUNC, None, Ok(New)),
        (WRONLY | CREAT | EXCL, None, Ok(New)),
        (WRONLY | CREAT, Some(File), Ok(Existing)),
        (WRONLY | CREAT | TRUNC, Some(File), Ok(Emptied)),
        (WRONLY | CREAT | APPEND, Some(File), Ok(Existing)),
        // EEXIST: pathname already exists and O_CREAT and O_EXCL were used, wherever a symbolic link points.
        (WRONLY | CREAT | EXCL, Some(File), Err(AlreadyExists)),
        (WRONLY | CREAT | EXCL, Some(Directory), Err(AlreadyExists)),
        (WRONLY | CREAT | EXCL, Some(SymbolicLink), Err(AlreadyExists)),
        (WRONLY | CREAT | EXCL | TRUNC, Some(File), Err(AlreadyExists)),
        // O_EXCL without O_CREAT is undefined; Linux passes over it.
        (RDONLY | EXCL, Some(File), Ok(Existing)),
        // EISDIR: a directory and writing, or O_CREAT.
        (RDONLY, Some(Directory), Ok(Existing)),
        (WRONLY, Some(Directory), Err(IsADirectory)),
        (RDWR, Some(Directory), Err(IsADirectory)),
        (RDONLY | TRUNC, Some(Directory), Err(IsADirectory)),
        (RDONLY | CREAT, Some(Directory), Err(IsADirectory)),
        (RDONLY | DIRECTORY, Some(Directory), Ok(Existing)),
        // ENOTDIR: O_DIRECTORY and no directory.
        (RDONLY | DIRECTORY, Some(File), Err(NotADirectory)),
        (RDONLY | DIRECTORY | NOFOLLOW, Some(SymbolicLink), Err(NotADirectory)),
        (PATH | DIRECTORY, Some(File), Err(NotADirectory)),
        // ELOOP: a symbolic link, and O_NOFOLLOW but not O_PATH.
        (RDONLY | NOFOLLOW, Some(SymbolicLink), Err(TooManyLinks)),
        (PATH | NOFOLLOW, Some(SymbolicLink), Ok(Existing)),
        (RDONLY | NOFOLLOW, Some(File), Ok(Existing)),
        // ENXIO: the file is a UNIX domain socket. O_PATH will do for one.
        (RDWR, Some(Socket), Err(NoSuchDevice)),
        (PATH, Some(Socket), Ok(Existing)),
        // O_TRUNC: of a FIFO or a terminal device the flag is ignored.
        (WRONLY | TRUNC, Some(Fifo), Ok(Existing)),
        (WRONLY | TRUNC | CREAT, Some(tty), Ok(Existing)),
        // It empties also what is opened for reading (unspecified; Linux does).
        (RDONLY | TRUNC, Some(File), Ok(Emptied)),
        (PATH | TRUNC | WRONLY, Some(File), Ok(Existing)),
        (RDWR | NONBLOCK | CLOEXEC, Some(File), Ok(Existing)),
    ];
    for &(flags, kind, expected) in cases {
        let options = OpenOptions::from_flags(flags).unwrap();
        let found = Found { kind, trailing_slash: false, is_read_only: false };
        assert_eq!(options.decide(found), expected, "{flags:#o} {kind:?}");
        // EROFS: where nothing can be changed, exactly what would change something is refused; devices are elsewhere.
        let changes = matches!(expected, Ok(New | Emptied))
            || expected == Ok(Existing) && kind == Some(File) && options.access().write;
        let expected = if changes { Err(ReadOnly) } else { expected };
        assert_eq!(options.decide(Found { is_read_only: true, ..found }), expected, "{flags:#o} {kind:?}");
    }
}

#[test]
fn a_slash_behind_the_name_asks_for_a_directory() {
    let slash = |kind| Found { kind, trailing_slash: true, is_read_only: false };
    let create = OpenOptions::from_flags(WRONLY | CREAT).unwrap();
    let exclusive = OpenOptions::from_flags(WRONLY | CREAT | EXCL).unwrap();
    for kind in [None, Some(InodeKind::Directory)] {
        assert_eq!(create.decide(slash(kind)), Err(FsError::IsADirectory));
        assert_eq!(exclusive.decide(slash(kind)), Err(FsError::IsADirectory));
    }
    let read = OpenOptions::from_flags(RDONLY).unwrap();
    assert_eq!(read.decide(slash(Some(InodeKind::File))), Err(FsError::NotADirectory));
    assert_eq!(read.decide(slash(Some(InodeKind::Directory))), Ok(Opening::Existing));
}

#[test]
fn some_flags_make_no_sense() {
    assert!(matches!(OpenOptions::from_flags(3), Err(FsError::InvalidInput(_))));
    assert!(matches!(OpenOptions::from_flags(CREAT | DIRECTORY), Err(FsError::InvalidInput(_))));
    assert_eq!(OpenOptions::from_flags(RDWR | TMPFILE), Err(FsError::IsADirectory));
    assert!(OpenOptions::from_flags(PATH | 3).is_ok_and(|options| options.place_only && !options.read));
    let follow = |flags| OpenOptions::from_flags(flags).unwrap().follow();
    assert_eq!(follow(WRONLY | CREAT), FollowLast::Yes);
    assert_eq!(follow(WRONLY | CREAT | EXCL), FollowLast::No);
    assert_eq!(follow(WRONLY | EXCL), FollowLast::Yes);
    assert_eq!(follow(NOFOLLOW), FollowLast::No);
}

#[test]
fn seeks_stay_among_the_positions_there_are() {
    for (whence, offset, expected) in [
        (Whence::Start, 0, Some(0)),
        (Whence::Start, -1, None),
        (Whence::Start, i64::MAX, Some(i64::MAX as u64)),
        (Whence::Current, -100, Some(0)),
        (Whence::Current, -101, None),
        (Whence::Current, i64::MAX, None),
        (Whence::Current, i64::MIN, None),
        (Whence::End, 5, Some(1005)),
        (Whence::End, -1000, Some(0)),
        (Whence::End, -1001, None),
        (Whence::End, i64::MAX - 1000, Some(i64::MAX as u64)),
        (Whence::End, i64::MAX - 999, None),
    ] {
        assert_eq!(seek(100, 1000, whence, offset).ok(), expected, "{whence:?} {offset}");
    }
}

fn attributes(kind: InodeKind, mode: u16, user: u32, group: u32) -> Attributes {
    let time = Time::default();
    Attributes {
        kind,
        mode,
        user,
        group,
        links: 1,
        size: 0,
        blocks: 0,
        accessed: time,
        modified: time,
        changed: time,
    }
}

#[test]
fn one_class_of_permission_bits_counts() {
    // Every mode, everybody, everything, against the sentences of the manual page.
    let owner = Credentials { user: 10, group: 99, groups: &[20] };
    let member = Credentials { user: 11, group: 20, groups: &[] };
    let further = Credentials { user: 12, group: 99, groups: &[98, 20] };
    let other = Credentials { user: 13, group: 99, groups: &[98] };
    let root = Credentials { user: 0, group: 0, groups: &[] };
    for mode in 0..0o1000_u16 {
        let digits: Vec<u16> = format!("{mode:03o}").bytes().map(|digit| u16::from(digit - b'0')).collect();
        for wanted in 0..8_u16 {
            let access = Access { read: wanted & 4 > 0, write: wanted & 2 > 0, execute: wanted & 1 > 0 };
            for (who, digit) in [(owner, 0), (member, 1), (further, 1), (other, 2)] {
                for kind in [InodeKind::File, InodeKind::Directory] {
                    let allowed = [4, 2, 1].iter().all(|bit| wanted & bit == 0 || digits[digit] & bit != 0);
                    let found = may(&attributes(kind, mode, 10, 20), &who, access);
                    assert_eq!(found.is_ok(), allowed, "{mode:o} {wanted} {who:?}");
                }
            }
            let nobody_executes = digits.iter().all(|digit| digit % 2 == 0);
            let file = may(&attributes(InodeKind::File, mode, 10, 20), &root, access);
            assert_eq!(file.is_ok(), !(access.execute && nobody_executes), "{mode:o} {wanted}");
            assert_eq!(may(&attributes(InodeKind::Directory, mode, 10, 20), &root, access), Ok(()));
        }
    }
}

#[test]
fn in_a_sticky_directory_one_removes_what_is_ones_own() {
    let file = attributes(InodeKind::File, 0o666, 10, 20);
    let person = |user| Credentials { user, group: 99, groups: &[] };
    let tmp = attributes(InodeKind::Directory, 0o1777, 5, 5);
    for (user, expected) in [(0, Ok(())), (5, Ok(())), (10, Ok(())), (11, Err(FsError::NotPermitted))] {
        assert_eq!(may_remove(&tmp, &file, &person(user)), expected, "{user}");
    }
    let free = attributes(InodeKind::Directory, 0o777, 5, 5);
    assert_eq!(may_remove(&free, &file, &person(11)), Ok(()));
    let closed = attributes(InodeKind::Directory, 0o1755, 5, 5);
    assert_eq!(
        may_remove(&closed, &file, &person(10)),
        Err(FsError::AccessDenied),
        "owning it is not enough"
    );
}

#[test]
fn reading_is_noted_after_a_change_and_once_a_day() {
    let at = |seconds| Time { seconds, nanoseconds: 0 };
    let mut file = attributes(InodeKind::File, 0o644, 1, 1);
    (file.modified, file.changed) = (at(100), at(200));
    for (accessed, now, expected) in [
        (50, 300, true),
        (150, 300, true),
        (200, 300, true),
        (201, 300, false),
        (201, 201 + 86_399, false),
        (201, 201 + 86_400, true),
        (201, 0, false),
    ] {
        file.accessed = at(accessed);
        assert_eq!(notes_reading(&file, at(now)), expected, "{accessed} {now}");
    }
}
