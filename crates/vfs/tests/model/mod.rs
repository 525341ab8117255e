//! A file system as a map from path to contents, and a random user who compares it with a real one. Used for every
//! file system there is.

use std::collections::BTreeMap;
use vfs::{FileKind, FileSystem, FsError, OpenMode, path};

/// A small random number generator (xorshift), so that a failure can be run again.
pub struct Random(pub u64);

/// Whoever decides what the random user does: random numbers, or a fuzzer's bytes.
pub trait Decide {
    /// A number below `limit`, which is not 0.
    fn below(&mut self, limit: usize) -> usize;

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}

impl Decide for Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) as usize % limit
    }
}

/// None is a directory.
pub type Tree = BTreeMap<String, Option<Vec<u8>>>;

/// Reads a whole file through `read`, in pieces of a random size.
pub fn contents(fs: &mut dyn FileSystem, path: &str, piece: usize) -> Vec<u8> {
    let file = fs.open(path, OpenMode::Read).unwrap();
    let mut bytes = Vec::new();
    let mut buffer = vec![0; piece];
    loop {
        match fs.read(file, bytes.len() as u64, &mut buffer).unwrap() {
            0 => break,
            length => bytes.extend_from_slice(&buffer[..length]),
        }
    }
    assert_eq!(fs.size(file), Ok(bytes.len() as u64));
    fs.close(file).unwrap();
    bytes
}

