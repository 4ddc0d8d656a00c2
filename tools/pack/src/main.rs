//! Makes, signs and verifies model packs.
//!
//! ```text
//! sotto-pack make --blobs DIR --name NAME --version N --out DIR --key FILE [--license SPDX]
//!                 [--suggestion FILE] [--runtime burn|onnx]
//! sotto-pack verify DIR
//! sotto-pack keygen --out FILE
//! ```
//!
//! Exit status: 0 done, 1 refused or failed (the reason is on stderr), 2 wrong usage. The same input gives the same
//! bytes: nothing depends on the clock, and ed25519 signatures are deterministic.

mod arguments;
mod error;
mod folder;
mod keys;
mod make;
mod make_onnx;
mod model;
mod verify;

use std::io::Write as _;
use std::process::ExitCode;

use arguments::Command;

const USAGE: &str = "\
usage: sotto-pack make --blobs DIR --name NAME --version N --out DIR --key FILE [--license SPDX]
                       [--suggestion FILE] [--runtime burn|onnx]
       sotto-pack verify DIR
       sotto-pack keygen --out FILE";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let command = match arguments::parse(&arguments) {
        Ok(command) => command,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "sotto-pack: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let result = match command {
        Command::Help => Ok(USAGE.to_owned()),
        Command::Make(options) => make::run(&options),
        Command::Verify { pack } => verify::run(&pack),
        Command::Keygen { out } => keys::generate(&out),
    };
    match result {
        Ok(report) => {
            let _ = writeln!(std::io::stdout(), "{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(
                std::io::stderr(),
                "sotto-pack: {}",
                error::with_sources(&error)
            );
            ExitCode::FAILURE
        }
    }
}
