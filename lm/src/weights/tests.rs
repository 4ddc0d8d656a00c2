use std::ops::Range;

use std::collections::HashMap;

use safetensors::tensor::TensorView;
use sotto_core::protocol::{Coded as _, ErrorCode};

use super::*;

fn file(tensors: &[(&str, Dtype, &[usize], &[u8])]) -> Vec<u8> {
    let views: HashMap<String, TensorView<'_>> = tensors
        .iter()
        .map(|(name, dtype, shape, data)| {
            (
                (*name).to_owned(),
                TensorView::new(*dtype, shape.to_vec(), data).expect("the test's own tensor"),
            )
        })
        .collect();
    safetensors::serialize(views, None).expect("the test's own file")
}

#[test]
fn int8_rows_are_packed() {
    let values = [1_i8, -1, 2, -2, 3, 4, 5, -128].map(|value| value as u8);
    let one = 1_f32.to_le_bytes();
    let bytes = file(&[
        ("w", Dtype::I8, &[2, 4], &values),
        ("w_scale", Dtype::F32, &[2], &[one, one].concat()),
    ]);
    let mut weights = Weights::from_safetensors(bytes).expect("a good file");
    let expected = StoredMatrix::Int8 {
        cols: 4,
        packed: vec![
            i32::from_le_bytes([1, 0xff, 2, 0xfe]),
            i32::from_le_bytes([3, 4, 5, 0x80]),
        ],
        scales: vec![1.0, 1.0],
    };
    assert_eq!(weights.matrix("w", 2, 4).expect("good"), expected);
    weights.finish().expect("nothing left");
}

/// A file somewhere else, of which no more may be asked for at once than one tensor.
struct Elsewhere(Vec<u8>);

impl BlobBytes for Elsewhere {
    fn byte_len(&self) -> usize {
        self.0.len()
    }

    fn read(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        assert!(
            range.len() <= 256,
            "{range:?} is more than a header or a tensor"
        );
        Cow::Owned(self.0[range].to_vec())
    }
}

#[test]
fn a_file_outside_of_memory_is_read_tensor_by_tensor() {
    let tensor = |value: f32| value.to_le_bytes().repeat(64);
    let bytes = file(&[
        ("a", Dtype::F32, &[64], &tensor(1.0)),
        ("b", Dtype::F32, &[64], &tensor(2.0)),
    ]);
    assert!(bytes.len() > 512);
    let mut weights = Weights::from_safetensors(Elsewhere(bytes)).expect("a good file");
    assert_eq!(weights.vector("b", 64).expect("there"), [2.0; 64]);
    assert_eq!(weights.vector("a", 64).expect("there"), [1.0; 64]);
    weights.finish().expect("nothing left");
}

#[test]
fn int4_becomes_int8_with_the_scale_of_its_largest_weight() {
    let half = |bits: u16| bits.to_le_bytes();
    // Codes -8 and 7 in the first group, whose scale is -1: 8 and -7; zeros in the second but for 4 quarters.
    let mut codes = [0x88_u8; 32];
    (codes[0], codes[16]) = (0xf0, 0x8c);
    let scales = [half(0xbc00), half(0x3400)].concat();
    let bytes = file(&[
        ("w", Dtype::U8, &[1, 2, 16], &codes),
        ("w_scale", Dtype::F16, &[1, 2], &scales),
    ]);
    let mut weights = Weights::from_safetensors(bytes).expect("a good file");
    let matrix = weights.matrix("w", 1, 64).expect("good");
    weights.finish().expect("nothing left");
    let StoredMatrix::Int8 {
        packed,
        scales,
        cols: 64,
    } = matrix
    else {
        panic!("{matrix:?}")
    };
    assert_eq!(scales, [8.0 / 127.0]);
    assert_eq!(packed[0].to_le_bytes(), [127, -111_i8 as u8, 0, 0]);
    assert_eq!(packed[8].to_le_bytes(), [16, 0, 0, 0]);
    assert_eq!(packed[9], 0);
}

