//! `sotto-host`: started by the browser, or by the user on the command line.

fn main() {}
