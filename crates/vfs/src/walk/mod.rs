//! From a path to what it names: one part after the other, through symbolic links and mounts.
//!
//! The walk knows the rules of paths (path_resolution(7)) and nothing else. What it walks through is a [`Tree`]: the
//! kernel's is made of the mounted file systems ([`crate::namespace`]), a test's of a few maps.
//!
//! A symbolic link does not make the walk call itself: the text that is still to be walked is a stack of texts, and a
//! link puts its target on top.

mod name;
mod texts;

pub use name::{Names, path_of};

use crate::FsError;
use crate::inode::InodeKind;
use crate::path::{self, MAX_NAME, MAX_PATH};
use alloc::string::String;
use texts::{Part, Texts};

/// So many symbolic links may be on the way of one path (Linux's MAXSYMLINKS).
pub const MAX_LINKS: usize = 40;

/// What paths lead through.
pub trait Tree {
    /// A place in it: for the kernel a mount and an inode that is counted as long as the node lives.
    type Node: Clone;

    /// Where absolute paths begin.
    ///
    /// # Errors
    /// The file system's.
    fn root(&mut self) -> Result<Self::Node, FsError>;

    /// What a node is.
    ///
    /// # Errors
    /// The file system's.
    fn kind(&mut self, node: &Self::Node) -> Result<InodeKind, FsError>;

    /// Whether names in a directory may be asked for. Asked before [`Tree::lookup`] and [`Tree::parent`], of directories
    /// only.
    ///
    /// # Errors
    /// [`FsError::AccessDenied`].
    fn may_search(&mut self, _directory: &Self::Node) -> Result<(), FsError> {
        Ok(())
    }

    /// What a name in a directory stands for. Where something is mounted it is the root of that. The name is neither
    /// `.` nor `..`.
    ///
    /// # Errors
    /// [`FsError::NotFound`]; the file system's.
    fn lookup(&mut self, directory: &Self::Node, name: &str) -> Result<Self::Node, FsError>;

    /// The directory that a directory lies in; for the root of something mounted, the one that its mount point lies in.
    /// The root of the tree lies in itself.
    ///
    /// # Errors
    /// [`FsError::NotFound`] for a directory that was removed; the file system's.
    fn parent(&mut self, directory: &Self::Node) -> Result<Self::Node, FsError>;

    /// Where a symbolic link leads.
    ///
    /// # Errors
    /// The file system's.
    fn read_link(&mut self, link: &Self::Node) -> Result<LinkTarget<Self::Node>, FsError>;
}

/// Where a symbolic link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkTarget<N> {
    /// To where this path leads from the link's directory.
    Path(String),
    /// To this, whatever its name is: `/proc/self/exe`, or a descriptor in `/proc/self/fd`.
    Node(N),
}

/// Whether a symbolic link at the end of a path stands for itself or for what it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowLast {
    /// For what it leads to.
    Yes,
    /// For itself, unless a slash comes behind it.
    No,
}

/// What the last part of a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Last {
    /// A name, which may be free.
    Name(String),
    /// `.`: the directory itself.
    Dot,
    /// `..`
    DotDot,
    /// There is none: the path is `/`, or leads through a link that names no path.
    Root,
}

/// The end of a path: a directory, and a part in it that may name nothing yet.
#[derive(Debug, Clone)]
pub struct Place<N> {
    /// The directory that the last part is in; for [`Last::Root`] what the path names.
    pub directory: N,
    /// The last part.
    pub last: Last,
    /// Whether slashes come behind it, so that it must be a directory.
    pub trailing_slash: bool,
    /// What it names now, if that was asked for and there is something.
    pub node: Option<N>,
}

/// What `path` names, seen from the directory `start`.
///
/// # Errors
/// [`FsError::NotFound`] also for an empty path; [`FsError::NotADirectory`] when it leads on behind what is none;
/// [`FsError::TooManyLinks`], [`FsError::NameTooLong`], [`FsError::InvalidName`] for a NUL in it, and the tree's.
pub fn resolve<T: Tree>(
    tree: &mut T,
    start: &T::Node,
    path: &str,
    follow: FollowLast,
) -> Result<T::Node, FsError> {
    resolve_place(tree, start, path, follow)?.node.ok_or(FsError::NotFound)
}

/// The directory in which `path` ends, seen from the directory `start`, and its last part, which is not looked up: for
/// calls that make, remove or rename something.
///
/// # Errors
/// As [`resolve`], but for what concerns the last part.
pub fn resolve_parent<T: Tree>(tree: &mut T, start: &T::Node, path: &str) -> Result<Place<T::Node>, FsError> {
    Walk::begin(tree, start, path)?.into_place(None)
}

