//! Measures the quality of a model pack, through the code that ships: packs verified by `core`, suggestions by
//! `core`'s completer and rules, the language model on the CPU backend of `lm`.
//!
//! ```text
//! sotto-eval language     --pack DIR --cases FILE --json OUT    bits per byte, next-word recall
//! sotto-eval autocomplete --pack DIR --cases FILE --json OUT    what is shown, how often it is right, keystrokes saved
//! sotto-eval summarize    --pack DIR --cases FILE --json OUT    ROUGE beside lead-3 and the extractive summary
//! sotto-eval chat         --pack DIR --cases FILE --json OUT    token F1, bits per byte of the answers
//! sotto-eval ngram        --pack DIR --tokens DIR --cases FILE --json OUT    `language` of a 5-gram model
//! sotto-eval calibrate    --pack DIR --cases FILE --json OUT    thresholds for a stated precision
//! sotto-eval canaries     --pack DIR --json OUT                 planted secrets and words that must never be shown
//! sotto-eval personal     --pack DIR --cases FILE --json OUT    adapters: text of authors, before and after training
//! sotto-eval redact       --cases FILE --json OUT              what of the personal data in labelled texts is found
//! sotto-eval cases        --text FILE --out DIR                 the cases, from a prose file or from records
//! sotto-eval table        --results DIR --json OUT --markdown OUT
//! ```
//!
//! Exit status: 0 done, 1 failed (the reason is on stderr), 2 wrong usage, 3 a canary was shown. **No text of a case is
//! printed**: cases may be anybody's writing. The same input gives the same figures, times left aside.

mod arguments;
mod autocomplete;
mod build_cases;
mod calibrate;
mod canaries;
mod cases;
mod chat;
mod error;
mod files;
mod language;
mod model;
mod ngram;
mod npy;
mod personal;
mod progress;
mod random;
mod redact;
mod report;
mod summarize;
mod table;
mod world;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Command};
use error::EvalError;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(line) => {
            let _ = writeln!(std::io::stdout(), "{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let line = error::with_sources(&error);
            let _ = writeln!(std::io::stderr(), "sotto-eval: {line}");
            ExitCode::from(if matches!(error, EvalError::Leak { .. }) {
                3
            } else {
                1
            })
        }
    }
}

/// Runs a command; gives what to say when it is done.
fn run(command: Command) -> Result<String, EvalError> {
    match command {
        Command::Language(options) => language::run(&options),
        Command::Ngram(options) => ngram::run(&options),
        Command::Autocomplete(options) => autocomplete::run(&options),
        Command::Summarize(options) => summarize::run(&options),
        Command::Chat(options) => chat::run(&options),
        Command::Calibrate(options) => calibrate::run(&options),
        Command::Canaries(options) => canaries::run(&options),
        Command::Personal(options) => personal::run(&options),
        Command::Redact(options) => redact::run(&options),
        Command::Cases(options) => build_cases::run(&options),
        Command::Table(options) => table::run(&options),
    }
}
