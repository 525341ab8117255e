//! The file system about processes, over a table of processes.

use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use vfs::FsError;
use vfs::inode::{FileSystem, InodeId, InodeKind, NewInode, Time, list_all};
use vfs::procfs::format::Uptime;
use vfs::procfs::{Owner, ProcFs, ProcessFile, ProcessLink, Source, SystemFile, Text};

/// Processes with their threads and open descriptors.
type Processes = BTreeMap<u32, (BTreeSet<u32>, BTreeSet<u32>)>;

#[derive(Clone)]
struct Table {
    processes: Arc<Mutex<Processes>>,
    caller: Option<(u32, u32)>,
}

fn table(numbers: &[u32]) -> Table {
    let process =
        |&number: &u32| (number, (BTreeSet::from([number, number + 1]), BTreeSet::from([0, 1, 17])));
    let processes = numbers.iter().map(process).collect();
    Table { processes: Arc::new(Mutex::new(processes)), caller: None }
}

impl Source for Table {
    fn caller(&self) -> Option<(u32, u32)> {
        self.caller
    }

    fn now(&self) -> Time {
        Time { seconds: 1_700_000_000, nanoseconds: 1 }
    }

    fn process(&self, process: u32) -> Option<Owner> {
        self.processes.lock().unwrap().contains_key(&process).then_some(Owner { user: process, group: 7 })
    }

    fn next_process(&self, from: u32) -> Option<u32> {
        self.processes.lock().unwrap().range(from..).next().map(|(number, _)| *number)
    }

    fn process_count(&self) -> u32 {
        self.processes.lock().unwrap().len() as u32
    }

    fn next_thread(&self, process: u32, from: u32) -> Option<u32> {
        self.processes.lock().unwrap().get(&process)?.0.range(from..).next().copied()
    }

    fn thread_count(&self, process: u32) -> u32 {
        self.processes.lock().unwrap()[&process].0.len() as u32
    }

    fn next_descriptor(&self, process: u32, from: u32) -> Option<u32> {
        self.processes.lock().unwrap().get(&process)?.1.range(from..).next().copied()
    }

    fn write_system(&self, file: SystemFile, out: &mut Text) -> Result<(), FsError> {
        match file {
            SystemFile::Uptime => write!(out, "{}", Uptime { up: 76_114, idle: 58_394 }),
            file => write!(out, "{file:?}"),
        }
    }

    fn write_process(
        &self,
        process: u32,
        thread: Option<u32>,
        file: ProcessFile,
        out: &mut Text,
    ) -> Result<(), FsError> {
        match file {
            ProcessFile::CommandLine => out.push(b"cat\0-n\0"),
            file => write!(out, "{file:?} {process} {thread:?}"),
        }
    }

    fn link(&self, process: u32, link: ProcessLink) -> Result<String, FsError> {
        match link {
            // A thread of the kernel.
            ProcessLink::Exe if process == 2 => Err(FsError::NotFound),
            link => Ok(format!("{link:?} of {process}")),
        }
    }
}

fn find(fs: &mut impl FileSystem, path: &str) -> Result<InodeId, FsError> {
    path.split('/').filter(|name| !name.is_empty()).try_fold(fs.root(), |at, name| fs.lookup(at, name))
}

fn text(fs: &mut impl FileSystem, path: &str) -> Result<String, FsError> {
    let inode = find(fs, path)?;
    let mut buffer = [0; 200];
    let length = fs.read(inode, 0, &mut buffer)?;
    Ok(String::from_utf8(buffer[..length].into()).unwrap())
}

fn names(fs: &mut dyn FileSystem, directory: InodeId) -> Vec<String> {
    list_all(fs, directory).unwrap().into_iter().map(|(name, ..)| name).collect()
}

