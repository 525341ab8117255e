//! Bytes that describe themselves: lines of sixteen bytes that name their file, their writing and their place.

/// Bytes in a line.
pub const LINE: usize = 16;

/// A line read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The file, by the number it got when it was made.
    pub tag: u32,
    /// Which writing, counted over the session.
    pub generation: u32,
    /// Where in the file, in bytes.
    pub offset: u32,
}

impl Line {
    fn check(self) -> u32 {
        let mut mixed = self.tag.wrapping_mul(0x9e37_79b1) ^ self.generation.wrapping_mul(0x85eb_ca77);
        mixed ^= self.offset.wrapping_mul(0xc2b2_ae3d);
        mixed ^ mixed >> 15 ^ 0x5155_494c
    }

    fn bytes(self) -> [u8; LINE] {
        let mut bytes = [0; LINE];
        let words = [self.tag, self.generation, self.offset, self.check()];
        for (chunk, word) in bytes.chunks_exact_mut(4).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// The line that these bytes are; None if they are none.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let line = Self { tag: word(0)?, generation: word(4)?, offset: word(8)? };
        (word(12)? == line.check()).then_some(line)
    }
}

/// Fills `bytes`, which stand at `offset` of the file `tag`, with what the writing `generation` puts there.
pub fn fill(tag: u32, generation: u32, offset: u64, bytes: &mut [u8]) {
    let mut at = offset as usize;
    let mut rest = bytes;
    while !rest.is_empty() {
        let within = at % LINE;
        let line = Line { tag, generation, offset: (at - within) as u32 }.bytes();
        let (now, later) = rest.split_at_mut((LINE - within).min(rest.len()));
        now.copy_from_slice(&line[within..within + now.len()]);
        at += now.len();
        rest = later;
    }
}

/// The first whole line of a file's contents that is another file's, or of another place.
#[must_use]
pub fn stray(tag: u32, contents: &[u8]) -> Option<Line> {
    let lines = contents.chunks_exact(LINE).zip((0u32..).step_by(LINE));
    lines
        .filter_map(|(bytes, offset)| Line::read(bytes).map(|line| (line, offset)))
        .find(|(line, offset)| line.tag != tag || line.offset != *offset)
        .map(|(line, _)| line)
}

/// A figure that tells contents apart, taken piece by piece (FNV-1a, 64 bits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(pub u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    /// Takes the next piece.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0 =
            bytes.iter().fold(self.0, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn a_piece_is_the_same_however_it_is_written() {
        let mut whole = [0; 100];
        fill(7, 3, 0, &mut whole);
        for start in 0..100 {
            let mut piece = std::vec![0; 100 - start];
            fill(7, 3, start as u64, &mut piece);
            assert_eq!(piece, whole[start..]);
        }
        assert_eq!(Line::read(&whole[32..48]), Some(Line { tag: 7, generation: 3, offset: 32 }));
        assert_eq!(Line::read(&whole[33..49]), None);
        assert_eq!(Line::read(&[0; 16]), None);
    }

    #[test]
    fn a_digest_does_not_mind_pieces_but_minds_bytes() {
        let of = |pieces: &[&[u8]]| {
            let mut digest = Digest::default();
            pieces.iter().for_each(|piece| digest.add(piece));
            digest.0
        };
        // The test vectors of draft-eastlake-fnv.
        assert_eq!((of(&[b"a"]), of(&[b"foobar"])), (0xaf63_dc4c_8601_ec8c, 0x8594_4171_f739_67e8));
        assert_eq!(of(&[b"foo", b"", b"bar"]), of(&[b"foobar"]));
        assert_ne!(of(&[b"foobaz"]), of(&[b"foobar"]));
    }

    #[test]
    fn what_strayed_from_elsewhere_is_found() {
        let mut contents = [0; 80];
        fill(7, 3, 0, &mut contents[..70]);
        assert_eq!(stray(7, &contents), None);
        assert_eq!(stray(8, &contents).map(|line| line.tag), Some(7));
        fill(9, 4, 32, &mut contents[32..48]);
        assert_eq!(stray(7, &contents).map(|line| line.tag), Some(9));
        fill(7, 3, 0, &mut contents[32..48]);
        assert_eq!(stray(7, &contents).map(|line| line.offset), Some(0));
    }
}
