use proptest::prelude::*;

use super::*;
use crate::test_support::{CountingPacer, Fault, PieceTokenizer, TableDecoder, block_on};

const PIECES: &[&str] = &[
    "Q:", " why", "?", " Because", " it", " is", " so", ".", "\nUs", "er", ":", " no", " and",
    " on",
];

const WARM: Sampling = Sampling {
    temperature: 1.0,
    ..Sampling::GREEDY
};

struct Model {
    tokenizer: PieceTokenizer,
    cached: CachedDecoder<TableDecoder>,
}

fn model(texts: &[&str], capacity: usize) -> Model {
    let tokenizer = PieceTokenizer::new(PIECES);
    let ids: Vec<Vec<u32>> = texts
        .iter()
        .map(|text| tokenizer.encode(text).unwrap())
        .collect();
    let cached = CachedDecoder::new(TableDecoder::new(tokenizer.vocab_size(), capacity, &ids));
    Model { tokenizer, cached }
}

/// The deltas and why they ended.
fn generated(
    model: &mut Model,
    prompt: &str,
    config: GenerateConfig<'_>,
    seed: u64,
    pacer: &mut CountingPacer,
) -> Result<(Vec<String>, AnswerStop), DecodeError<crate::test_support::DecoderFault>> {
    let prompt = model.tokenizer.encode(prompt).unwrap();
    let mut generation = Generation::new(&model.tokenizer, prompt, config, seed);
    let mut deltas = Vec::new();
    while let Some(delta) = block_on(generation.next(&mut model.cached, pacer))? {
        deltas.push(delta);
    }
    Ok((deltas, generation.stop().expect("it has ended")))
}

fn config(max_tokens: usize, stop_texts: &[String]) -> GenerateConfig<'_> {
    GenerateConfig {
        max_tokens,
        end_ids: &[],
        stop_texts,
        sampling: Sampling::GREEDY,
    }
}

fn whole(texts: &[&str], config: GenerateConfig<'_>) -> (String, AnswerStop) {
    let pacer = &mut CountingPacer::default();
    let (deltas, stop) = generated(&mut model(texts, 256), "Q: why?", config, 1, pacer).unwrap();
    (deltas.concat(), stop)
}

#[test]
fn it_ends_where_it_should() {
    let stops = &["\nUser:".to_owned()];
    let answer = "Q: why? Because it is so.";
    let complete = ("Because it is so.".to_owned(), AnswerStop::Complete);
    assert_eq!(whole(&[answer], config(20, stops)), complete);
    let goes_on = "Q: why? Because it is so.\nUser: no";
    assert_eq!(whole(&[goes_on], config(20, stops)), complete);
    let length = ("Because it is".to_owned(), AnswerStop::Length);
    assert_eq!(whole(&[answer], config(3, stops)), length);
    let no = 0;
    assert_eq!(whole(&[answer], config(no, stops)).1, AnswerStop::Length);
    let cut_in_a_stop = ("Because it is so.".to_owned(), AnswerStop::Length);
    assert_eq!(whole(&[goes_on], config(6, stops)), cut_in_a_stop);
}

#[test]
fn end_tokens_are_not_text() {
    let mut config = config(20, &[]);
    let is = PieceTokenizer::new(PIECES).encode(" is").unwrap();
    config.end_ids = &is;
    let expected = ("Because it".to_owned(), AnswerStop::Complete);
    assert_eq!(whole(&["Q: why? Because it is so."], config), expected);
}

#[test]
fn going_round_in_circles_ends_it() {
    let (text, stop) = whole(
        &["Q: why? no and on and on and on and on and on"],
        config(200, &[]),
    );
    assert_eq!(stop, AnswerStop::Repetition);
    assert!(text.len() < 100, "{text}");
}

