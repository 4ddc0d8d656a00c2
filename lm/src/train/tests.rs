//! Gradients against differences of the loss, the loss against the decoder that ships, and training as a whole.

use std::path::Path;
use std::sync::Arc;

use futures_lite::future::block_on;
use sotto_core::pack::Sha256;

use super::parameters::Layout;
use super::random::{Random, normal_pair, uniform};
use super::windows::Cut;
use super::*;
use crate::{Adapter, Device, Llama, LlamaConfig, LlamaDecoder, Target, Weights};

const SUM: Sha256 = Sha256([7; 32]);

fn read(model: &str, file: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    std::fs::read(folder.join(model).join(file)).expect("a fixture of the repository")
}

fn config(model: &str) -> LlamaConfig {
    LlamaConfig::from_json(&read(model, "config.json")).expect("a good config")
}

fn weights(model: &str) -> Weights {
    Weights::from_safetensors(read(model, "model.safetensors")).expect("a good file")
}

fn base(model: &str) -> Arc<Base> {
    Arc::new(Base::load(&config(model), weights(model)).expect("a good model"))
}

fn decoder(model: &str) -> LlamaDecoder {
    let config = config(model);
    let model = Llama::load(&config, weights(model), &Device::Cpu).expect("a good model");
    LlamaDecoder::new(model, config.max_positions).expect("a cache")
}

/// Text with a rule: after `n` comes `3 n + 1`, now and then something else.
fn text(len: usize, seed: u64) -> Vec<u32> {
    let mut random = Random::new(seed);
    let mut token = 5;
    (0..len)
        .map(|_| {
            let is_rule = random.below(10) > 0;
            token = if is_rule {
                (3 * token + 1) % 319
            } else {
                random.below(319) as u32
            };
            token + 1
        })
        .collect()
}

fn trained_values(layout: &Layout) -> Vec<f32> {
    let mut random = Random::new(11);
    let mut values = layout.initial(1);
    for value in &mut values {
        *value += normal_pair(random.next(), random.next())[0] as f32 * 0.05;
    }
    values
}

#[test]
fn gradients_are_the_slopes_of_the_loss() {
    for model in ["tiny-llama", "tiny-llama-tied", "tiny-llama/int8"] {
        let base = base(model);
        for target in Target::ALL {
            let train = TrainConfig {
                rank: 3,
                targets: vec![target],
                ..TrainConfig::default()
            };
            let layout = Layout::new(base.config(), &train);
            let values = trained_values(&layout);
            let cut = Cut {
                tokens: text(40, 3),
                skip: 6,
            };
            let window = cut.window();
            let mut gradients = vec![0.0; layout.len()];
            base.gradient(&window, (&layout, &values), &mut gradients);
            let mut random = Random::new(5);
            for _ in 0..4 {
                let direction: Vec<f32> = (0..layout.len())
                    .map(|_| {
                        if uniform(random.next()) < 0.5 {
                            -1.0
                        } else {
                            1.0
                        }
                    })
                    .collect();
                let loss = |step: f32| {
                    let moved = values.iter().zip(&direction).map(|(v, d)| v + step * d);
                    let moved: Vec<f32> = moved.collect();
                    base.loss(&window, (&layout, &moved)) / cut.counted() as f64
                };
                let step = 3e-4;
                let slope = (loss(step) - loss(-step)) / f64::from(2.0 * step);
                let products = gradients.iter().zip(&direction);
                let expected: f64 = products.map(|(g, d)| f64::from(g * d)).sum();
                let length: f64 = gradients.iter().map(|&g| f64::from(g).powi(2)).sum();
                // In proportion to the length of the gradient: a direction may happen to be a flat one.
                let error = (slope - expected).abs() / length.sqrt();
                assert!(error < 0.02, "{model} {target:?}: {slope} {expected}");
            }
        }
    }
}

#[test]
fn the_decoder_that_ships_says_what_training_says_with_an_adapter_and_without() {
    for model in ["tiny-llama", "tiny-llama-tied", "tiny-llama/int8"] {
        let base = base(model);
        let train = TrainConfig {
            rank: 5,
            ..TrainConfig::default()
        };
        let layout = Layout::new(base.config(), &train);
        let values = trained_values(&layout);
        let factors = layout.factors(&values, SUM);
        let file = factors.to_bytes();
        let adapter = Adapter::from_bytes(&file, base.config(), &SUM).expect("our own file");
        let adapter = Arc::new(adapter);
        let tokens = text(60, 4);
        let mut with_end = vec![base.config().end_of_text];
        with_end.extend(&tokens);
        let cut = Cut {
            tokens: with_end,
            skip: 0,
        };
        let window = cut.window();
        let expected = base.loss(&window, (&layout, &values));
        let untrained = base.loss(&window, (&layout, &layout.initial(1)));
        let mut decoder = decoder(model);
        let documents = [tokens];
        let plain = block_on(measure_nats(&mut decoder, &documents)).expect("measured");
        decoder.set_adapter(Some(adapter)).expect("fits");
        let adapted = block_on(measure_nats(&mut decoder, &documents)).expect("measured");
        // Half precision of the factors, and 16 bits of INT8's inputs.
        assert!(
            (adapted - expected).abs() < 0.05,
            "{model}: {adapted} {expected}"
        );
        assert!(
            (plain - untrained).abs() < 0.05,
            "{model}: {plain} {untrained}"
        );
        assert!((adapted - plain).abs() > 1.0, "{model}: {adapted} {plain}");
        decoder.set_adapter(None).expect("always");
        let again = block_on(measure_nats(&mut decoder, &documents)).expect("measured");
        assert_eq!(again, plain, "{model}");
    }
}

