//! Rooms, told what happens and judged by what they want done. Nothing here is real but rooms and documents.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod any_frame;
mod closing;
mod disk;
mod editing;
mod events;
mod house;
mod opening;
mod past;
mod presence;
mod roles;
mod saving;
mod stage;
mod transient;
mod views;
mod wire;
