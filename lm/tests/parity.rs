//! The decoder against Hugging Face transformers, and against itself fed in other pieces.

mod common;

use common::{Fixture, difference, models};
use futures_lite::future::block_on;
use sotto_core::decode::{Decoder, greedy_tokens};
use sotto_core::protocol::{Coded as _, ErrorCode};
use sotto_lm::{Device, Llama, LlamaDecoder, Weights};

/// Largest difference from the reference's logits, in single precision.
const TOLERANCE: f32 = 1e-3;

#[test]
fn logits_and_greedy_tokens_are_the_reference_s() {
    for fixture in models() {
        let golden = fixture.golden();
        let mut decoder = fixture.decoder(&Device::Cpu);
        let logits = block_on(decoder.prefill(&golden.prompt_ids)).expect("prefill");
        let off = difference(&logits, &golden.last_prompt_logits);
        println!("largest difference: {off:e}");
        assert!(off < TOLERANCE, "logits are off by {off:e}");
        let expected = &golden.greedy_ids[golden.prompt_ids.len()..];
        let tokens = block_on(greedy_tokens(
            &mut decoder,
            &golden.prompt_ids,
            expected.len(),
        ))
        .expect("greedy");
        assert!(
            tokens
                .iter()
                .map(|token| token.id)
                .eq(expected.iter().copied())
        );
    }
}

#[test]
fn prefill_gives_the_same_in_any_pieces() {
    for fixture in models() {
        let golden = fixture.golden();
        let ids = &golden.greedy_ids;
        let mut decoder = fixture.decoder(&Device::Cpu);
        let whole = block_on(decoder.prefill(ids)).expect("prefill");
        for piece in [1, 3, 7] {
            decoder.truncate(0);
            let mut logits = Vec::new();
            for tokens in ids.chunks(piece) {
                logits = block_on(decoder.prefill(tokens)).expect("prefill");
            }
            assert_eq!(decoder.len(), ids.len());
            assert!(difference(&logits, &whole) < 1e-4, "pieces of {piece}");
        }
    }
}

#[test]
fn more_tokens_than_one_chunk_go_in_at_once() {
    let fixture = Fixture::ours("tiny-llama/int8");
    let ids: Vec<u32> = (0..128).map(|at| at * 37 % 320).collect();
    let mut decoder = fixture.decoder(&Device::Cpu);
    let whole = block_on(decoder.prefill(&ids)).expect("fits exactly");
    assert_eq!((decoder.len(), decoder.capacity()), (128, 128));
    decoder.truncate(0);
    block_on(decoder.prefill(&ids[..127])).expect("prefill");
    let last = block_on(decoder.step(ids[127])).expect("step");
    assert!(difference(&last, &whole) < 1e-4);
}

#[test]
fn all_positions_at_once_equal_one_after_the_other() {
    for fixture in models() {
        let ids: Vec<u32> = (0..100).map(|at| at * 37 % 320).collect();
        let mut decoder = fixture.decoder(&Device::Cpu);
        block_on(decoder.prefill(&ids[..3])).expect("prefill");
        let all = block_on(decoder.prefill_all(&ids[3..])).expect("more than one chunk");
        assert_eq!(decoder.len(), ids.len());
        decoder.truncate(3);
        let vocab = decoder.vocab_size();
        assert_eq!(all.len(), 97 * vocab);
        for (at, row) in all.chunks_exact(vocab).enumerate() {
            let one = block_on(decoder.step(ids[3 + at])).expect("step");
            assert!(difference(row, &one) < 1e-4, "position {at}");
        }
    }
    let mut decoder = Fixture::ours("tiny-llama").decoder(&Device::Cpu);
    block_on(decoder.prefill_all(&[0; 129])).expect_err("more than fit");
    block_on(decoder.prefill_all(&[320])).expect_err("beyond the vocabulary");
    assert!(decoder.is_empty());
}

#[test]
fn truncating_and_going_on_equals_starting_afresh() {
    let fixture = Fixture::ours("tiny-llama");
    let mut decoder = fixture.decoder(&Device::Cpu);
    let prompt = [5, 6, 7, 8, 9, 10, 11];
    block_on(decoder.prefill(&prompt)).expect("prefill");
    decoder.truncate(3);
    assert_eq!(decoder.len(), 3);
    decoder.truncate(5);
    assert_eq!(decoder.len(), 3, "truncating never makes the cache longer");
    let continued = block_on(decoder.prefill(&[100, 101])).expect("prefill");
    let mut fresh = fixture.decoder(&Device::Cpu);
    let expected = block_on(fresh.prefill(&[5, 6, 7, 100, 101])).expect("prefill");
    assert_eq!(continued, expected);
}

