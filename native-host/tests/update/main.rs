//! Updates from releases that are good, bad, or made by somebody else.

mod attacks;
#[path = "../common/mod.rs"]
mod common;
mod crash;
mod desk;
mod drills;
mod flow;
mod real;
mod server;
mod support;
