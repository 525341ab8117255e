//! Physical frames: which 4 KiB pieces of memory are free, and who may have one next.
//!
//! The allocator is a bitmap with a summary above it, in storage that the caller gives: the kernel
//! hands over a piece of the memory that is being managed, a test hands over a `Vec`. It knows frame
//! numbers only and never touches the memory behind them, so it holds no `unsafe` and runs on the host.
//!
//! * [`Frame`] and [`FrameRange`] are the vocabulary ([`frame`]).
//! * [`FrameAllocator`] gives out single frames by next fit and aligned runs by first fit ([`allocator`]).
//! * The summary tree that makes a search short is in `tree`.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod allocator;
pub mod frame;
mod tree;

pub use allocator::{FrameAllocator, FreeError, Region, RunRequest, Statistics, StorageTooSmall};
pub use frame::{FRAME_SIZE, Frame, FrameRange};
