//! What is patched comes out as it was signed, or not at all.

use proptest::prelude::*;
use sotto_core::pack::{Sha256, sha256};
use sotto_patch::{HEADER_BYTES, Header, Method, PatchError, apply, make};

/// Numbers that look random and are the same every time.
fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..bytes)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .collect()
}

/// A safetensors file of one INT8 tensor with its scales, and a header that may be longer.
fn tensors(weights: &[u8], scales: &[f32], extra: &str) -> Vec<u8> {
    let (w, s) = (weights.len(), weights.len() + scales.len() * 4);
    let header = format!(
        r#"{{"__metadata__":{{"note":"{extra}"}},"w":{{"dtype":"I8","shape":[{w}],"data_offsets":[0,{w}]}},"w_scale":{{"dtype":"F32","shape":[{}],"data_offsets":[{w},{s}]}}}}"#,
        scales.len()
    );
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(weights);
    file.extend(scales.iter().flat_map(|scale| scale.to_le_bytes()));
    file
}

fn applied(patch: &[u8], base: &[u8], output: &[u8]) -> Result<Vec<u8>, PatchError> {
    let length = u32::try_from(output.len()).expect("small and good");
    apply(patch, base, sha256(output), length)
}

fn method(patch: &[u8]) -> Method {
    Header::read(patch).expect("small and good").0.method
}

#[test]
fn text_with_a_piece_more_is_a_dictionarys_work() {
    let base: Vec<u8> = noise(1, 200_000)
        .iter()
        .map(|byte| b'a' + byte % 26)
        .collect();
    let mut output = base.clone();
    output.splice(1_000..1_000, *b"a new token or two");
    let patch = make(&base, &output).expect("small and good");
    assert_eq!(method(&patch), Method::Prefix);
    assert!(patch.len() < 400, "{}", patch.len());
    assert_eq!(
        applied(&patch, &base, &output).expect("small and good"),
        output
    );
}

#[test]
fn weights_that_change_a_little_everywhere_are_differences() {
    let weights = noise(2, 400_000);
    let scales: Vec<f32> = (0..1_000).map(|row| 0.01 + row as f32 * 1e-5).collect();
    let base = tensors(&weights, &scales, "");
    // One in eight by one, and all scales by a little: what a fine-tune does. The header moves everything.
    let tuned: Vec<u8> = weights
        .iter()
        .zip(noise(3, 400_000))
        .map(|(weight, dice)| weight.wrapping_add(u8::from(dice % 8 == 0)))
        .collect();
    let scales: Vec<f32> = scales.iter().map(|scale| scale * 1.001).collect();
    let output = tensors(&tuned, &scales, "a second edition");
    let patch = make(&base, &output).expect("small and good");
    assert_eq!(method(&patch), Method::Delta);
    // The entropy of one in eight is 0.54 bits; a byte has eight.
    assert!(patch.len() < 400_000 / 8, "{}", patch.len());
    assert_eq!(
        applied(&patch, &base, &output).expect("small and good"),
        output
    );
}

#[test]
fn a_patch_for_something_else_is_told_apart() {
    let (base, output) = (noise(4, 5_000), noise(5, 5_000));
    let patch = make(&base, &output).expect("small and good");
    assert!(matches!(
        applied(&patch, &output, &output),
        Err(PatchError::OtherBase)
    ));
    assert!(matches!(
        applied(&patch, &base, &base),
        Err(PatchError::OtherOutput)
    ));
}

/// A patch whose header says what `edit` makes of it, over this payload.
fn forged(base: &[u8], output: &[u8], edit: impl FnOnce(&mut Header), payload: &[u8]) -> Vec<u8> {
    let mut header = Header {
        method: Method::Prefix,
        base_bytes: u32::try_from(base.len()).expect("small and good"),
        output_bytes: u32::try_from(output.len()).expect("small and good"),
        base: sha256(base),
        output: sha256(output),
    };
    edit(&mut header);
    [header.write(), payload.to_vec()].concat()
}

