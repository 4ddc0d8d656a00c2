//! The operations on WebGPU: unwrap contiguous buffers, launch a shader, wrap the result.

use burn::backend::TensorMetadata;
use burn::backend::ops::IntTensorOps;
use burn::tensor::{DType, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::ops::LmOps;
use super::shaders::{self, UNITS};
use crate::kernels::attention::AttentionShape;

impl LmOps for CubeBackend {
    fn float_linear(x: CubeTensor, weights: CubeTensor) -> CubeTensor {
        let out = output(&x, [dims(&x)[0], dims(&weights)[0]]);
        float_linear(x, weights, out, false)
    }

    fn float_linear_add(residual: CubeTensor, x: CubeTensor, weights: CubeTensor) -> CubeTensor {
        float_linear(x, weights, exclusive(residual), true)
    }

    fn float_rows(ids: CubeTensor, weights: CubeTensor) -> CubeTensor {
        let (ids, weights) = (into_contiguous(ids), into_contiguous(weights));
        let (m, width) = (ids.meta.num_elements(), dims(&weights)[1]);
        let out = output(&weights, [m, width]);
        shaders::float_rows::launch(
            &out.client.clone(),
            one_unit_each(m * width),
            CubeDim::new_1d(UNITS),
            ids.into_buffer_arg(),
            weights.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            width,
        );
        out
    }

    fn int8_layout(packed: CubeTensor) -> CubeTensor {
        into_contiguous(Self::int_transpose(packed))
    }

    fn int8_linear(x: CubeTensor, weights: CubeTensor, scales: CubeTensor) -> CubeTensor {
        let out = output(&x, [dims(&x)[0], dims(&weights)[1]]);
        int8_linear(x, weights, scales, out, false)
    }

    fn int8_linear_add(
        residual: CubeTensor,
        x: CubeTensor,
        weights: CubeTensor,
        scales: CubeTensor,
    ) -> CubeTensor {
        int8_linear(x, weights, scales, exclusive(residual), true)
    }

    fn int8_rows(
        ids: CubeTensor,
        weights: CubeTensor,
        scales: CubeTensor,
        width: usize,
    ) -> CubeTensor {
        let (ids, weights, scales) = (
            into_contiguous(ids),
            into_contiguous(weights),
            into_contiguous(scales),
        );
        let m = ids.meta.num_elements();
        let out = output(&scales, [m, width]);
        shaders::int8_rows::launch(
            &out.client.clone(),
            one_unit_each(m * width),
            CubeDim::new_1d(UNITS),
            ids.into_buffer_arg(),
            weights.into_buffer_arg(),
            scales.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            width,
        );
        out
    }

    fn rms_norm(x: CubeTensor, gain: CubeTensor, eps: f32) -> CubeTensor {
        let (x, gain) = (into_contiguous(x), into_contiguous(gain));
        let [m, width] = dims(&x);
        let out = output(&x, [m, width]);
        shaders::rms_norm::launch(
            &out.client.clone(),
            CubeCount::Static(m as u32, 1, 1),
            CubeDim::new_1d(UNITS),
            x.into_buffer_arg(),
            gain.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            eps,
            width,
        );
        out
    }

    fn swiglu(gate_up: CubeTensor) -> CubeTensor {
        let gate_up = into_contiguous(gate_up);
        let [m, both] = dims(&gate_up);
        let out = output(&gate_up, [m, both / 2]);
        shaders::swiglu::launch(
            &out.client.clone(),
            one_unit_each(m * both / 2),
            CubeDim::new_1d(UNITS),
            gate_up.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            both / 2,
        );
        out
    }

    fn attention(
        qkv: CubeTensor,
        rope: CubeTensor,
        cache: CubeTensor,
        shape: AttentionShape,
    ) -> (CubeTensor, CubeTensor) {
        let (qkv, rope, cache) = (
            into_contiguous(qkv),
            into_contiguous(rope),
            exclusive(cache),
        );
        let [m, _] = dims(&qkv);
        let out = output(&qkv, [m, shape.out_size()]);
        let client = out.client.clone();
        let past = shape.past as u32;
        shaders::append::launch(
            &client,
            one_unit_each(m * shape.kv_heads * shape.head_dim),
            CubeDim::new_1d(UNITS),
            qkv.clone().into_buffer_arg(),
            rope.clone().into_buffer_arg(),
            cache.clone().into_buffer_arg(),
            past,
            shape.heads,
            shape.kv_heads,
            shape.head_dim,
            shape.capacity,
        );
        shaders::attend::launch(
            &client,
            CubeCount::Static(shape.heads as u32, m as u32, 1),
            CubeDim::new_1d(UNITS),
            qkv.into_buffer_arg(),
            rope.into_buffer_arg(),
            cache.clone().into_buffer_arg(),
            out.clone().into_buffer_arg(),
            past,
            1.0 / (shape.head_dim as f32).sqrt(),
            shape.heads,
            shape.kv_heads,
            shape.head_dim,
            shape.capacity,
        );
        (out, cache)
    }
}

fn float_linear(x: CubeTensor, weights: CubeTensor, out: CubeTensor, add: bool) -> CubeTensor {
    let (x, weights) = (into_contiguous(x), into_contiguous(weights));
    let ([m, k], [n, _]) = (dims(&x), dims(&weights));
    shaders::float_linear::launch(
        &out.client.clone(),
        CubeCount::Static(n.div_ceil(UNITS as usize) as u32, m as u32, 1),
        CubeDim::new_1d(UNITS),
        x.into_buffer_arg(),
        weights.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        k,
        n,
        add,
    );
    out
}

fn int8_linear(
    x: CubeTensor,
    weights: CubeTensor,
    scales: CubeTensor,
    out: CubeTensor,
    add: bool,
) -> CubeTensor {
    let (x, weights, scales) = (
        into_contiguous(x),
        into_contiguous(weights),
        into_contiguous(scales),
    );
    let ([m, k], [_, n]) = (dims(&x), dims(&weights));
    // One row of x is a decode step; with more, each unpacked weight is used for several.
    let tile = if m == 1 { 1 } else { shaders::TILE };
    shaders::int8_linear::launch(
        &out.client.clone(),
        CubeCount::Static(
            n.div_ceil(UNITS as usize) as u32,
            m.div_ceil(tile) as u32,
            1,
        ),
        CubeDim::new_1d(UNITS),
        x.into_buffer_arg(),
        weights.into_buffer_arg(),
        scales.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        m as u32,
        k,
        n,
        tile,
        add,
    );
    out
}

/// A tensor of its own that may be written to.
fn exclusive(tensor: CubeTensor) -> CubeTensor {
    let tensor = into_contiguous(tensor);
    if tensor.can_mut() {
        tensor
    } else {
        tensor.copy()
    }
}

/// An uninitialised result beside `like`.
fn output(like: &CubeTensor, shape: [usize; 2]) -> CubeTensor {
    let (client, device) = (like.client.clone(), like.device.clone());
    empty_device_contiguous_dtype(client, device, Shape::new(shape), DType::F32)
}

/// Workgroups for `elements` elements, one invocation each.
fn one_unit_each(elements: usize) -> CubeCount {
    CubeCount::Static(elements.div_ceil(UNITS as usize) as u32, 1, 1)
}

fn dims(tensor: &CubeTensor) -> [usize; 2] {
    tensor.shape().dims()
}
