//! Files: what is read, and what is refused.

use std::collections::BTreeMap;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use sotto_core::protocol::{Coded as _, ErrorCode};

use super::factors::Pair;
use super::*;

const SUM: Sha256 = Sha256([7; 32]);

fn config() -> LlamaConfig {
    LlamaConfig::from_json(
        br#"{"model_type":"llama","hidden_act":"silu","hidden_size":8,"intermediate_size":12,
        "num_hidden_layers":2,"num_attention_heads":2,"num_key_value_heads":1,"vocab_size":20,
        "max_position_embeddings":16,"eos_token_id":0}"#,
    )
    .expect("a good config")
}

fn factors(slots: &[Slot]) -> Factors {
    let pair = |&slot: &Slot| {
        let (n, k) = slot.target().shape(&config());
        let wave = |len: usize| (0..len).map(|at| (at as f32).sin()).collect();
        (
            slot,
            Pair {
                a: wave(3 * k),
                b: wave(n * 3),
            },
        )
    };
    let info = AdapterInfo {
        base: SUM,
        rank: 3,
        alpha: 6.0,
    };
    Factors::new(info, slots.iter().map(pair).collect::<BTreeMap<_, _>>())
}

fn file() -> Vec<u8> {
    factors(&Slot::all(2, &Target::ALL)).to_bytes()
}

#[test]
fn a_file_comes_back_in_half_precision() {
    let factors = Factors::from_bytes(&file()).expect("our own file");
    assert_eq!(factors.targets(), Target::ALL);
    assert_eq!(factors.info().alpha, 6.0);
    // Written again it is the same: halves are exact.
    assert_eq!(factors.to_bytes(), file());
    let adapter = Adapter::from_bytes(&file(), &config(), &SUM).expect("fits");
    assert_eq!((adapter.layers.len(), adapter.info().rank), (2, 3));
    assert!(adapter.head.is_some() && adapter.layers[1].down.is_some());
}

#[test]
fn a_table_comes_back_with_its_shares_and_without_some_it_has_sixteenths() {
    let slots = Slot::all(2, &[Target::Down]);
    let table = || Ngrams::new(vec![0.1], vec![0, 1, 2], vec![5, 6]).expect("a good table");
    let shares: Vec<f32> = (1..=16).map(|level| level as f32 / 32.0).collect();
    let halved = table().with_shares(&shares).expect("good shares");
    let factors = factors(&slots).with_ngrams(Some(halved.clone()));
    let file = factors.to_bytes();
    let read = Factors::from_bytes(&file).expect("our own file");
    assert_eq!(read.ngrams(), Some(&halved));

    // As files were written before, and as a damaged one could be.
    let (length, header) = SafeTensors::read_metadata(&file).expect("our own file");
    let without = SafeTensors::deserialize(&file).expect("our own file");
    let without = without.iter().filter(|(name, _)| *name != "ngrams.shares");
    let old = safetensors::serialize(without, header.metadata().clone()).expect("a file");
    let read = Factors::from_bytes(&old).expect("a file of before");
    assert_eq!(read.ngrams(), Some(&table()));
    let (start, end) = header.info("ngrams.shares").expect("is there").data_offsets;
    let mut endless = file.clone();
    endless[8 + length..][start..end].fill(0xff);
    let error = Factors::from_bytes(&endless).expect_err("not numbers");
    assert_eq!(error.code(), ErrorCode::AdapterInvalid);
    assert!(table().with_shares(&shares[1..]).is_err());
    assert!(table().with_shares(&[1.5; 16]).is_err());
}

#[test]
fn only_what_is_there_is_changed() {
    let slots = Slot::all(2, &[Target::Down]);
    let adapter = Adapter::new(&factors(&slots), &config(), &SUM).expect("fits");
    assert!(adapter.head.is_none() && adapter.layers[0].qkv.is_none());
    assert!(adapter.layers[0].down.is_some());
}

