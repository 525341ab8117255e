//! Files in a map by path, for a machine that has no disk.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use shell::{FileKind, FileStatus, WriteMode};
use ui::{DateTime, FileError};

/// What each path is; `None` is a directory.
#[derive(Default)]
pub struct Files(pub BTreeMap<String, Option<Vec<u8>>>);

impl Deref for Files {
    type Target = BTreeMap<String, Option<Vec<u8>>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Files {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

fn parent_of(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(slash) => &path[..slash],
    }
}

impl Files {
    pub fn status(&self, path: &str) -> Result<FileStatus, FileError> {
        // The shell promises absolute paths without `.`, `..` and empty parts.
        let mut parts = path.strip_prefix('/').expect("an absolute path").split('/');
        assert!(path == "/" || parts.all(|part| !["", ".", ".."].contains(&part)), "{path}");
        if let Some(Some(_)) = self.get(parent_of(path)) {
            return Err(FileError::NotADirectory);
        }
        let file = self.get(path).ok_or(FileError::NotFound)?;
        Ok(FileStatus {
            name: path.rsplit('/').next().unwrap_or_default().to_string(),
            kind: if file.is_some() { FileKind::File } else { FileKind::Directory },
            length: file.as_ref().map_or(0, |contents| contents.len() as u64),
            modified: Some(DateTime::from_unix(1_795_171_433)),
            target: None,
        })
    }

    fn children(&self, path: &str) -> Vec<String> {
        self.keys().filter(|key| *key != "/" && parent_of(key) == path).cloned().collect()
    }

    fn check_new(&self, path: &str) -> Result<(), FileError> {
        if path.contains([':', '*', '?']) {
            return Err(FileError::InvalidName);
        }
        match self.get(parent_of(path)) {
            None => Err(FileError::NotFound),
            Some(Some(_)) => Err(FileError::NotADirectory),
            Some(None) => Ok(()),
        }
    }

    pub fn list(&self, path: &str) -> Result<Vec<FileStatus>, FileError> {
        match self.status(path)?.kind {
            FileKind::File => Err(FileError::NotADirectory),
            FileKind::Directory => self.children(path).iter().map(|child| self.status(child)).collect(),
        }
    }

    pub fn read(&self, path: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, FileError> {
        self.status(path)?;
        let contents = self.0[path].as_ref().ok_or(FileError::IsADirectory)?;
        let rest = &contents[(offset as usize).min(contents.len())..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    pub fn write(&mut self, path: &str, contents: &[u8], mode: WriteMode) -> Result<(), FileError> {
        self.check_new(path)?;
        if self.get(path).is_some_and(Option::is_none) {
            return Err(FileError::IsADirectory);
        }
        let file = self.entry(path.to_string()).or_default().get_or_insert_default();
        if mode == WriteMode::Replace {
            file.clear();
        }
        file.extend_from_slice(contents);
        Ok(())
    }

    pub fn create_directory(&mut self, path: &str) -> Result<(), FileError> {
        if self.contains_key(path) {
            return Err(FileError::AlreadyExists);
        }
        self.check_new(path)?;
        self.insert(path.to_string(), None);
        Ok(())
    }

    pub fn remove(&mut self, path: &str) -> Result<(), FileError> {
        self.status(path)?;
        if !self.children(path).is_empty() {
            return Err(FileError::DirectoryNotEmpty);
        }
        self.0.remove(path);
        Ok(())
    }

    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), FileError> {
        self.status(from)?;
        self.check_new(to)?;
        if self.contains_key(to) {
            return Err(FileError::AlreadyExists);
        }
        let within = format!("{from}/");
        let moved: Vec<String> =
            self.keys().filter(|key| *key == from || key.starts_with(&within)).cloned().collect();
        for key in moved {
            let file = self.0.remove(&key).expect("just listed");
            self.insert(format!("{to}{}", &key[from.len()..]), file);
        }
        Ok(())
    }
}
