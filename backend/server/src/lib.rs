//! A server's process: its parts put together and taken down, its settings, its routes and its commands.

// What a running server has to say goes through `tracing`, which cannot hold up who says it.
#![warn(clippy::print_stderr)]

#[cfg(not(fuzzing))]
use mimalloc::MiMalloc;

pub mod cli;
pub mod config;
pub mod http;
pub mod server;
pub mod service;
pub mod simulate;

/// A request makes some hundreds of small allocations, often freed on another thread than they were made
/// on. Under load the C library's allocator takes a quarter of the processor for that: with this one a
/// contribution costs a tenth to a quarter less.
///
/// A fuzzer brings an allocator of its own, which watches what is done with the memory.
#[cfg(not(fuzzing))]
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
