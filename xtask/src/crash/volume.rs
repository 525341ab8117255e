//! What is on a disk that was cut off, in the eyes of our own file system. The one place of the host tool that mounts.

use blockcache::{BlockDevice, SECTOR_SIZE};
use fat::Fat;
use vfs::FsError;
use vfs::inode::{FileSystem, InodeId, InodeKind, Time, list_all};
use workload::Tree;

/// Any moment will do.
fn now() -> Time {
    Time { seconds: 1_795_176_000, nanoseconds: 0 }
}

/// Mounts the volume on `device`, which puts it in order if it was not closed, and reads all of it. Says in words why it
/// can't be used.
pub fn mount_and_read<D: BlockDevice + Clone + 'static>(device: D) -> Result<Tree, String> {
    let (mut volume, report) = Fat::mount(device.clone(), now).map_err(|error| error.to_string())?;
    if let Some(damage) = report.damage {
        return Err(format!("damaged: {damage}"));
    }
    let mut tree = Tree::new();
    let mut directories = vec![(String::new(), volume.root())];
    while let Some((directory, inode)) = directories.pop() {
        let entries = list_all(&mut volume, inode).map_err(|error| format!("{directory:?}: {error}"))?;
        for (name, _, kind) in entries {
            let path = if directory.is_empty() { name.clone() } else { format!("{directory}/{name}") };
            let tell = |error: FsError| format!("{path:?}: {error}");
            let inode = volume.lookup(inode, &name).map_err(tell)?;
            if kind == InodeKind::Directory {
                directories.push((path.clone(), inode));
                tree.insert(path, None);
            } else {
                let contents = read(&mut volume, &device, inode).map_err(tell)?;
                tree.insert(path, Some(contents));
            }
        }
    }
    Ok(tree)
}

/// The contents of a file, from where the file system says that they lie.
fn read<D: BlockDevice>(volume: &mut Fat<D>, device: &D, inode: InodeId) -> Result<Vec<u8>, FsError> {
    let size = volume.attributes(inode)?.size as usize;
    let mut contents = vec![0; size.next_multiple_of(SECTOR_SIZE)];
    let mut done = 0;
    while done < size {
        let extent = volume.extent(inode, done as u64)?;
        let length = (contents.len() - done).min(extent.length as usize);
        device.read(extent.device_offset / SECTOR_SIZE as u64, &mut contents[done..done + length])?;
        done += length;
    }
    contents.truncate(size);
    Ok(contents)
}
