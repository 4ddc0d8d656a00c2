//! Makes model packs.
fn main() {}