#[test]
fn int4_of_another_shape_is_refused() {
    let bytes = file(&[
        ("w", Dtype::U8, &[1, 1, 16], &[0; 16]),
        ("w_scale", Dtype::F16, &[1, 1], &[0; 2]),
        ("v", Dtype::U8, &[1, 1, 16], &[0; 16]),
    ]);
    let mut weights = Weights::from_safetensors(bytes).expect("a good file");
    for (name, rows, cols) in [("w", 1, 64), ("w", 2, 32), ("w", 1, 40), ("v", 1, 32)] {
        let error = weights.matrix(name, rows, cols).expect_err("wrong");
        assert_eq!(error.code(), ErrorCode::ModelWeightsInvalid);
    }
    let matrix = weights.matrix("w", 1, 32).expect("a row of zeros");
    let expected = StoredMatrix::Int8 {
        cols: 32,
        packed: vec![0; 8],
        scales: vec![0.0],
    };
    assert_eq!(matrix, expected);
}

#[test]
fn int8_rows_of_no_whole_number_of_words_are_refused() {
    let one = 1_f32.to_le_bytes();
    let bytes = file(&[
        ("w", Dtype::I8, &[1, 6], &[0; 6]),
        ("w_scale", Dtype::F32, &[1], &one),
    ]);
    let mut weights = Weights::from_safetensors(bytes).expect("a good file");
    let error = weights.matrix("w", 1, 6).expect_err("six columns");
    assert_eq!(error.code(), ErrorCode::ModelWeightsInvalid);
}

#[test]
fn narrow_floats_are_widened_exactly() {
    let bf16 = [0x80, 0x3f, 0x00, 0xc0];
    let f16 = [0x00, 0x3c, 0x01, 0x00];
    let bytes = file(&[
        ("b", Dtype::BF16, &[2], &bf16),
        ("h", Dtype::F16, &[2], &f16),
    ]);
    let mut weights = Weights::from_safetensors(bytes).expect("a good file");
    assert_eq!(weights.vector("b", 2).expect("bf16"), [1.0, -2.0]);
    assert_eq!(weights.vector("h", 2).expect("f16"), [1.0, 2f32.powi(-24)]);
    weights.finish().expect("nothing left");
}

#[test]
fn missing_misshapen_mistyped_and_extra_tensors_are_refused() {
    let bytes = file(&[
        ("a", Dtype::F32, &[1], &[0; 4]),
        ("i", Dtype::I32, &[1], &[0; 4]),
    ]);
    let mut weights = Weights::from_safetensors(bytes).expect("a good file");
    for (name, len) in [("b", 1), ("a", 2), ("i", 1)] {
        assert_eq!(
            weights.vector(name, len).expect_err(name).code(),
            ErrorCode::ModelWeightsInvalid
        );
    }
    weights.vector("a", 1).expect("present");
    assert_eq!(
        weights.finish().expect_err("i is left").code(),
        ErrorCode::ModelWeightsInvalid
    );
}

#[test]
fn int8_without_scales_or_with_bad_ones_is_refused() {
    let nan = f32::NAN.to_le_bytes();
    let minus = (-1f32).to_le_bytes();
    for scale in [None, Some(&nan), Some(&minus)] {
        let mut tensors = vec![("w", Dtype::I8, &[1usize, 4][..], &[1u8; 4][..])];
        if let Some(scale) = scale {
            tensors.push(("w_scale", Dtype::F32, &[1], &scale[..]));
        }
        let mut weights = Weights::from_safetensors(file(&tensors)).expect("a good file");
        assert_eq!(
            weights.matrix("w", 1, 4).expect_err("bad scale").code(),
            ErrorCode::ModelWeightsInvalid
        );
    }
}

#[test]
fn a_truncated_file_is_refused_at_every_length() {
    let bytes = file(&[("a", Dtype::F32, &[3], &[1; 12])]);
    for len in 0..bytes.len() {
        let error = Weights::from_safetensors(bytes[..len].to_vec()).expect_err("cut");
        assert_eq!(error.code(), ErrorCode::ModelWeightsInvalid);
    }
}
