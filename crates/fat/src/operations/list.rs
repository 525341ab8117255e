//! Looking names up and listing them.

use crate::directory::slot::{self, Kind};
use crate::directory::{Reader, Set};
use crate::names;
use crate::node::Place;
use crate::volume::{Fat, area};
use blockcache::BlockDevice;
use vfs::FsError;
use vfs::inode::{InodeId, InodeKind, Listed, Summary};

impl<D: BlockDevice> Fat<D> {
    pub(crate) fn look_up(&mut self, directory: InodeId, name: &str) -> Result<InodeId, FsError> {
        let directory = self.directory(directory)?;
        let set = self.find(directory, name)?.ok_or(FsError::NotFound)?;
        let id = self.enter(directory, &set)?;
        self.nodes.get_mut(id)?.users += 1;
        Ok(InodeId(id))
    }

    /// Lists from the slot `cursor` on.
    pub(crate) fn list_from(
        &mut self,
        directory: InodeId,
        cursor: u64,
        each: &mut dyn FnMut(&Listed<'_>) -> bool,
    ) -> Result<(), FsError> {
        let id = self.directory(directory)?;
        if self.nodes.get(id)?.is_nameless() {
            return Ok(());
        }
        self.need_chain(id)?;
        let mut buffer = names::buffer()?;
        let Self { nodes, store, geometry, .. } = self;
        let area = area(geometry, nodes.get(id)?);
        let mut slots = Reader::new(area);
        let mut set = Set::new();
        let first = u32::try_from(cursor).unwrap_or(u32::MAX);
        for number in first..area.slots() {
            let (&entry, sector) = slots.read(store, number)?;
            let kind = slot::kind(&entry);
            match kind {
                Kind::End => break,
                Kind::File | Kind::Directory => {}
                _ => continue,
            }
            set.find(number, entry, |at| slots.read(store, at).map(|(piece, _)| *piece))?;
            set.name(&mut buffer);
            let place = Place { slot: number, sector };
            let inode = nodes.number(place.key());
            // Of one that is in use the disk may know less.
            let (size, modified) = match nodes.get(inode) {
                Ok(node) => (node.size, node.modified),
                Err(_) => (slot::size(&entry), slot::modified(&entry)),
            };
            let listed = Listed {
                name: &buffer,
                inode: InodeId(inode),
                kind: if kind == Kind::Directory { InodeKind::Directory } else { InodeKind::File },
                next: u64::from(number) + 1,
                summary: Some(Summary { size: size.into(), modified: modified.to_time() }),
            };
            if !each(&listed) {
                break;
            }
        }
        Ok(())
    }
}
