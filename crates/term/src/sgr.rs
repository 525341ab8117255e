//! Select Graphic Rendition (ECMA-48, 8.3.117), with the 256-colour and true-colour extensions in
//! both spellings: `38;5;N` and `38:5:N`.

use crate::cell::{Attributes, Color, Style};

/// Applies the parameters of one `CSI … m` to `style`.
pub(crate) fn apply(style: &mut Style, params: &vte::Params) {
    let mut params = params.iter();
    while let Some(param) = params.next() {
        let (code, sub) = match param {
            [] => (0, &[][..]),
            [code, sub @ ..] => (*code, sub),
        };
        match code {
            0 => *style = Style::default(),
            1 => style.attributes |= Attributes::BOLD,
            2 => style.attributes |= Attributes::FAINT,
            3 => style.attributes |= Attributes::ITALIC,
            // `4:0` is "no underline"; every other style of underline is drawn as a plain one.
            4 => style.attributes.set(Attributes::UNDERLINE, sub != [0]),
            7 => style.attributes |= Attributes::INVERSE,
            8 => style.attributes |= Attributes::HIDDEN,
            9 => style.attributes |= Attributes::STRIKE,
            21 => style.attributes |= Attributes::UNDERLINE,
            22 => style.attributes -= Attributes::BOLD | Attributes::FAINT,
            23 => style.attributes -= Attributes::ITALIC,
            24 => style.attributes -= Attributes::UNDERLINE,
            27 => style.attributes -= Attributes::INVERSE,
            28 => style.attributes -= Attributes::HIDDEN,
            29 => style.attributes -= Attributes::STRIKE,
            30..=37 => style.foreground = indexed(code - 30),
            39 => style.foreground = Color::Default,
            40..=47 => style.background = indexed(code - 40),
            49 => style.background = Color::Default,
            90..=97 => style.foreground = indexed(code - 90 + 8),
            100..=107 => style.background = indexed(code - 100 + 8),
            38 | 48 => {
                let mut next = || params.next().and_then(|param| param.first().copied());
                let color = if sub.is_empty() { extended(&mut next) } else { colon_separated(sub) };
                match (code, color) {
                    (38, Some(color)) => style.foreground = color,
                    (_, Some(color)) => style.background = color,
                    (_, None) => {}
                }
            }
            _ => {}
        }
    }
}

fn indexed(index: u16) -> Color {
    Color::Indexed(index.min(255) as u8)
}

/// `5;N` or `2;R;G;B`.
fn extended(next: &mut dyn FnMut() -> Option<u16>) -> Option<Color> {
    match next()? {
        5 => Some(Color::Indexed(u8::try_from(next()?).ok()?)),
        2 => rgb(next()?, next()?, next()?),
        _ => None,
    }
}

/// `5:N`, `2:R:G:B`, or `2:SPACE:R:G:B` with a colour-space identifier that nobody uses.
fn colon_separated(sub: &[u16]) -> Option<Color> {
    match *sub {
        [5, index, ..] => Some(Color::Indexed(u8::try_from(index).ok()?)),
        [2, red, green, blue] => rgb(red, green, blue),
        [2, _, red, green, blue, ..] => rgb(red, green, blue),
        _ => None,
    }
}

fn rgb(red: u16, green: u16, blue: u16) -> Option<Color> {
    Some(Color::Rgb(u8::try_from(red).ok()?, u8::try_from(green).ok()?, u8::try_from(blue).ok()?))
}
