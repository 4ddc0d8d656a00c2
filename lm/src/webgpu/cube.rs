//! The operations on WebGPU: unwrap contiguous buffers, launch a shader, wrap the result.

use burn::backend::TensorMetadata;
use burn::backend::ops::IntTensorOps;
use burn::tensor::{DType, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::Kernels;
use super::ops::LmOps;
use super::products::{self, Finish};
use super::shaders::{self, QUAD, UNITS};
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

    fn int8_product(
        x: CubeTensor,
        weights: CubeTensor,
        scales: CubeTensor,
        kernels: Kernels,
    ) -> CubeTensor {
        let out = output(&scales, [1, dims(&weights)[1]]);
        let how = (kernels.slices(), Finish::Write);
        products::launch(x, weights, scales, &out, how);
        out
    }

    fn int8_product_add(
        residual: CubeTensor,
        x: CubeTensor,
        weights: CubeTensor,
        scales: CubeTensor,
        kernels: Kernels,
    ) -> CubeTensor {
        let out = exclusive(residual);
        let how = (kernels.slices(), Finish::Add);
        products::launch(x, weights, scales, &out, how);
        out
    }

    fn int8_product_gated(
        x: CubeTensor,
        weights: CubeTensor,
        scales: CubeTensor,
        kernels: Kernels,
    ) -> CubeTensor {
        let out = int_output(&x, [dims(&weights)[1] / 8, 2]);
        let how = (kernels.slices(), Finish::Gated);
        products::launch(x, weights, scales, &out, how);
        out
    }

    fn round(x: CubeTensor) -> CubeTensor {
        let x = into_contiguous(x);
        let words = dims(&x)[1] / 4;
        let out = int_output(&x, [words, 2]);
        shaders::round::launch(
            &out.client.clone(),
            one_unit_each(words),
            CubeDim::new_1d(UNITS),
            x.into_buffer_arg(),
            out.clone().into_buffer_arg(),
        );
        out
    }

    fn rms_norm_rounded(x: CubeTensor, gain: CubeTensor, eps: f32) -> CubeTensor {
        let (x, gain) = (into_contiguous(x), into_contiguous(gain));
        let width = dims(&x)[1];
        let out = int_output(&x, [width / 4, 2]);
        shaders::rms_norm_rounded::launch(
            &out.client.clone(),
            CubeCount::Static(1, 1, 1),
            CubeDim::new_1d(UNITS),
            x.into_buffer_arg(),
            gain.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            eps,
            width,
        );
        out
    }

    fn largest(values: CubeTensor) -> CubeTensor {
        let values = into_contiguous(values);
        let n = dims(&values)[1];
        let (client, device) = (values.client.clone(), values.device.clone());
        let out =
            empty_device_contiguous_dtype(client.clone(), device, Shape::new([1]), DType::I32);
        shaders::largest::launch(
            &client,
            CubeCount::Static(1, 1, 1),
            CubeDim::new_1d(UNITS),
            values.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            n,
        );
        out
    }

    fn rms_norm(x: CubeTensor, gain: CubeTensor, eps: f32, kernels: Kernels) -> CubeTensor {
        let (x, gain) = (into_contiguous(x), into_contiguous(gain));
        let [m, width] = dims(&x);
        let out = output(&x, [m, width]);
        let client = out.client.clone();
        let (x, gain) = (x.into_buffer_arg(), gain.into_buffer_arg());
        let (norm, dim) = (out.clone().into_buffer_arg(), CubeDim::new_1d(UNITS));
        match kernels {
            Kernels::Hardware => {
                let groups = CubeCount::Static(m as u32, 1, 1);
                shaders::rms_norm::launch(&client, groups, dim, x, gain, norm, eps, width);
            }
            Kernels::Software => {
                let groups = one_unit_each(m);
                shaders::rms_norm_rows::launch(&client, groups, dim, x, gain, norm, eps, width);
            }
        }
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
        kernels: Kernels,
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
        let scale = 1.0 / (shape.head_dim as f32).sqrt();
        let (dim, sizes) = (CubeDim::new_1d(UNITS), shape);
        let (qkv, rope) = (qkv.into_buffer_arg(), rope.into_buffer_arg());
        let buffers = (
            cache.clone().into_buffer_arg(),
            out.clone().into_buffer_arg(),
        );
        match kernels {
            Kernels::Hardware => shaders::attend::launch(
                &client,
                CubeCount::Static(sizes.heads as u32, m as u32, 1),
                dim,
                qkv,
                rope,
                buffers.0,
                buffers.1,
                past,
                scale,
                sizes.heads,
                sizes.kv_heads,
                sizes.head_dim,
                sizes.capacity,
            ),
            Kernels::Software => shaders::attend_rows::launch(
                &client,
                one_unit_each(m * sizes.heads),
                dim,
                qkv,
                rope,
                buffers.0,
                buffers.1,
                past,
                scale,
                sizes.heads,
                sizes.kv_heads,
                sizes.head_dim,
                sizes.capacity,
            ),
        }
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
            n.div_ceil(QUAD * UNITS as usize) as u32,
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

/// The same for words.
fn int_output(like: &CubeTensor, shape: [usize; 2]) -> CubeTensor {
    let (client, device) = (like.client.clone(), like.device.clone());
    empty_device_contiguous_dtype(client, device, Shape::new(shape), DType::I32)
}

/// Workgroups for `elements` elements, one invocation each.
fn one_unit_each(elements: usize) -> CubeCount {
    CubeCount::Static(elements.div_ceil(UNITS as usize) as u32, 1, 1)
}

fn dims(tensor: &CubeTensor) -> [usize; 2] {
    tensor.shape().dims()
}
