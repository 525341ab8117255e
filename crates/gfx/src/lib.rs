//! Software graphics: pixels, shapes, text, icons and damage, without floating point.
//!
//! Everything on Quicklime's screen is drawn here, by [`Canvas`], into memory of 32-bit pixels. The crate
//! knows nothing of windows, devices or the kernel, so a picture can be drawn, compared and looked at on the
//! host.
//!
//! * Values: [`Color`], [`Point`], [`Size`], [`Rect`].
//! * Where to draw: [`Surface`] owns pixels, [`Canvas`] borrows them with a clip and an origin.
//! * What changed: [`Damage`], a short list of rectangles.
//! * What was made at build time (`build/`): [`Font`] atlases, [`Icon`]s, [`Symbol`]s, [`PointerShape`]s and
//!   [`ShadowLevel`] tiles. Ring 0 has no floating point, so no curve is computed at run time.
//! * The look: [`theme`].
//!
//! Pixels are premultiplied ARGB, the alpha in the top byte. A framebuffer ignores that byte, so a canvas
//! over one just draws; a surface with transparency keeps it and is put on another by
//! [`Canvas::blend_surface`].
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod baked;
mod canvas;
mod color;
mod damage;
mod font;
mod geometry;
mod icon;
mod pixel;
mod shadow;
mod surface;
pub mod theme;

pub use canvas::{Canvas, Corners};
pub use color::Color;
pub use damage::Damage;
pub use font::Font;
pub use geometry::{Point, Rect, Size};
pub use icon::{Icon, IconSize, PointerShape, Symbol};
pub use shadow::ShadowLevel;
pub use surface::Surface;
