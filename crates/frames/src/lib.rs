//! Physical frames: which 4 KiB pieces of memory are free, and who may have one next.
//!
//! The allocator is a bitmap with a summary above it, in storage that the caller gives: the kernel
//! hands over a piece of the memory that is being managed, a test hands over a `Vec`. It knows frame
//! numbers only and never touches the memory behind them, so it holds no `unsafe` and runs on the host.
//!
//! * [`Frame`] and [`FrameRange`] are the vocabulary ([`frame`]).
//! * [`FrameAllocator`] gives out single frames by next fit and aligned runs by buddy orders ([`allocator`]), and says
//!   how much there is ([`statistics`]).
//! * [`FrameCache`] is one CPU's few free frames ([`cache`]); [`Owners`] counts who shares a frame ([`owners`]).
//! * Where free blocks of each order are is in `blocks`, over summary trees that make each search short, in `tree`.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

pub mod allocator;
mod blocks;
pub mod cache;
#[cfg(test)]
mod costs;
pub mod frame;
pub mod owners;
pub mod statistics;
mod steps;
mod tree;

pub use allocator::{FrameAllocator, FreeError, Region, RunRequest, StorageTooSmall};
pub use cache::FrameCache;
pub use frame::{FRAME_SIZE, Frame, FrameRange};
pub use owners::{NotOwned, Owners, Release};
pub use statistics::{Statistics, Zone, ZoneStatistics};
