use std::collections::HashMap;

use safetensors::Dtype;
use safetensors::tensor::TensorView;
use sotto_core::protocol::{Coded as _, ErrorCode};

use super::*;

const VOCAB: usize = 8;

fn words(values: &[u32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn file(weights: &[f32], offsets: &[u32], entries: &[u32]) -> Weights {
    let parts = [
        ("ngrams.weights", Dtype::F32, weights.len(), floats(weights)),
        ("ngrams.offsets", Dtype::U32, offsets.len(), words(offsets)),
        ("ngrams.entries", Dtype::U32, entries.len(), words(entries)),
    ];
    let views: HashMap<_, _> = parts
        .iter()
        .map(|(name, dtype, len, data)| (*name, TensorView::new(*dtype, vec![*len], data).unwrap()))
        .collect();
    Weights::from_safetensors(safetensors::serialize(views, None).unwrap()).unwrap()
}

/// A table of `(context, token, share in sixteenths)`.
fn table(weights: &[f32], ngrams: &[(&[u32], u32, u32)]) -> Ngrams {
    const BUCKETS: u64 = 4;
    let mut buckets = vec![Vec::new(); BUCKETS as usize];
    for (context, token, share) in ngrams {
        let hash = hash::hash(context);
        let check = hash as u32 & ((1 << CHECK_BITS) - 1);
        let entry = check << (TOKEN_BITS + SHARE_BITS) | token << SHARE_BITS | (share - 1);
        buckets[(hash >> 62) as usize].push(entry);
    }
    let mut offsets = vec![0];
    for bucket in &buckets {
        offsets.push(offsets.last().unwrap() + bucket.len() as u32);
    }
    let mut file = file(weights, &offsets, &buckets.concat());
    Ngrams::take(&mut file, VOCAB).unwrap().unwrap()
}

fn probabilities(logits: &[f32]) -> Vec<f64> {
    let total: f64 = logits.iter().map(|&logit| f64::from(logit).exp()).sum();
    let share = |&logit: &f32| f64::from(logit).exp() / total;
    logits.iter().map(share).collect()
}

const LOGITS: [f32; VOCAB] = [0.5, -1.0, 2.0, 0.0, 1.0, -3.0, 0.25, 0.125];

#[test]
fn longer_contexts_are_mixed_in_after_shorter_ones() {
    let ngrams = table(
        &[0.0, 0.5, 0.25],
        &[
            (&[6, 7], 1, 8),
            (&[6, 7], 2, 4),
            (&[5, 6, 7], 3, 16),
            (&[1, 2], 4, 16),
        ],
    );
    let mut logits = LOGITS;
    blend([&ngrams].into_iter(), &[5, 6, 7], &mut logits);
    let network = probabilities(&LOGITS);
    let expected = (0..VOCAB).map(|token| {
        let short = match token {
            1 => 0.5,
            2 => 0.25,
            _ => 0.0,
        };
        let long = if token == 3 { 1.0 } else { 0.0 };
        let mixed = (1.0 - 0.5 * 0.75) * network[token] + 0.5 * short;
        (1.0 - 0.25) * mixed + 0.25 * long
    });
    for (got, expected) in probabilities(&logits).into_iter().zip(expected) {
        assert!((got - expected).abs() < 1e-6, "{got} is not {expected}");
    }
    // Of what the table does not speak of, not a bit changes.
    assert_eq!(
        [logits[0], logits[4], logits[5]],
        [LOGITS[0], LOGITS[4], LOGITS[5]]
    );
}

#[test]
fn a_second_table_is_mixed_into_what_the_first_one_made() {
    let first = table(&[0.0, 0.5], &[(&[6, 7], 1, 8), (&[6, 7], 2, 4)]);
    let second = table(&[0.25, 0.5], &[(&[7], 2, 16), (&[6, 7], 5, 8)]);
    let mut logits = LOGITS;
    blend([&first, &second].into_iter(), &[6, 7], &mut logits);
    let network = probabilities(&LOGITS);
    let expected = (0..VOCAB).map(|token| {
        let of_first = [0.0, 0.5, 0.25][..].get(token).unwrap_or(&0.0);
        let mixed = (1.0 - 0.5 * 0.75) * network[token] + 0.5 * of_first;
        let mixed = (1.0 - 0.25) * mixed + if token == 2 { 0.25 } else { 0.0 };
        (1.0 - 0.5 * 0.5) * mixed + if token == 5 { 0.5 * 0.5 } else { 0.0 }
    });
    for (got, expected) in probabilities(&logits).into_iter().zip(expected) {
        assert!((got - expected).abs() < 1e-6, "{got} is not {expected}");
    }
}

#[test]
fn an_unknown_context_and_a_short_one_change_nothing() {
    let ngrams = table(&[0.0, 0.5, 0.5], &[(&[6, 7], 1, 8), (&[5, 6, 7], 3, 16)]);
    for ids in [&[][..], &[7], &[7, 6], &[0, 0, 0]] {
        let mut logits = LOGITS;
        blend([&ngrams].into_iter(), ids, &mut logits);
        assert_eq!(logits, LOGITS);
    }
}

#[test]
fn shares_that_are_too_much_together_are_scaled() {
    let ngrams = table(&[0.0, 0.5], &[(&[6, 7], 1, 16), (&[6, 7], 2, 16)]);
    let mut logits = LOGITS;
    blend([&ngrams].into_iter(), &[6, 7], &mut logits);
    let (network, got) = (probabilities(&LOGITS), probabilities(&logits));
    assert!((got[1] - (0.5 * network[1] + 0.25)).abs() < 1e-6);
    assert!((got[0] - 0.5 * network[0]).abs() < 1e-6);
}

#[test]
fn a_file_without_a_table_has_none() {
    let views: HashMap<&str, TensorView<'_>> = HashMap::new();
    let mut weights =
        Weights::from_safetensors(safetensors::serialize(views, None).unwrap()).unwrap();
    assert!(Ngrams::take(&mut weights, VOCAB).unwrap().is_none());
}

#[test]
fn a_table_that_contradicts_itself_is_refused() {
    let good = || file(&[0.5], &[0, 1, 2], &[0, 1]);
    assert!(Ngrams::take(&mut good(), VOCAB).unwrap().is_some());
    let beyond = (VOCAB as u32) << SHARE_BITS;
    let bad = [
        file(&[0.5], &[0, 1, 3], &[0, 1]),
        file(&[0.5], &[0, 2, 1, 1, 2], &[0, 1]),
        file(&[0.5], &[1, 1, 2], &[0, 1]),
        file(&[0.5], &[0, 1, 1, 2], &[0, 1]),
        file(&[0.5], &[0, 2], &[0, 1]),
        file(&[0.95], &[0, 1, 2], &[0, 1]),
        file(&[f32::NAN], &[0, 1, 2], &[0, 1]),
        file(&[0.1; 5], &[0, 1, 2], &[0, 1]),
        file(&[0.5], &[0, 1, 2], &[0, beyond]),
    ];
    for mut weights in bad {
        let error = Ngrams::take(&mut weights, VOCAB).unwrap_err();
        assert_eq!(error.code(), ErrorCode::ModelWeightsInvalid);
    }
}

/// The recipe wrote the table and computed the probabilities.
#[test]
fn the_recipe_counts_the_same() {
    // Compiled in: in WebAssembly there is no file to read.
    let bytes = include_bytes!("../../../tests/fixtures/ngrams/model.safetensors").to_vec();
    let cases = include_str!("../../../tests/fixtures/ngrams/cases.json");
    let cases: serde_json::Value = serde_json::from_str(cases).unwrap();
    let numbers = |value: &serde_json::Value| -> Vec<f64> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|number| number.as_f64().unwrap())
            .collect()
    };
    let logits = numbers(&cases["logits"]);
    let mut weights = Weights::from_safetensors(bytes).unwrap();
    let ngrams = Ngrams::take(&mut weights, logits.len()).unwrap().unwrap();
    let mut changed = 0;
    for case in cases["cases"].as_array().unwrap() {
        let ids: Vec<u32> = numbers(&case["ids"])
            .into_iter()
            .map(|id| id as u32)
            .collect();
        let mut blended: Vec<f32> = logits.iter().map(|&logit| logit as f32).collect();
        let before = blended.clone();
        blend([&ngrams].into_iter(), &ids, &mut blended);
        changed += usize::from(blended != before);
        for (got, expected) in probabilities(&blended)
            .into_iter()
            .zip(numbers(&case["probabilities"]))
        {
            assert!(
                (got - expected).abs() < 1e-5,
                "{got} is not {expected} behind {ids:?}"
            );
        }
    }
    assert!(changed > 2, "the fixture has contexts that the table knows");
}