/// As [`resolve`] and [`resolve_parent`] in one, for open(2): what `path` names, or the place where it could be made.
/// With [`FollowLast::Yes`] a link that leads nowhere gives the place that it leads to.
///
/// # Errors
/// As [`resolve`], except that nothing needs to have the last name: then `node` is None.
pub fn resolve_place<T: Tree>(
    tree: &mut T,
    start: &T::Node,
    path: &str,
    follow: FollowLast,
) -> Result<Place<T::Node>, FsError> {
    Walk::begin(tree, start, path)?.into_place(Some(follow))
}

struct Walk<'a, T: Tree> {
    tree: &'a mut T,
    at: T::Node,
    texts: Texts,
    links: usize,
    /// Slashes came behind a link that was the last part, so also behind the last part of where it leads.
    trailing_slash: bool,
}

impl<'a, T: Tree> Walk<'a, T> {
    fn begin(tree: &'a mut T, start: &T::Node, path: &str) -> Result<Self, FsError> {
        let mut walk = Self { tree, at: start.clone(), texts: Texts::new(), links: 0, trailing_slash: false };
        walk.enter(path::copy(path)?)?;
        Ok(walk)
    }

    /// Goes on with this path.
    fn enter(&mut self, path: String) -> Result<(), FsError> {
        if path.is_empty() {
            return Err(FsError::NotFound);
        }
        // With the NUL behind it, it must fit into PATH_MAX.
        if path.len() >= MAX_PATH {
            return Err(FsError::NameTooLong);
        }
        if path.contains('\0') {
            return Err(FsError::InvalidName("it contains a NUL character"));
        }
        if path.starts_with('/') {
            self.at = self.tree.root()?;
        }
        self.texts.push(path)
    }

    /// Walks to the last part, and with `follow` to what that names.
    fn into_place(mut self, follow: Option<FollowLast>) -> Result<Place<T::Node>, FsError> {
        loop {
            let Some(Part { name, is_last, slashes }) = self.texts.next() else {
                // Nothing but slashes, or a link that led straight to its target.
                let node = self.at.clone();
                self.check_slash(&node)?;
                return Ok(Place {
                    directory: self.at,
                    last: Last::Root,
                    trailing_slash: self.trailing_slash,
                    node: Some(node),
                });
            };
            if self.tree.kind(&self.at)? != InodeKind::Directory {
                return Err(FsError::NotADirectory);
            }
            self.tree.may_search(&self.at)?;
            let trailing_slash = is_last && (slashes || self.trailing_slash);
            if is_last && follow.is_none() {
                return Ok(Place { last: last(name)?, directory: self.at, trailing_slash, node: None });
            }
            let found = match name {
                "." => Ok(self.at.clone()),
                ".." => self.tree.parent(&self.at),
                name if name.len() > MAX_NAME => Err(FsError::NameTooLong),
                name => self.tree.lookup(&self.at, name),
            };
            let node = match found {
                Err(FsError::NotFound) if is_last && !matches!(name, "." | "..") => {
                    return Ok(Place { last: last(name)?, directory: self.at, trailing_slash, node: None });
                }
                found => found?,
            };
            let follows = !is_last || follow == Some(FollowLast::Yes) || trailing_slash;
            if follows && self.tree.kind(&node)? == InodeKind::SymbolicLink {
                self.trailing_slash |= trailing_slash;
                self.follow(&node)?;
            } else if is_last {
                let last = last(name)?;
                self.trailing_slash = trailing_slash;
                self.check_slash(&node)?;
                return Ok(Place { last, directory: self.at, trailing_slash, node: Some(node) });
            } else {
                self.at = node;
            }
        }
    }

    fn follow(&mut self, link: &T::Node) -> Result<(), FsError> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(FsError::TooManyLinks);
        }
        match self.tree.read_link(link)? {
            LinkTarget::Path(path) => self.enter(path),
            LinkTarget::Node(node) => {
                self.at = node;
                Ok(())
            }
        }
    }

    /// What slashes come behind must be a directory.
    fn check_slash(&mut self, node: &T::Node) -> Result<(), FsError> {
        if self.trailing_slash && self.tree.kind(node)? != InodeKind::Directory {
            return Err(FsError::NotADirectory);
        }
        Ok(())
    }
}

fn last(name: &str) -> Result<Last, FsError> {
    match name {
        "." => Ok(Last::Dot),
        ".." => Ok(Last::DotDot),
        name if name.len() > MAX_NAME => Err(FsError::NameTooLong),
        name => path::copy(name).map(Last::Name),
    }
}
