//! What viewers see of a room: a hype train and alerts, over a picture.
//!
//! `scene` decides what is on stage, from time and events alone; `render` draws it; `element` ties
//! both to a client and to the page's frames.

#![cfg_attr(not(test), no_std)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "places on a screen and shares of a movement: a float is finer than any pixel"
)]

extern crate alloc;

mod card;
mod crowd;
mod element;
mod ink;
mod player;
mod render;
mod scene;
mod tween;
mod words;
