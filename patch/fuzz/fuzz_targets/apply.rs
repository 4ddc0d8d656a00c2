//! Any bytes as a patch. Run with a limit on single allocations a few times the signed length: a patch that announces or unpacks to
//! more must never get memory for it. Half of the inputs are wrapped into a good header and a good zstd frame, so that everything
//! behind both is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sotto_core::pack::sha256;
use sotto_patch::{Header, Method, apply};

/// Length that the imagined manifest signs.
const WANTED_BYTES: u32 = 4_096;

fuzz_target!(|input: &[u8]| {
    let Some((&kind, rest)) = input.split_first() else {
        return;
    };
    let base = vec![kind; 3_000];
    let wanted = sha256(b"what nobody can make by chance");
    let header = |method| Header {
        method,
        base_bytes: 3_000,
        output_bytes: WANTED_BYTES,
        base: sha256(&base),
        output: wanted,
    };
    let patch = match kind % 4 {
        0 => rest.to_vec(),
        1 => [header(Method::Prefix).write(), rest.to_vec()].concat(),
        2 => [header(Method::Delta).write(), rest.to_vec()].concat(),
        _ => {
            let frame = zstd::encode_all(rest, 1).expect("memory is enough");
            [header(Method::Delta).write(), frame].concat()
        }
    };
    let applied = apply(&patch, &base, wanted, WANTED_BYTES);
    assert!(applied.is_err(), "nothing has this SHA-256");
});
