//! What is on a disk that was cut off, in the eyes of our own file system. The one place of the host tool that mounts.

use blockcache::BlockDevice;
use fat::Fat;
use vfs::{FileKind, FileSystem, OpenMode};
use workload::Tree;

/// Any moment will do.
const NOW: u64 = 1_795_176_000;
const CACHE_BLOCKS: usize = 256;

/// Mounts the volume on `device`, which puts it in order if it was not closed, and reads all of it. Says in words why it
/// can't be used.
pub fn mount_and_read<D: BlockDevice + 'static>(device: D) -> Result<Tree, String> {
    let (mut volume, report) = Fat::mount(device, CACHE_BLOCKS, || NOW).map_err(|error| error.to_string())?;
    if let Some(damage) = report.damage {
        return Err(format!("damaged: {damage}"));
    }
    let mut tree = Tree::new();
    let mut directories = vec![String::new()];
    while let Some(directory) = directories.pop() {
        for entry in volume.list(&directory).map_err(|error| format!("{directory:?}: {error}"))? {
            let path = match directory.as_str() {
                "" => entry.name,
                parent => format!("{parent}/{}", entry.name),
            };
            if entry.metadata.kind == FileKind::Directory {
                directories.push(path.clone());
                tree.insert(path, None);
            } else {
                let contents = read(&mut volume, &path).map_err(|error| format!("{path:?}: {error}"))?;
                tree.insert(path, Some(contents));
            }
        }
    }
    Ok(tree)
}

fn read<D: BlockDevice>(volume: &mut Fat<D>, path: &str) -> Result<Vec<u8>, vfs::FsError> {
    let file = volume.open(path, OpenMode::Read)?;
    let mut contents = vec![0; volume.size(file)? as usize];
    let length = volume.read(file, 0, &mut contents)?;
    contents.truncate(length);
    volume.close(file)?;
    Ok(contents)
}