#[test]
fn reset_between_prompts_leaves_no_trace() {
    let fixture = Fixture::ours("tiny-llama-tied");
    let mut decoder = fixture.decoder(&Device::Cpu);
    let first = block_on(decoder.prefill(&[1, 2, 3])).expect("prefill");
    block_on(decoder.prefill(&[200; 40])).expect("prefill");
    decoder.truncate(0);
    assert!(decoder.is_empty());
    assert_eq!(
        block_on(decoder.prefill(&[1, 2, 3])).expect("prefill"),
        first
    );
}

#[test]
fn overflow_is_an_error_and_changes_nothing() {
    let fixture = Fixture::ours("tiny-llama");
    let weights = Weights::from_safetensors(fixture.read("model.safetensors")).expect("weights");
    let model = Llama::load(&fixture.config(), weights, &Device::Cpu).expect("model");
    // Not a multiple of any chunk or vector width.
    let mut decoder = LlamaDecoder::new(model, 11).expect("a small cache");
    block_on(decoder.prefill(&[1, 2, 3, 4, 5, 6, 7])).expect("seven fit");
    let error = block_on(decoder.prefill(&[1, 2, 3, 4, 5])).expect_err("five more do not");
    assert_eq!(error.code(), ErrorCode::TooLarge);
    assert_eq!(decoder.len(), 7);
    let logits = block_on(decoder.prefill(&[8, 9, 10, 11])).expect("exactly full");
    block_on(decoder.step(1)).expect_err("full");
    let mut fresh = fixture.decoder(&Device::Cpu);
    let expected = block_on(fresh.prefill(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])).expect("prefill");
    assert!(difference(&logits, &expected) < 1e-5);
}

#[test]
fn tokens_that_do_not_exist_are_refused() {
    let fixture = Fixture::ours("tiny-llama");
    let mut decoder = fixture.decoder(&Device::Cpu);
    block_on(decoder.prefill(&[])).expect_err("nothing to do");
    block_on(decoder.prefill(&[1, 320])).expect_err("beyond the vocabulary");
    block_on(decoder.step(u32::MAX)).expect_err("beyond the vocabulary");
    assert!(decoder.is_empty());
}

#[test]
fn a_context_longer_than_the_model_s_is_refused() {
    let fixture = Fixture::ours("tiny-llama");
    for capacity in [0, 129, usize::MAX] {
        let weights =
            Weights::from_safetensors(fixture.read("model.safetensors")).expect("weights");
        let model = Llama::load(&fixture.config(), weights, &Device::Cpu).expect("model");
        let error = LlamaDecoder::new(model, capacity).expect_err("not possible");
        assert_eq!(error.code(), ErrorCode::ModelConfigInvalid);
    }
}

#[test]
fn weights_of_another_model_are_refused() {
    let config = Fixture::ours("tiny-llama").config();
    let other = Fixture::ours("tiny-llama-tied");
    let weights = Weights::from_safetensors(other.read("model.safetensors")).expect("weights");
    let error = Llama::load(&config, weights, &Device::Cpu).expect_err("other shapes");
    assert_eq!(error.code(), ErrorCode::ModelWeightsInvalid);
    // A head that a tied model has no use for.
    let mut tied = config.clone();
    tied.tied_head = true;
    let weights = Weights::from_safetensors(Fixture::ours("tiny-llama").read("model.safetensors"))
        .expect("weights");
    let error = Llama::load(&tied, weights, &Device::Cpu).expect_err("one tensor too many");
    assert_eq!(error.code(), ErrorCode::ModelWeightsInvalid);
    // Fewer layers than the file has.
    let mut shallow = config;
    shallow.layers = 1;
    let weights = Weights::from_safetensors(Fixture::ours("tiny-llama").read("model.safetensors"))
        .expect("weights");
    Llama::load(&shallow, weights, &Device::Cpu).expect_err("a layer too many");
}
