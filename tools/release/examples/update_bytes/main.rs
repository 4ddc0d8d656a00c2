//! Bytes of an update of sotto-nano: a change of tokenizer or configuration, a fine-tune of the last layers, a full fine-tune.
//! `scripts/bench update --json FILE`.
//!
//! No fine-tune is at hand, so one is imitated, and the output says so: see `tune`.

mod measure;
mod tune;

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::measure::{Pack, measure};
use crate::tune::{Tune, tuned};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let (mut out, mut pack) = (None, PathBuf::from("models/packs/sotto-nano"));
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or("an option needs a value")?;
        match argument.as_str() {
            "--json" => out = Some(value),
            "--pack" => pack = value.into(),
            _ => return Err("usage: update_bytes --json FILE [--pack PACK]".into()),
        }
    }
    let out = out.ok_or("usage: update_bytes --json FILE [--pack PACK]")?;
    let old = Pack::read(&pack)?;
    let mut cases = Vec::new();
    for (name, what, new) in cases_of(&old)? {
        let case = measure(name, &what, &old, &new)?;
        writeln!(io::stderr(), "{}", line(&case))?;
        cases.push(case);
    }
    let report = json!({
        "pack": old.name(),
        "fullBytes": old.bytes(),
        "imitated": "no fine-tune was made: weights are taken as float32 values evenly spread within their rounding step, normal noise of the \
            given share of the root mean square of each row (INT8) or group (INT4) is added, and each INT8 row is rounded again to 127 steps \
            of its largest value, each INT4 group to its old steps; the table of token sequences stays. Quantisers that move errors from weight to weight (GPTQ) change more weights than this.",
        "fetchBytes": "manifest, signature and, for each changed blob, the patch or the whole blob, whichever is smaller; TUF metadata \
            (about 5 kB) not counted",
        "naiveBytes": "one file of all blobs, patched by zstd --patch-from (level 19, long window) or bsdiff",
        "entropyBytes": "order-0 entropy of the differences of the weights' codes, tensor by tensor, with all other changed bytes as they are: \
            a code with one table for each tensor cannot do with less",
        "cases": cases,
    });
    fs::write(&out, serde_json::to_vec_pretty(&report)?)?;
    Ok(())
}

/// Name, description, and the new pack.
fn cases_of(old: &Pack) -> Result<Vec<(&'static str, String, Pack)>, Failure> {
    let config = old.edited("config", |bytes| {
        let text = String::from_utf8_lossy(bytes).replace(
            "\"max_position_embeddings\": 512",
            "\"max_position_embeddings\": 480",
        );
        let mut value: Value = serde_json::from_str(&text)?;
        value["sotto_note"] = json!("a changed field");
        Ok(serde_json::to_vec_pretty(&value)?)
    })?;
    let tokenizer = old.edited("tokenizer", |bytes| {
        // Ten merges fewer at the end, and one more special token: a maintenance release.
        let mut value: Value = serde_json::from_slice(bytes)?;
        if let Some(merges) = value["model"]["merges"].as_array_mut() {
            merges.truncate(merges.len().saturating_sub(10));
        }
        if let Some(added) = value["added_tokens"].as_array_mut() {
            let mut token = added.last().cloned().unwrap_or_default();
            token["content"] = json!("<|new|>");
            added.push(token);
        }
        Ok(serde_json::to_vec(&value)?)
    })?;
    let mut cases = vec![
        ("a", "configuration: two fields".to_owned(), config),
        (
            "a",
            "tokenizer: ten merges fewer, one token more, written anew".to_owned(),
            tokenizer,
        ),
    ];
    let layers = old.layers()?;
    for (count, relative) in [(1, 0.01), (2, 0.01), (2, 0.05)] {
        let first = layers.saturating_sub(count);
        let tune = Tune {
            relative,
            first_layer: Some(first),
        };
        let what = format!(
            "last {count} of {layers} layers, {} % noise",
            relative * 100.0
        );
        cases.push((
            "b",
            what,
            old.edited("weights", |bytes| tuned(bytes, &tune))?,
        ));
    }
    for relative in [0.001, 0.01, 0.05] {
        let tune = Tune {
            relative,
            first_layer: None,
        };
        let what = format!("all weights, {} % noise", relative * 100.0);
        cases.push((
            "c",
            what,
            old.edited("weights", |bytes| tuned(bytes, &tune))?,
        ));
    }
    Ok(cases)
}

fn line(case: &Value) -> String {
    let number = |key: &str| case[key].as_u64().unwrap_or(0);
    format!(
        "({}) {}: {} bytes, {:.2} % of {}; zstd --patch-from {}, bsdiff {}, entropy {}",
        case["case"].as_str().unwrap_or_default(),
        case["what"].as_str().unwrap_or_default(),
        number("fetchBytes"),
        case["percent"].as_f64().unwrap_or(0.0),
        number("fullBytes"),
        case["naiveBytes"]["zstdPatchFrom"],
        case["naiveBytes"]["bsdiff"],
        case["entropyBytes"],
    )
}