#[test]
fn an_adapter_for_another_model_is_told_from_a_damaged_one() {
    let error = Adapter::from_bytes(&file(), &config(), &Sha256([8; 32])).expect_err("another");
    assert_eq!(error.code(), ErrorCode::AdapterOtherModel);
    let slots = [Slot::in_layer(2, Target::Qkv)];
    let error = Adapter::new(&factors(&slots), &config(), &SUM).expect_err("no such layer");
    assert_eq!(error.code(), ErrorCode::AdapterInvalid);
}

#[test]
fn cut_and_changed_files_are_refused_and_never_panic() {
    let file = file();
    for len in 0..file.len() {
        let error = Factors::from_bytes(&file[..len]).expect_err("cut");
        assert_eq!(error.code(), ErrorCode::AdapterInvalid, "{len}");
    }
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 0x55;
        // Values may change unnoticed: that is what encryption with authentication is for.
        if let Ok(factors) = Factors::from_bytes(&changed) {
            let _ = Adapter::new(&factors, &config(), &SUM);
        }
    }
}

#[test]
fn absurd_lengths_are_refused_before_anything_is_allocated() {
    let mut header = u64::MAX.to_le_bytes().to_vec();
    header.extend(b"{}");
    assert!(matches!(
        Factors::from_bytes(&header),
        Err(AdapterError::Malformed(_))
    ));
    let large = vec![0; MAX_ADAPTER_BYTES + 1];
    assert_eq!(
        Factors::from_bytes(&large).expect_err("large").code(),
        ErrorCode::TooLarge
    );
}

fn with(description: &serde_json::Value, tensors: &[(&str, Dtype, [usize; 2])]) -> AdapterError {
    let data: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, dtype, shape)| vec![0; shape[0] * shape[1] * dtype.bitsize() / 8])
        .collect();
    let views = tensors
        .iter()
        .zip(&data)
        .map(|((name, dtype, shape), data)| {
            let view = TensorView::new(*dtype, shape.to_vec(), data).expect("its size");
            (*name, view)
        });
    let metadata = std::iter::once(("sotto-adapter".to_owned(), description.to_string()));
    let file = safetensors::serialize(views, Some(metadata.collect())).expect("a file");
    let read = Factors::from_bytes(&file);
    let adapter = read.and_then(|factors| Adapter::new(&factors, &config(), &SUM));
    adapter.expect_err("must be refused")
}

#[test]
fn each_field_and_tensor_is_checked() {
    let good = serde_json::json!({"format": 1, "base": SUM, "rank": 3, "alpha": 6.0});
    let a = ("layers.0.qkv.a", Dtype::F16, [3, 8]);
    let b = ("layers.0.qkv.b", Dtype::F16, [16, 3]);
    for (key, value) in [
        ("format", serde_json::Value::Null),
        ("format", "1".into()),
        ("base", "7".into()),
        ("rank", 0.into()),
        ("rank", 65.into()),
        ("rank", 4.into()),
        ("alpha", 0.0.into()),
        ("alpha", serde_json::Value::Null),
        ("alpha", 1e9.into()),
    ] {
        let mut changed = good.clone();
        changed[key] = value.clone();
        assert_eq!(
            with(&changed, &[a, b]).code(),
            ErrorCode::AdapterInvalid,
            "{key} {value}"
        );
    }
    let newer = serde_json::json!({"format": 2, "anything": "else"});
    assert!(matches!(
        with(&newer, &[a, b]),
        AdapterError::Format { found: 2, .. }
    ));
    for tensors in [
        &[][..],
        &[a],
        &[b],
        &[a, ("layers.0.qkv.b", Dtype::F16, [16, 4])],
        &[a, ("layers.0.qkv.b", Dtype::F16, [15, 3])],
        &[a, ("layers.0.qkv.b", Dtype::F32, [16, 3])],
        &[a, b, ("other", Dtype::F16, [1, 1])],
        &[
            ("layers.00.qkv.a", Dtype::F16, [3, 8]),
            ("layers.00.qkv.b", Dtype::F16, [16, 3]),
        ],
        &[
            ("layers.9.qkv.a", Dtype::F16, [3, 8]),
            ("layers.9.qkv.b", Dtype::F16, [16, 3]),
        ],
    ] {
        let error = with(&good, tensors);
        assert_eq!(error.code(), ErrorCode::AdapterInvalid, "{tensors:?}");
    }
}
