//! Updates from releases that are good, bad, or made by somebody else.

mod attacks;
mod crash;
mod drills;
mod flow;
mod server;
mod support;