/// The whole tree of a real file system.
pub fn tree(fs: &mut dyn FileSystem) -> Tree {
    let mut found = Tree::new();
    let mut directories = vec![String::new()];
    while let Some(directory) = directories.pop() {
        for entry in fs.list(&directory).unwrap() {
            let path = if directory.is_empty() { entry.name } else { format!("{directory}/{}", entry.name) };
            assert_eq!(fs.metadata(&path), Ok(entry.metadata), "{path}");
            match entry.metadata.kind {
                FileKind::Directory => {
                    found.insert(path.clone(), None);
                    directories.push(path);
                }
                FileKind::File => {
                    let bytes = contents(fs, &path, 5000);
                    assert_eq!(bytes.len() as u64, entry.metadata.size, "{path}");
                    found.insert(path, Some(bytes));
                }
            }
        }
    }
    found
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn is_directory(model: &Tree, path: &str) -> bool {
    path.is_empty() || model.get(path) == Some(&None)
}

/// What looking `path` up must say.
fn look_up(model: &Tree, path: &str) -> Result<(), FsError> {
    for (end, _) in path.match_indices('/') {
        match model.get(&path[..end]) {
            None => return Err(FsError::NotFound),
            Some(Some(_)) => return Err(FsError::NotADirectory),
            Some(None) => {}
        }
    }
    if path.is_empty() || model.contains_key(path) { Ok(()) } else { Err(FsError::NotFound) }
}

fn can_create(model: &Tree, path: &str) -> Result<(), FsError> {
    match look_up(model, path) {
        Ok(()) => Err(FsError::AlreadyExists),
        Err(FsError::NotFound) if is_directory(model, parent(path)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn can_remove(model: &Tree, path: &str) -> Result<(), FsError> {
    look_up(model, path)?;
    match model.keys().any(|other| other != path && path::below(other, path).is_some()) {
        true => Err(FsError::NotEmpty),
        false => Ok(()),
    }
}

fn can_rename(model: &Tree, from: &str, to: &str) -> Result<(), FsError> {
    look_up(model, from)?;
    match look_up(model, to) {
        Ok(()) if from == to => Ok(()),
        Ok(()) if is_directory(model, from) || is_directory(model, to) => Err(FsError::AlreadyExists),
        Ok(()) => Ok(()),
        Err(FsError::NotFound) if is_directory(model, from) && path::below(to, from).is_some() => {
            Err(FsError::InvalidInput("a directory can't be moved into itself"))
        }
        Err(FsError::NotFound) => can_create(model, to),
        Err(error) => Err(error),
    }
}

/// Does `steps` random things to `fs` and to `model` alike, and compares. `names` are the names that files get.
pub fn run(
    fs: &mut dyn FileSystem,
    model: &mut Tree,
    names: &[&str],
    steps: usize,
    random: &mut impl Decide,
) {
    for step in 0..steps {
        let depth = 1 + random.below(3);
        let mut any_path = || {
            let parts: Vec<&str> = (0..depth).map(|_| names[random.below(names.len())]).collect();
            parts.join("/")
        };
        let path = any_path();
        let other = any_path();
        match random.below(12) {
            0 | 1 => {
                let result = fs.create_directory(&path);
                assert_eq!(result, can_create(model, &path), "mkdir {path} at {step}");
                if result.is_ok() {
                    model.insert(path, None);
                }
            }
            2 => {
                let expected = can_remove(model, &path);
                assert_eq!(fs.remove(&path), expected, "remove {path} at {step}");
                if expected.is_ok() {
                    model.remove(&path);
                }
            }
            3 => {
                let expected = can_rename(model, &path, &other);
                assert_eq!(fs.rename(&path, &other), expected, "rename {path} to {other} at {step}");
                if expected.is_ok() && path != other {
                    let moved: Vec<String> =
                        model.keys().filter(|key| path::below(key, &path).is_some()).cloned().collect();
                    for key in moved {
                        let value = model.remove(&key).unwrap();
                        model.insert(format!("{other}{}", &key[path.len()..]), value);
                    }
                }
            }
            4 | 5 => {
                let expected = match look_up(model, &path) {
                    Ok(()) if is_directory(model, &path) => Err(FsError::IsADirectory),
                    result => result,
                };
                match fs.open(&path, OpenMode::Read) {
                    Ok(file) => {
                        assert_eq!(expected, Ok(()), "open {path} at {step}");
                        fs.close(file).unwrap();
                        let length = 1 + random.below(9000);
                        assert!(
                            Some(&Some(contents(fs, &path, length))) == model.get(&path),
                            "{path} at {step}"
                        );
                    }
                    Err(error) => assert_eq!(expected, Err(error), "open {path} at {step}"),
                }
            }
            kind => {
                let mode =
                    [OpenMode::Create, OpenMode::Replace, OpenMode::Write, OpenMode::CreateNew][kind % 4];
                let exists = look_up(model, &path);
                let expected = match exists {
                    Ok(()) if mode == OpenMode::CreateNew => Err(FsError::AlreadyExists),
                    Ok(()) if is_directory(model, &path) => Err(FsError::IsADirectory),
                    Err(FsError::NotFound) if mode.creates() => can_create(model, &path),
                    result => result,
                };
                let file = match fs.open(&path, mode) {
                    Ok(file) => file,
                    Err(error) => {
                        assert_eq!(expected, Err(error), "open {path} {mode:?} at {step}");
                        continue;
                    }
                };
                assert_eq!(expected, Ok(()), "open {path} {mode:?} at {step}");
                let bytes = model.entry(path.clone()).or_insert(Some(Vec::new())).as_mut().unwrap();
                if mode == OpenMode::Replace {
                    bytes.clear();
                }
                for _ in 0..random.below(4) {
                    if random.below(5) == 0 {
                        let size = random.below(bytes.len() + 6000);
                        fs.truncate(file, size as u64).unwrap();
                        bytes.resize(size, 0);
                    } else {
                        let beyond = if random.below(8) == 0 { 6000 } else { 1 };
                        let offset = random.below(bytes.len() + beyond);
                        let length = if random.below(3) == 0 { 20_000 } else { 100 };
                        let length = random.below(length);
                        let data = random.bytes(length);
                        fs.write(file, offset as u64, &data).unwrap();
                        if length > 0 {
                            bytes.resize(bytes.len().max(offset + length), 0);
                            bytes[offset..offset + length].copy_from_slice(&data);
                        }
                    }
                    assert_eq!(fs.size(file), Ok(bytes.len() as u64), "{path} at {step}");
                }
                fs.close(file).unwrap();
            }
        }
    }
    assert!(tree(fs) == *model, "the trees differ");
}
