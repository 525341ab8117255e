//! The faces: which font at which size, which characters, and the atlas that `src/font.rs` reads.
//!
//! An atlas is two tables. The first holds one 64-bit little-endian record for each drawn glyph, from the low
//! bits up:
//!
//! | bits | what |
//! |---|---|
//! | 20 | where its coverage starts in the second table |
//! | 12 | how far it moves the pen, in 1/64 pixel |
//! | 6 | columns |
//! | 6 | rows |
//! | 6 | columns from the pen to its first column, plus 32 |
//! | 6 | rows from the top of the line to its first row |
//!
//! Record 0 is the box for characters that have no glyph. A glyph of a face with several positions is drawn
//! once for each, in records that follow one another: with its pen on a whole pixel, a third further, and so
//! on. So letters keep the distances that their designer gave them instead of snapping to pixels, and still
//! nothing is computed at run time.

use crate::outline::{Bitmap, Fit, rasterize};
use crate::{Output, boxes};
use ttf_parser::{Face, Tag};

/// One of the faces of `gfx::Font`, in its order.
struct Description {
    name: &'static str,
    family: Family,
    /// Pixels to the em.
    size: f32,
    line_height: i32,
    /// From the top of the line to the baseline, in pixels.
    ascent: i32,
    /// Added to each glyph's advance, in pixels: small letters want air, large ones less of it.
    tracking: f32,
    /// In how many positions each character below U+0100 is drawn.
    positions: usize,
    /// The last character of the table that needs no search.
    last: u32,
    symbols: &'static [&'static str],
}

enum Family {
    /// Inter, at a weight from 100 to 900.
    Inter { weight: f32 },
    /// JetBrains Mono, its strokes widened by so many pixels, in cells of so many columns.
    Mono { bolder: f32, cell: i32 },
}

/// The first character beyond Latin-1, and the last of Latin Extended-A.
const BEYOND_LATIN_1: u32 = 0x100;
const LATIN_EXTENDED_A_END: u32 = 0x17f;
/// File names are written in these too.
const GREEK: &str = "ΆΈΉΊΌΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫάέήίΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ";
const CYRILLIC: &str = "ЁЂЃЄЅІЇЈЉЊЋЌЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
                        абвгдежзийклмнопрстуфхцчшщъыьэюяёђѓєѕіїјљњћќўџҐґ";
const PUNCTUATION: &str = "–—‘’‚“”„†•…‹›€™−";
const ARROWS: &str = "←↑→↓↔↕";
const SIGNS: &str = "≈≠≤≥✓✗■●▲▶▼◀";
const MONO_SIGNS: &str = "■●▲▶▼◀≈≠≤≥∞√✓✗□▪▫○◆";

const FACES: [Description; 7] = [
    face("small", 440.0, 11.0, 15, 12, 0.1, 3),
    face("ui", 440.0, 13.0, 18, 14, 0.05, 3),
    face("ui_bold", 600.0, 13.0, 18, 14, 0.05, 3),
    face("heading", 600.0, 17.0, 24, 18, -0.1, 1),
    // Large letters are large tables, and a title is short: Latin-1 is enough.
    Description {
        last: BEYOND_LATIN_1 - 1,
        symbols: &[PUNCTUATION, ARROWS, SIGNS],
        ..face("title", 650.0, 26.0, 34, 26, -0.35, 1)
    },
    mono("mono", 0.1),
    mono("mono_bold", 0.6),
];

const fn face(
    name: &'static str,
    weight: f32,
    size: f32,
    line_height: i32,
    ascent: i32,
    tracking: f32,
    positions: usize,
) -> Description {
    let family = Family::Inter { weight };
    let (last, symbols): (_, &[_]) = (LATIN_EXTENDED_A_END, &[GREEK, CYRILLIC, PUNCTUATION, ARROWS, SIGNS]);
    Description { name, family, size, line_height, ascent, tracking, positions, last, symbols }
}

const fn mono(name: &'static str, bolder: f32) -> Description {
    Description {
        name,
        family: Family::Mono { bolder, cell: 9 },
        size: 15.0,
        line_height: 18,
        ascent: 14,
        tracking: 0.0,
        positions: 1,
        last: LATIN_EXTENDED_A_END,
        symbols: &[GREEK, CYRILLIC, PUNCTUATION, ARROWS, MONO_SIGNS],
    }
}

/// The first character with a glyph of its own.
const FIRST: u32 = 0x20;

/// Bakes all faces, and `static FACES` that names their tables.
pub fn bake(output: &mut Output) {
    let mut entries = String::new();
    for description in &FACES {
        let atlas = Atlas::draw(description);
        let records: Vec<u8> = atlas.records.iter().flat_map(|record| record.to_le_bytes()).collect();
        let records = output.blob(&format!("{}.records", description.name), &records);
        let coverage = output.blob(&format!("{}.coverage", description.name), &atlas.coverage);
        let Description { line_height, ascent, positions, .. } = description;
        entries.push_str(&format!(
            "Face {{ line_height: {line_height}, ascent: {ascent}, positions: {positions}, \
             latin: &{:?}, others: &{:?}, records: {records}, coverage: {coverage} }},\n",
            atlas.latin, atlas.others,
        ));
    }
    output.line(&format!("pub static FACES: [Face; {}] = [\n{entries}];", FACES.len()));
}