#[test]
fn a_bomb_is_stopped_at_the_length_that_was_signed() {
    let base = vec![0; 1_000];
    let small = vec![0; 2_000];
    // 64 MiB of zeros in a few kilobytes.
    let huge = zstd::encode_all(&vec![0; 64 << 20][..], 19).expect("small and good");
    assert!(huge.len() < 10_000);
    for method in [Method::Prefix, Method::Delta] {
        let bomb = forged(&base, &small, |header| header.method = method, &huge);
        let error = applied(&bomb, &base, &small).unwrap_err();
        match method {
            Method::Prefix => assert!(
                matches!(
                    error,
                    PatchError::Bomb {
                        allowed_bytes: 2_000
                    }
                ),
                "{error}"
            ),
            // Its zeros are a table of no segments.
            Method::Delta => assert!(matches!(error, PatchError::Malformed(_)), "{error}"),
        }
        // One that admits it.
        let open = forged(
            &base,
            &small,
            |header| {
                header.method = method;
                header.output_bytes = 64 << 20;
            },
            &huge,
        );
        assert!(matches!(
            applied(&open, &base, &small),
            Err(PatchError::Bomb { .. })
        ));
    }
    // A table that promises more than there is, and one that overlaps.
    for entries in [
        vec![[0_u32, 2_000, u32::MAX, 1], [0, 2_000, u32::MAX, 1]],
        vec![[0, u32::MAX, u32::MAX, 1]],
        vec![[0, 1_000, 500, 1], [1_000, 1_000, u32::MAX, 1]],
        vec![[0, 2_000, u32::MAX, 3]],
    ] {
        let mut table = u32::try_from(entries.len())
            .expect("small and good")
            .to_le_bytes()
            .to_vec();
        table.extend(
            entries
                .iter()
                .flatten()
                .flat_map(|number| number.to_le_bytes()),
        );
        let payload = zstd::encode_all(&table[..], 3).expect("small and good");
        let bomb = forged(
            &base,
            &small,
            |header| header.method = Method::Delta,
            &payload,
        );
        assert!(matches!(
            applied(&bomb, &base, &small),
            Err(PatchError::Malformed(_))
        ));
    }
}

#[test]
fn a_result_that_is_not_the_signed_one_is_none() {
    let (base, output) = (noise(6, 4_000), noise(7, 4_000));
    let patch = make(&base, &output).expect("small and good");
    let wrong = Sha256([3; 32]);
    let (mut header, payload) = Header::read(&patch).expect("small and good");
    header.output = wrong;
    let patch = [header.write(), payload.to_vec()].concat();
    assert!(matches!(
        apply(&patch, &base, wrong, 4_000),
        Err(PatchError::WrongResult)
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_two_blobs(base in prop::collection::vec(any::<u8>(), 0..3_000), output in prop::collection::vec(any::<u8>(), 0..3_000)) {
        let patch = make(&base, &output).expect("small and good");
        prop_assert_eq!(applied(&patch, &base, &output).expect("small and good"), output);
    }

    #[test]
    fn a_damaged_patch_gives_the_signed_result_or_an_error(at in any::<prop::sample::Index>(), flip in 1..=255_u8, cut in any::<prop::sample::Index>()) {
        let base = tensors(&noise(8, 2_000), &[0.5; 16], "");
        let output = tensors(&noise(9, 2_000), &[0.25; 16], "x");
        let patch = make(&base, &output).expect("small and good");
        let mut damaged = patch.clone();
        damaged[at.index(patch.len())] ^= flip;
        if let Ok(result) = applied(&damaged, &base, &output) {
            prop_assert_eq!(&result, &output);
        }
        let short = &patch[..cut.index(patch.len())];
        prop_assert!(applied(short, &base, &output).is_err());
    }
}

#[test]
fn the_header_is_as_documented() {
    let patch = make(b"old", b"new").expect("small and good");
    let (header, payload) = Header::read(&patch).expect("small and good");
    assert_eq!(patch.len(), HEADER_BYTES + payload.len());
    assert_eq!((header.base_bytes, header.output_bytes), (3, 3));
    assert_eq!(&patch[..12], b"sotto-patch\x01");
}
