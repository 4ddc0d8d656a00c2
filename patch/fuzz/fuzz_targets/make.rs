//! Any two blobs, also ones that look like safetensors: the patch between them gives the second one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sotto_core::pack::sha256;
use sotto_patch::{apply, make};

fuzz_target!(|input: &[u8]| {
    let Some((&at, rest)) = input.split_first() else {
        return;
    };
    let (base, output) = rest.split_at(usize::from(at) * rest.len() / 256);
    let patch = make(base, output).expect("both are small");
    let length = u32::try_from(output.len()).expect("short");
    let applied = apply(&patch, base, sha256(output), length);
    assert_eq!(applied.expect("it fits"), output);
});
