//! The other way: the path of a directory, for getcwd(2) and `/proc/PID/cwd`.

use super::Tree;
use crate::FsError;
use crate::path::MAX_PATH;
use alloc::string::String;

/// A tree that can tell under which name a directory lies in another.
pub trait Names: Tree {
    /// Whether two nodes are the same.
    fn is_same(&self, one: &Self::Node, other: &Self::Node) -> bool;

    /// The name under which `child` lies in the directory `parent`, which [`Tree::parent`] gave for it. For the root of
    /// something mounted it is the name of the mount point.
    ///
    /// # Errors
    /// [`FsError::NotFound`]; the file system's.
    fn name_in(&mut self, parent: &Self::Node, child: &Self::Node) -> Result<String, FsError>;
}

/// The path of a directory from the tree's root. It takes one listing for each name in it, and at most as many as
/// [`MAX_PATH`] has room for.
///
/// # Errors
/// [`FsError::NotFound`] for a directory that was removed or does not lie below the root; [`FsError::NameTooLong`] for a
/// path longer than [`MAX_PATH`]; [`FsError::OutOfMemory`]; the file system's.
pub fn path_of<T: Names>(tree: &mut T, directory: &T::Node) -> Result<String, FsError> {
    let root = tree.root()?;
    let mut at = directory.clone();
    let mut path = String::new();
    while !tree.is_same(&at, &root) {
        let parent = tree.parent(&at)?;
        if tree.is_same(&parent, &at) {
            return Err(FsError::NotFound);
        }
        let name = tree.name_in(&parent, &at)?;
        if path.len() + name.len() + 1 >= MAX_PATH {
            return Err(FsError::NameTooLong);
        }
        path.try_reserve(name.len() + 1).map_err(|_| FsError::OutOfMemory)?;
        path.insert_str(0, &name);
        path.insert(0, '/');
        at = parent;
    }
    if path.is_empty() {
        path = crate::path::copy("/")?;
    }
    Ok(path)
}
