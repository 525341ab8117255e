//! Arithmetic on whole pixels, two channels to a multiplication.
//!
//! A pixel `0xAARRGGBB` is split into `0x00RR00BB` and `0x00AA00GG`; a product of two 8-bit numbers stays
//! inside its 16-bit lane. Division by 255 is exact and rounded: `(t + 128 + ((t + 128) >> 8)) >> 8` equals
//! `round(t / 255)` for all `t <= 255 * 255` (Blinn, "Three Wrongs Make a Right", 1995), so 255 is really
//! opaque and nothing drifts.

const LANES: u32 = 0x00ff_00ff;
const HALF: u32 = 0x0080_0080;

/// Both lanes divided by 255, rounded.
#[inline(always)]
const fn lanes_div_255(lanes: u32) -> u32 {
    let t = lanes + HALF;
    ((t + ((t >> 8) & LANES)) >> 8) & LANES
}

/// All four channels times `factor`/255.
#[inline(always)]
pub(crate) const fn scale(pixel: u32, factor: u32) -> u32 {
    lanes_div_255((pixel & LANES) * factor) | lanes_div_255(((pixel >> 8) & LANES) * factor) << 8
}

/// All four channels of the way from `from` (weight 0) to `to` (weight 255).
#[inline(always)]
pub(crate) const fn mix(from: u32, to: u32, weight: u32) -> u32 {
    let rest = 255 - weight;
    lanes_div_255((from & LANES) * rest + (to & LANES) * weight)
        | lanes_div_255(((from >> 8) & LANES) * rest + ((to >> 8) & LANES) * weight) << 8
}

/// Premultiplied `source` over `under` (Porter and Duff's "over").
#[inline(always)]
pub(crate) const fn over(under: u32, source: u32) -> u32 {
    source + scale(under, 255 - (source >> 24))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_is_rounded_for_all_products() {
        for product in 0..=255 * 255 {
            let both = lanes_div_255(product << 16 | product);
            let rounded = (product * 2 + 255) / 510;
            assert_eq!(both, rounded << 16 | rounded);
        }
    }

    #[test]
    fn mixing_is_each_channel_on_its_own() {
        for from in (0..=255).step_by(5) {
            for to in 0..=255 {
                for weight in 0..=255 {
                    let rounded = ((from * (255 - weight) + to * weight) * 2 + 255) / 510;
                    let pixel = mix(from << 24 | to << 8 | from, to << 24 | from << 16 | to, weight);
                    assert_eq!((pixel >> 24, pixel & 255), (rounded, rounded));
                }
            }
        }
    }
}
