//! What is committed, brought to those who follow a room; and who they are.

#![warn(clippy::print_stderr)]

pub mod hub;
pub mod presence;
pub mod watching;
