//! `sotto-host`: started by the browser, or by the user on the command line.

use std::process::ExitCode;

use sotto_host::caller::Caller;
use sotto_host::{cli, host};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match Caller::from_arguments(&arguments) {
        Some(caller) => host::serve(&caller).map(|()| ExitCode::SUCCESS),
        None => cli::run(),
    };
    outcome.unwrap_or_else(|error| {
        cli::complain(&error);
        ExitCode::FAILURE
    })
}