#[test]
fn the_root_has_the_files_that_programs_read_and_the_processes() {
    let mut fs = ProcFs::new(table(&[1, 2, 300, 70_000]));
    let root = fs.root();
    let listed = names(&mut fs, root);
    for name in [
        "meminfo",
        "stat",
        "uptime",
        "mounts",
        "loadavg",
        "version",
        "cpuinfo",
        "filesystems",
        "cmdline",
        "self",
        "1",
        "2",
        "300",
        "70000",
    ] {
        assert!(listed.iter().any(|other| other == name), "{name} is missing");
    }
    assert_eq!(listed.len(), 15);
    assert_eq!(text(&mut fs, "uptime").unwrap(), "761.14 583.94\n");
    assert_eq!(text(&mut fs, "meminfo").unwrap(), "MemInfo");
    let process = find(&mut fs, "300").unwrap();
    let expected =
        ["cmdline", "comm", "cwd", "exe", "fd", "maps", "mounts", "root", "stat", "statm", "status", "task"];
    assert_eq!(names(&mut fs, process), expected);
    assert_eq!(text(&mut fs, "300/stat").unwrap(), "Stat 300 None");
    assert_eq!(text(&mut fs, "300/cmdline").unwrap(), "cat\0-n\0");
    assert_eq!(text(&mut fs, "300/task/301/comm").unwrap(), "Comm 300 Some(301)");
    let descriptors = find(&mut fs, "300/fd").unwrap();
    assert_eq!(names(&mut fs, descriptors), ["0", "1", "17"]);
    for wrong in
        ["4", "0", "01", "+1", "-1", "", "300/task/1", "300/fd/2", "300/nothing", "99999999999", "uptime "]
    {
        let slash_free = wrong.rsplit_once('/');
        let (directory, name) = slash_free.unwrap_or(("", wrong));
        let directory = find(&mut fs, directory).unwrap();
        assert_eq!(fs.lookup(directory, name), Err(FsError::NotFound), "{wrong:?}");
    }
    let uptime = find(&mut fs, "uptime").unwrap();
    assert_eq!(fs.lookup(uptime, "x"), Err(FsError::NotADirectory));
}

#[test]
fn every_inode_has_one_number_and_every_directory_knows_its_parent() {
    let mut fs = ProcFs::new(table(&[1, 2, 300, (1 << 28) - 2]));
    let root = fs.root();
    assert_eq!((root, fs.parent(root)), (InodeId(1), Ok(root)));
    let mut seen = BTreeSet::from([root]);
    let mut to_visit = vec![root];
    while let Some(directory) = to_visit.pop() {
        let mut subdirectories = 0;
        for (name, inode, kind) in list_all(&mut fs, directory).unwrap() {
            assert!(seen.insert(inode), "{name} has the number of another");
            assert_eq!(fs.lookup(directory, &name), Ok(inode));
            assert_eq!(fs.attributes(inode).unwrap().kind, kind, "{name}");
            match kind {
                InodeKind::Directory => {
                    subdirectories += 1;
                    assert_eq!(fs.parent(inode), Ok(directory), "{name}");
                    to_visit.push(inode);
                }
                InodeKind::SymbolicLink => {
                    assert!(matches!(fs.read(inode, 0, &mut []), Err(FsError::InvalidInput(_))))
                }
                _ => assert!(!fs.generate(inode).unwrap().is_empty()),
            }
        }
        assert_eq!(fs.attributes(directory).unwrap().links, 2 + subdirectories);
    }
    assert_eq!(seen.len(), 1 + 11 + 4 * (1 + 12 + 3 + 2 * (1 + 7)));
    for number in (0..100_000).chain((0..64).map(|bit| 1 << bit)).map(InodeId).filter(|id| !seen.contains(id))
    {
        assert!(fs.attributes(number).is_err(), "{number:?} is no inode");
    }
}