#[test]
fn a_full_context_ends_it() {
    let mut model = model(&["Q: why? Because it is so."], 5);
    let pacer = &mut CountingPacer::default();
    let (deltas, stop) = generated(&mut model, "Q: why?", config(20, &[]), 1, pacer).unwrap();
    assert_eq!(
        (deltas.concat().as_str(), stop),
        ("Because it is", AnswerStop::Length)
    );
}

#[test]
fn a_second_turn_reads_only_what_is_new() {
    let mut model = model(
        &[
            "Q: why? Because it is so.",
            "Q: why? Because it is so. no? and on.",
        ],
        256,
    );
    let pacer = &mut CountingPacer::default();
    generated(&mut model, "Q: why?", config(20, &[]), 1, pacer).unwrap();
    let fed = model.cached.decoder().tokens_fed();
    let (deltas, _) = generated(
        &mut model,
        "Q: why? Because it is so. no?",
        config(20, &[]),
        1,
        pacer,
    )
    .unwrap();
    assert_eq!(deltas.concat(), "and on.");
    // " no", "?" of the prompt; " and", " on", "." of the answer.
    assert_eq!(model.cached.decoder().tokens_fed() - fed, 5);
}

#[test]
fn an_engine_that_fails_ends_this_text_and_not_the_next() {
    let mut model = model(&["Q: why? Because it is so."], 256);
    for fault in [
        Fault::Error,
        Fault::Nan,
        Fault::WrongLength,
        Fault::LostCache,
    ] {
        let calls = 2;
        let decoder = model.cached.decoder_mut();
        decoder.fail_at(calls, fault);
        let pacer = &mut CountingPacer::default();
        assert!(
            generated(&mut model, "Q: why?", config(20, &[]), 1, pacer).is_err(),
            "{fault:?}"
        );
        let (deltas, _) = generated(&mut model, "Q: why?", config(20, &[]), 1, pacer).unwrap();
        assert_eq!(deltas.concat(), "Because it is so.");
    }
}

proptest! {
    #[test]
    fn the_seed_alone_decides(seed: u64) {
        let texts = &["Q: why? Because it is so.", "Q: why? no.", "Q: why? it is on and on.", "Q: why? so it is no."];
        let config = GenerateConfig { sampling: WARM, ..config(12, &[]) };
        let pacer = &mut CountingPacer::default();
        let first = generated(&mut model(texts, 256), "Q: why?", config, seed, pacer).unwrap();
        let mut used = model(texts, 256);
        generated(&mut used, "Q: why? so", config, seed ^ 1, pacer).unwrap();
        prop_assert_eq!(first, generated(&mut used, "Q: why?", config, seed, pacer).unwrap());
    }

    #[test]
    fn what_came_out_before_a_cancel_was_the_beginning(stop_after in 0usize..12, seed: u64) {
        let texts = &["Q: why? Because it is so.", "Q: why? no.", "Q: why? it 🙂 is on and on."];
        let config = GenerateConfig { sampling: WARM, ..config(12, &[]) };
        let mut model = model(texts, 256);
        let (deltas, _) = generated(&mut model, "Q: why?", config, seed, &mut CountingPacer::default()).unwrap();
        let whole = deltas.concat();

        let prompt = model.tokenizer.encode("Q: why?").unwrap();
        let mut generation = Generation::new(&model.tokenizer, prompt, config, seed);
        let pacer = &mut CountingPacer::stopping_after(stop_after);
        let mut out = String::new();
        let ended = loop {
            match block_on(generation.next(&mut model.cached, pacer)) {
                Ok(Some(delta)) => out += &delta,
                Ok(None) => break true,
                Err(error) => {
                    prop_assert_eq!(error, DecodeError::Cancelled);
                    break false;
                }
            }
        };
        prop_assert!(whole.starts_with(&out));
        prop_assert!(ended == (out == whole) || out == whole);
        // It goes on where it was.
        while let Some(delta) = block_on(generation.next(&mut model.cached, &mut CountingPacer::default())).unwrap() {
            out += &delta;
        }
        prop_assert_eq!(out, whole);
    }
}
