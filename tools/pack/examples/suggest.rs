//! Tries a model on lines of text: `cargo run --release -p sotto-pack --example suggest -- DIR < LINES`.
//!
//! DIR holds `config.json`, `tokenizer.json`, `model.safetensors`. `|` in a line is the caret; without one it is at the
//! end. Prints the decision, and in brackets what the model would have written with the probability of each token.

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::time::Instant;

use futures_lite::future::block_on;
use sotto_core::autocomplete::Pacer;
use sotto_core::protocol::{FieldHints, SuggestOutcome};
use sotto_core::suggestion::SuggestionSettings;
use sotto_lm::{Device, load_completer};

struct NoPause;

impl Pacer for NoPause {
    async fn pause(&mut self) -> bool {
        true
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .ok_or("usage: suggest DIR < LINES")?;
    let read = |name: &str| std::fs::read(Path::new(&folder).join(name));
    let settings = SuggestionSettings::default();
    let weights = read("model.safetensors")?;
    let (config, tokenizer) = (read("config.json")?, read("tokenizer.json")?);
    let mut completer = load_completer(&config, &tokenizer, weights, 256, settings, &Device::Cpu)?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?.replace("\\n", "\n");
        let (before, after) = line.split_once('|').unwrap_or((&line, ""));
        let start = Instant::now();
        let suggestion =
            block_on(completer.suggest(before, after, FieldHints::default(), &mut NoPause))?;
        let ms = start.elapsed().as_secs_f32() * 1000.0;
        match &suggestion.outcome {
            SuggestOutcome::Show { text, confidence } => write!(
                out,
                "{before}\u{2502}{text}\u{2502}{after}  {confidence:.2}"
            )?,
            SuggestOutcome::Suppress { reason } => {
                write!(out, "{before}\u{2502}{after}  {reason:?}")?
            }
        }
        let (prefill, reused, steps) = (
            suggestion.prefill_tokens,
            suggestion.reused_tokens,
            suggestion.decode_steps,
        );
        write!(
            out,
            "  ({ms:.0} ms, {prefill}+{reused} prompt, {steps} steps)"
        )?;
        if let Some(continuation) = &suggestion.continuation {
            let probs: Vec<String> = continuation
                .pieces
                .iter()
                .map(|piece| format!("{:.2}", piece.prob))
                .collect();
            write!(
                out,
                "  [{:?} {} {:?}]",
                continuation.text,
                probs.join(" "),
                continuation.stop
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}
