//! The operations on burn's CPU backend: unwrap contiguous slices, call a kernel, wrap the result.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;

use super::{AttentionShape, LmOps};
use crate::kernels::{attention, elementwise, int8};

impl LmOps for Flex {
    fn float_linear(x: FlexTensor, weights: FlexTensor) -> FlexTensor {
        let (x, weights) = (contiguous(x), contiguous(weights));
        let ([m, k], [n, _]) = (dims(&x), dims(&weights));
        let mut out = vec![0.0; m * n];
        elementwise::float_linear(x.storage(), weights.storage(), k, false, &mut out);
        tensor(out, [m, n])
    }

    fn float_linear_add(residual: FlexTensor, x: FlexTensor, weights: FlexTensor) -> FlexTensor {
        let (mut out, x, weights) = (contiguous(residual), contiguous(x), contiguous(weights));
        let [_, k] = dims(&weights);
        elementwise::float_linear(x.storage(), weights.storage(), k, true, out.storage_mut());
        out
    }

    fn float_rows(ids: FlexTensor, weights: FlexTensor) -> FlexTensor {
        let (ids, weights) = (contiguous(ids), contiguous(weights));
        let [_, k] = dims(&weights);
        let (ids, weights) = (ids.storage::<i32>(), weights.storage::<f32>());
        let rows = ids.iter().flat_map(|&id| &weights[id as usize * k..][..k]);
        tensor(rows.copied().collect(), [ids.len(), k])
    }

    fn int8_layout(packed: FlexTensor) -> FlexTensor {
        packed
    }

    fn int8_linear(x: FlexTensor, weights: FlexTensor, scales: FlexTensor) -> FlexTensor {
        let (x, weights, scales) = (contiguous(x), contiguous(weights), contiguous(scales));
        let ([m, k], [n, _]) = (dims(&x), dims(&weights));
        let mut out = vec![0.0; m * n];
        int8::linear(
            x.storage(),
            k,
            int8_rows(&weights, &scales),
            false,
            &mut out,
        );
        tensor(out, [m, n])
    }

    fn int8_linear_add(
        residual: FlexTensor,
        x: FlexTensor,
        weights: FlexTensor,
        scales: FlexTensor,
    ) -> FlexTensor {
        let (mut out, x) = (contiguous(residual), contiguous(x));
        let (weights, scales) = (contiguous(weights), contiguous(scales));
        let [_, k] = dims(&x);
        int8::linear(
            x.storage(),
            k,
            int8_rows(&weights, &scales),
            true,
            out.storage_mut(),
        );
        out
    }

    fn int8_rows(
        ids: FlexTensor,
        weights: FlexTensor,
        scales: FlexTensor,
        width: usize,
    ) -> FlexTensor {
        let (ids, weights, scales) = (contiguous(ids), contiguous(weights), contiguous(scales));
        let ids = ids.storage();
        let mut out = vec![0.0; ids.len() * width];
        int8::rows(ids, width, int8_rows(&weights, &scales), &mut out);
        tensor(out, [ids.len(), width])
    }

    fn rms_norm(x: FlexTensor, gain: FlexTensor, eps: f32) -> FlexTensor {
        let (x, gain) = (contiguous(x), contiguous(gain));
        let [m, width] = dims(&x);
        let mut out = vec![0.0; m * width];
        elementwise::rms_norm(x.storage(), gain.storage(), eps, &mut out);
        tensor(out, [m, width])
    }

    fn swiglu(gate_up: FlexTensor) -> FlexTensor {
        let gate_up = contiguous(gate_up);
        let [m, both] = dims(&gate_up);
        let mut out = vec![0.0; m * both / 2];
        elementwise::swiglu(gate_up.storage(), both / 2, &mut out);
        tensor(out, [m, both / 2])
    }

    fn attention(
        qkv: FlexTensor,
        rope: FlexTensor,
        cache: FlexTensor,
        shape: AttentionShape,
    ) -> (FlexTensor, FlexTensor) {
        let (qkv, rope, mut cache) = (contiguous(qkv), contiguous(rope), contiguous(cache));
        let [m, _] = dims(&qkv);
        let mut out = vec![0.0; m * shape.out_size()];
        attention::attention(
            qkv.storage(),
            rope.storage(),
            cache.storage_mut(),
            shape,
            &mut out,
        );
        (tensor(out, [m, shape.out_size()]), cache)
    }
}

/// The INT8 matrix behind its packed tensor. Four values to an `i32`, little-endian: on the little-endian machines
/// that we build for, the bytes are the values.
fn int8_rows<'a>(packed: &'a FlexTensor, scales: &'a FlexTensor) -> int8::Int8Rows<'a> {
    const {
        assert!(
            cfg!(target_endian = "little"),
            "packed weights are read as bytes"
        )
    };
    let [_, words] = dims(packed);
    int8::Int8Rows {
        values: bytemuck::cast_slice(packed.bytes()),
        stride: words * 4,
        scales: scales.storage(),
    }
}

/// A tensor whose storage is exactly its elements in order.
fn contiguous(tensor: FlexTensor) -> FlexTensor {
    let elements = tensor.layout().num_elements();
    if tensor.is_contiguous()
        && tensor.layout().start_offset() == 0
        && tensor.bytes().len() == elements * 4
    {
        tensor
    } else {
        FlexTensor::from_data(tensor.into_data())
    }
}

fn tensor(values: Vec<f32>, shape: [usize; 2]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

fn dims(tensor: &FlexTensor) -> [usize; 2] {
    let shape = tensor.layout().shape();
    [shape[0], shape[1]]
}