#[derive(Default)]
struct Atlas {
    /// The record of each character from U+0020 on.
    latin: Vec<u16>,
    /// The other characters, rising, each with its record.
    others: Vec<(u16, u16)>,
    records: Vec<u64>,
    coverage: Vec<u8>,
}

impl Atlas {
    fn draw(description: &Description) -> Atlas {
        let (bytes, weight, bolder, cell) = match description.family {
            Family::Inter { weight } => (ttf_inter::REGULAR, Some(weight), 0.0, None),
            Family::Mono { bolder, cell } => (truce_font::JETBRAINS_MONO, None, bolder, Some(cell)),
        };
        let mut face = Face::parse(bytes, 0).expect("the dependency holds a font");
        if let Some(weight) = weight {
            face.set_variation(Tag::from_bytes(b"wght"), weight).expect("the font has a weight axis");
        }
        let fit = Fit::new(&face, description.size);
        let mut atlas = Atlas::default();
        let cap_height = (description.size * 0.72).round() as i32;
        let missing = boxes::missing(cell.unwrap_or(cap_height - 1), cap_height);
        atlas.push(&missing, f32::from(missing.width as u16 + 2), description);
        for code in FIRST..=description.last {
            let record = atlas.records.len();
            let drawn = char::from_u32(code).filter(|character| !character.is_control());
            let positions = if code < BEYOND_LATIN_1 { description.positions } else { 1 };
            let known = drawn
                .is_some_and(|character| atlas.add(&face, &fit, description, character, positions, bolder));
            atlas.latin.push(if known { record as u16 } else { 0 });
        }
        let mut others: Vec<char> = description.symbols.iter().flat_map(|symbols| symbols.chars()).collect();
        others.sort_unstable();
        for character in others {
            let record = atlas.records.len() as u16;
            let known = atlas.add(&face, &fit, description, character, 1, bolder);
            assert!(known, "{}: no glyph for {character}", description.name);
            atlas.others.push((character as u16, record));
        }
        if let Some(cell) = cell {
            for (code, bitmap) in boxes::all(cell, description.line_height, description.ascent) {
                atlas.others.push((code as u16, atlas.records.len() as u16));
                atlas.push(&bitmap, cell as f32, description);
            }
            atlas.others.sort_unstable();
        }
        atlas
    }

    /// Adds a character in so many positions; `false` when the font has no glyph for it.
    fn add(
        &mut self,
        face: &Face,
        fit: &Fit,
        description: &Description,
        character: char,
        positions: usize,
        bolder: f32,
    ) -> bool {
        let Some(glyph) = face.glyph_index(character) else { return false };
        let scale = description.size / f32::from(face.units_per_em());
        let advance = f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale + description.tracking;
        for position in 0..positions {
            let shift = position as f32 / positions as f32 + description.tracking / 2.0;
            self.push(&rasterize(face, glyph, fit, shift, bolder), advance, description);
        }
        true
    }

    fn push(&mut self, bitmap: &Bitmap, advance: f32, description: &Description) {
        let advance = (advance * 64.0).round() as u64;
        let bitmap = cropped(bitmap, description);
        let top = description.ascent - bitmap.top;
        let offset = self.coverage.len() as u64;
        self.coverage.extend_from_slice(&bitmap.coverage);
        let fields = [
            (offset, 20),
            (advance, 12),
            (bitmap.width as u64, 6),
            (bitmap.height as u64, 6),
            ((bitmap.left + 32) as u64, 6),
            (top as u64, 6),
        ];
        let mut record = 0;
        let mut shift = 0;
        for (value, bits) in fields {
            assert!(value < 1 << bits, "{}: {value} does not fit into {bits} bits", description.name);
            record |= value << shift;
            shift += bits;
        }
        self.records.push(record);
    }
}

/// The bitmap without empty rows and columns at its edges, and without what sticks out of the line.
fn cropped(bitmap: &Bitmap, description: &Description) -> Bitmap {
    let first_row = description.ascent - bitmap.top;
    let ink = |column: usize, row: usize| bitmap.coverage[row * bitmap.width + column] >= 4;
    let in_line = |row: &usize| (0..description.line_height).contains(&(first_row + *row as i32));
    let rows: Vec<usize> = (0..bitmap.height)
        .filter(in_line)
        .filter(|&row| (0..bitmap.width).any(|column| ink(column, row)))
        .collect();
    let columns: Vec<usize> =
        (0..bitmap.width).filter(|&column| rows.iter().any(|&row| ink(column, row))).collect();
    let (Some(&top), Some(&bottom)) = (rows.first(), rows.last()) else {
        return Bitmap::empty_at(description.ascent);
    };
    let (Some(&left), Some(&right)) = (columns.first(), columns.last()) else {
        return Bitmap::empty_at(description.ascent);
    };
    let coverage = (top..=bottom)
        .flat_map(|row| &bitmap.coverage[row * bitmap.width..][left..=right])
        .copied()
        .collect();
    Bitmap {
        left: bitmap.left + left as i32,
        top: bitmap.top - top as i32,
        width: right - left + 1,
        height: bottom - top + 1,
        coverage,
    }
}