#[test]
fn links_lead_to_the_caller_and_to_what_processes_have() {
    let mut table = table(&[2, 300]);
    let mut fs = ProcFs::new(table.clone());
    let link = find(&mut fs, "self").unwrap();
    assert_eq!(fs.read_link(link), Err(FsError::NotFound), "the kernel itself is no process");
    table.caller = Some((300, 301));
    let mut fs = ProcFs::new(table);
    assert_eq!(fs.read_link(link).unwrap(), "300");
    assert_eq!(fs.link_of(link), None);
    let link = find(&mut fs, "thread-self").unwrap();
    assert_eq!(fs.read_link(link).unwrap(), "300/task/301");
    let link = find(&mut fs, "300/exe").unwrap();
    assert_eq!(
        (fs.read_link(link).unwrap().as_str(), fs.link_of(link)),
        ("Exe of 300", Some((300, ProcessLink::Exe)))
    );
    let link = find(&mut fs, "300/fd/17").unwrap();
    assert_eq!(fs.link_of(link), Some((300, ProcessLink::Descriptor(17))));
    let link = find(&mut fs, "2/exe").unwrap();
    assert_eq!(fs.read_link(link), Err(FsError::NotFound));
}

#[test]
fn what_has_ended_is_gone_and_nothing_can_be_changed() {
    let table = table(&[5, 6]);
    let mut fs = ProcFs::new(table.clone());
    let stat = find(&mut fs, "5/stat").unwrap();
    let thread = find(&mut fs, "6/task/7/stat").unwrap();
    assert_eq!(fs.attributes(stat).unwrap().user, 5);
    table.processes.lock().unwrap().remove(&5);
    table.processes.lock().unwrap().get_mut(&6).unwrap().0.remove(&7);
    for gone in [stat, thread] {
        assert_eq!(fs.read(gone, 0, &mut [0; 9]), Err(FsError::NotFound));
        assert_eq!(fs.attributes(gone).map(drop), Err(FsError::NotFound));
    }
    let root = fs.root();
    let new = NewInode { name: "x", kind: InodeKind::File, mode: 0o644, user: 0, group: 0 };
    assert_eq!(fs.create(root, &new), Err(FsError::ReadOnly));
    assert_eq!(fs.unlink(root, "uptime"), Err(FsError::ReadOnly));
    // In pieces a file is the same as at once.
    let uptime = find(&mut fs, "uptime").unwrap();
    let mut pieces = Vec::new();
    let mut buffer = [0; 4];
    while let Ok(count @ 1..) = fs.read(uptime, pieces.len() as u64, &mut buffer) {
        pieces.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(pieces, b"761.14 583.94\n");
    assert_eq!(fs.read(uptime, u64::MAX, &mut buffer), Ok(0));
}

#[test]
fn a_listing_in_pieces_shows_each_process_that_stays_once() {
    let mut random = Rng::with_seed(99);
    for _ in 0..100 {
        let numbers: Vec<u32> = (0..50).map(|_| 1 + random.u32(..500)).collect();
        let table = table(&numbers);
        let mut fs = ProcFs::new(table.clone());
        let before: BTreeSet<u32> = numbers.into_iter().collect();
        let (mut cursor, mut seen) = (0, Vec::new());
        loop {
            let mut left = 1 + random.usize(..5);
            let known = seen.len();
            let root = fs.root();
            fs.list(root, cursor, &mut |entry| {
                cursor = entry.next;
                seen.push(entry.name.to_string());
                left -= 1;
                left > 0
            })
            .unwrap();
            if seen.len() == known {
                break;
            }
            table.processes.lock().unwrap().remove(&(1 + random.u32(..500)));
        }
        let unique: BTreeSet<&String> = seen.iter().collect();
        assert_eq!(unique.len(), seen.len());
        assert_eq!(seen.iter().filter(|name| name.parse::<u32>().is_err()).count(), 11);
        let after: BTreeSet<u32> = table.processes.lock().unwrap().keys().copied().collect();
        assert!(before.intersection(&after).all(|number| seen.contains(&number.to_string())));
    }
}