fn small() -> TrainConfig {
    TrainConfig {
        rank: 4,
        learning_rate: 2e-2,
        window_tokens: 32,
        epochs: 3,
        ..TrainConfig::default()
    }
}

fn trainer(config: TrainConfig) -> Trainer {
    let (documents, held_out) = ([text(600, 1)], [text(150, 2)]);
    let mut random = Random::new(21);
    let bits = Box::new(move || random.next());
    let base = base("tiny-llama");
    Trainer::new(base, SUM, (&documents, &held_out), config, bits).expect("enough text")
}

#[test]
fn training_makes_unseen_text_of_the_same_kind_likelier() {
    let mut trainer = trainer(small());
    while !trainer.is_done() {
        trainer.advance();
    }
    let (factors, [before, after]) = trainer.outcome().expect("better than nothing");
    assert!(after < before - 0.2, "{before} {after}");
    let config = config("tiny-llama");
    let adapter = Adapter::new(&factors, &config, &SUM).expect("fits");
    let mut decoder = decoder("tiny-llama");
    let text = [text(150, 2)];
    let plain = block_on(measure_nats(&mut decoder, &text)).expect("measured");
    decoder.set_adapter(Some(Arc::new(adapter))).expect("fits");
    let adapted = block_on(measure_nats(&mut decoder, &text)).expect("measured");
    assert!(adapted < plain - 20.0, "{plain} {adapted}");
}

#[test]
fn where_too_much_was_learned_a_mean_or_less_of_it_is_kept() {
    let mut trainer = trainer(TrainConfig {
        learning_rate: 5e-2,
        epochs: 8,
        ..small()
    });
    let mut best = f64::INFINITY;
    while !trainer.is_done() {
        best = best.min(trainer.advance().held_out.unwrap_or(f64::INFINITY));
    }
    let (_, [_, after]) = trainer.outcome().expect("better than nothing");
    assert!(after < best - 0.01, "{after} {best}");
}

#[test]
fn an_adapter_that_is_no_better_is_not_given() {
    let mut config = small();
    // Steps that are far too large.
    config.learning_rate = 5.0;
    let mut trainer = trainer(config);
    while !trainer.is_done() {
        trainer.advance();
    }
    assert!(trainer.outcome().is_none());
}

#[test]
fn a_training_that_was_interrupted_ends_like_one_that_was_not() {
    let mut whole = trainer(small());
    let mut first = trainer(small());
    for _ in 0..7 {
        first.advance();
        whole.advance();
    }
    let mut second = trainer(small());
    second.resume(&first.save()).expect("our own state");
    while !whole.is_done() {
        assert_eq!(whole.advance(), second.advance());
    }
    assert!(second.is_done());
    let outcome = |trainer: &Trainer| trainer.outcome().map(|(factors, _)| factors.to_bytes());
    assert_eq!(outcome(&whole), outcome(&second));
}

#[test]
fn a_state_of_something_else_or_damaged_is_refused_and_changes_nothing() {
    let mut first = trainer(small());
    first.advance();
    let state = first.save();
    let mut other = trainer(TrainConfig { rank: 5, ..small() });
    assert_eq!(other.resume(&state), Err(StateError::Other));
    let before = other.save();
    for len in (0..state.len()).step_by(997) {
        assert_eq!(first.resume(&state[..len]), Err(StateError::Malformed));
    }
    assert_eq!(other.save(), before);
    assert_eq!(first.save(), state);
}

#[test]
fn with_privacy_one_window_changes_little() {
    let private = TrainConfig {
        privacy: Some(Privacy {
            clip_norm: 0.1,
            noise_multiplier: 0.0,
        }),
        epochs: 1,
        batch_windows: 100,
        threads: 1,
        ..small()
    };
    let mut trainer = trainer(private);
    assert_eq!(trainer.sampling_rate(), 1.0);
    while !trainer.is_done() {
        trainer.advance();
    }
    // Adam's first moment after one step is a tenth of the mean of gradients of at most 0.1.
    let length = super::private::norm(&trainer.adam.first);
    assert!(length > 0.0 && length <= 0.1 * 0.1 + 1e-6, "{length}");
}

#[test]
fn too_little_text_tokens_beyond_the_vocabulary_and_absurd_settings_are_errors() {
    let base = base("tiny-llama");
    let good = [text(100, 1)];
    let try_it = |documents: &[Vec<u32>], config: TrainConfig| {
        let texts = (documents, &good[..]);
        Trainer::new(base.clone(), SUM, texts, config, Box::new(|| 0)).map(drop)
    };
    assert!(try_it(&good, small()).is_ok());
    assert!(try_it(&[], small()).is_err());
    assert!(try_it(&[vec![1, 2, 3]], small()).is_err());
    assert!(try_it(&[vec![320; 100]], small()).is_err());
    for change in [
        |config: &mut TrainConfig| config.rank = 0,
        |config: &mut TrainConfig| config.rank = 1_000,
        |config: &mut TrainConfig| config.epochs = 0,
        |config: &mut TrainConfig| config.window_tokens = 4_000,
        |config: &mut TrainConfig| config.targets.clear(),
        |config: &mut TrainConfig| config.learning_rate = f32::NAN,
    ] {
        let mut config = small();
        change(&mut config);
        assert!(try_it(&good, config).is_err());
    }
}
