//! The operations that the network is made of, as one burn backend extension.
//!
//! burn's own operations would do, but a token would then cost some two hundred small dispatches and INT8 weights
//! would be widened in memory. Each operation here is one or two shaders (`cube`). Callers see burn tensors only.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{Int, Tensor};

use super::Kernels;
use crate::kernels::attention::AttentionShape;

/// What a backend must be able to do. Shapes as in the functions of the same names below.
#[backend_extension(Cube)]
pub(crate) trait LmOps: Backend {
    fn float_linear(x: FloatTensor<Self>, weights: FloatTensor<Self>) -> FloatTensor<Self>;
    fn float_linear_add(
        residual: FloatTensor<Self>,
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    fn float_rows(ids: IntTensor<Self>, weights: FloatTensor<Self>) -> FloatTensor<Self>;
    fn int8_layout(packed: IntTensor<Self>) -> IntTensor<Self>;
    fn int8_linear(
        x: FloatTensor<Self>,
        weights: IntTensor<Self>,
        scales: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    fn int8_linear_add(
        residual: FloatTensor<Self>,
        x: FloatTensor<Self>,
        weights: IntTensor<Self>,
        scales: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    fn int8_rows(
        ids: IntTensor<Self>,
        weights: IntTensor<Self>,
        scales: FloatTensor<Self>,
        width: usize,
    ) -> FloatTensor<Self>;
    fn int8_product(
        x: IntTensor<Self>,
        weights: IntTensor<Self>,
        scales: FloatTensor<Self>,
        kernels: Kernels,
    ) -> FloatTensor<Self>;
    fn int8_product_add(
        residual: FloatTensor<Self>,
        x: IntTensor<Self>,
        weights: IntTensor<Self>,
        scales: FloatTensor<Self>,
        kernels: Kernels,
    ) -> FloatTensor<Self>;
    fn int8_product_gated(
        x: IntTensor<Self>,
        weights: IntTensor<Self>,
        scales: FloatTensor<Self>,
        kernels: Kernels,
    ) -> IntTensor<Self>;
    fn round(x: FloatTensor<Self>) -> IntTensor<Self>;
    fn rms_norm_rounded(x: FloatTensor<Self>, gain: FloatTensor<Self>, eps: f32)
    -> IntTensor<Self>;
    fn largest(values: FloatTensor<Self>) -> IntTensor<Self>;
    fn rms_norm(
        x: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        eps: f32,
        kernels: Kernels,
    ) -> FloatTensor<Self>;
    fn swiglu(gate_up: FloatTensor<Self>) -> FloatTensor<Self>;
    fn attention(
        qkv: FloatTensor<Self>,
        rope: FloatTensor<Self>,
        cache: FloatTensor<Self>,
        shape: AttentionShape,
        kernels: Kernels,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

/// A weight matrix `[n, k]` on a device.
#[derive(Debug, Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "a model has a few dozen, all of one variant"
)]
pub(crate) enum DeviceMatrix {
    /// `[n, k]`.
    Float(Tensor<2>),
    /// INT8 values, four to an `i32`, in the backend's own order of words; one scale per row: `[n]`.
    Int8 {
        packed: Tensor<2, Int>,
        scales: Tensor<1>,
        width: usize,
    },
}

impl DeviceMatrix {
    /// Puts the words of an INT8 matrix into the order that the backend's products read them in.
    ///
    /// # Shapes
    /// `packed`: `[n, width / 4]`; `scales`: `[n]`.
    pub(crate) fn int8(packed: Tensor<2, Int>, scales: Tensor<1>, width: usize) -> Self {
        let packed = Tensor::from_dispatch(Dispatch::int8_layout(packed.into_dispatch()));
        Self::Int8 {
            packed,
            scales,
            width,
        }
    }

    /// `x * weights^T`.
    ///
    /// # Shapes
    /// `x`: `[m, k]`; result: `[m, n]`.
    pub(crate) fn multiply(&self, x: Tensor<2>) -> Tensor<2> {
        let x = x.into_dispatch();
        Tensor::from_dispatch(match self {
            Self::Float(weights) => Dispatch::float_linear(x, weights.clone().into_dispatch()),
            Self::Int8 { packed, scales, .. } => Dispatch::int8_linear(
                x,
                packed.clone().into_dispatch(),
                scales.clone().into_dispatch(),
            ),
        })
    }

    /// `residual + x * weights^T`.
    ///
    /// # Shapes
    /// `residual`: `[m, n]`; `x`: `[m, k]`; result: `[m, n]`.
    pub(crate) fn multiply_add(&self, residual: Tensor<2>, x: Tensor<2>) -> Tensor<2> {
        let (residual, x) = (residual.into_dispatch(), x.into_dispatch());
        Tensor::from_dispatch(match self {
            Self::Float(weights) => {
                Dispatch::float_linear_add(residual, x, weights.clone().into_dispatch())
            }
            Self::Int8 { packed, scales, .. } => {
                let (packed, scales) = (
                    packed.clone().into_dispatch(),
                    scales.clone().into_dispatch(),
                );
                Dispatch::int8_linear_add(residual, x, packed, scales)
            }
        })
    }

    /// Whether products of one rounded row are possible.
    pub(crate) fn takes_rounded(&self) -> bool {
        match self {
            Self::Float(_) => false,
            Self::Int8 { scales, width, .. } => {
                width.is_multiple_of(4) && scales.dims()[0].is_multiple_of(8)
            }
        }
    }

    /// What a product of a rounded row needs.
    fn packed(&self) -> (IntTensor<Dispatch>, FloatTensor<Dispatch>) {
        match self {
            Self::Float(_) => unreachable!("callers ask takes_rounded first"),
            Self::Int8 { packed, scales, .. } => (
                packed.clone().into_dispatch(),
                scales.clone().into_dispatch(),
            ),
        }
    }

    /// `x * weights^T` of one row. Callers ask [`Self::takes_rounded`] first; the same below.
    ///
    /// # Shapes
    /// `x`: `[k / 4, 2]`; result: `[1, n]`.
    pub(crate) fn product(&self, x: Rounded, kernels: Kernels) -> Tensor<2> {
        let (weights, scales) = self.packed();
        Tensor::from_dispatch(Dispatch::int8_product(
            x.into_dispatch(),
            weights,
            scales,
            kernels,
        ))
    }

    /// `residual + x * weights^T` of one row.
    ///
    /// # Shapes
    /// `residual`: `[1, n]`; `x`: `[k / 4, 2]`; result: `[1, n]`.
    pub(crate) fn product_add(
        &self,
        residual: Tensor<2>,
        x: Rounded,
        kernels: Kernels,
    ) -> Tensor<2> {
        let (weights, scales) = self.packed();
        let (residual, x) = (residual.into_dispatch(), x.into_dispatch());
        Tensor::from_dispatch(Dispatch::int8_product_add(
            residual, x, weights, scales, kernels,
        ))
    }

    /// `silu(gate) * up` of one row, where `x * weights^T` is `[gate | up]`, rounded.
    ///
    /// # Shapes
    /// `x`: `[k / 4, 2]`; result: `[n / 8, 2]`.
    pub(crate) fn product_gated(&self, x: Rounded, kernels: Kernels) -> Rounded {
        let (weights, scales) = self.packed();
        let out = Dispatch::int8_product_gated(x.into_dispatch(), weights, scales, kernels);
        Tensor::from_dispatch(out)
    }

    /// Rows by number.
    ///
    /// # Shapes
    /// `ids`: `[m]`, each below `n`; result: `[m, k]`.
    pub(crate) fn rows(&self, ids: Tensor<1, Int>) -> Tensor<2> {
        let ids = ids.into_dispatch();
        Tensor::from_dispatch(match self {
            Self::Float(weights) => Dispatch::float_rows(ids, weights.clone().into_dispatch()),
            Self::Int8 {
                packed,
                scales,
                width,
            } => Dispatch::int8_rows(
                ids,
                packed.clone().into_dispatch(),
                scales.clone().into_dispatch(),
                *width,
            ),
        })
    }
}

/// One row of activations as INT8 values, each four with a scale of their own: `[k / 4, 2]`.
pub(crate) type Rounded = Tensor<2, Int>;

/// RMSNorm over the last dimension.
///
/// # Shapes
/// `x`: `[m, width]`; `gain`: `[width]`.
pub(crate) fn rms_norm(x: Tensor<2>, gain: &Tensor<1>, eps: f32, kernels: Kernels) -> Tensor<2> {
    let gain = gain.clone().into_dispatch();
    Tensor::from_dispatch(Dispatch::rms_norm(x.into_dispatch(), gain, eps, kernels))
}

/// RMSNorm of one row, rounded.
///
/// # Shapes
/// `x`: `[1, width]`; `gain`: `[width]`.
pub(crate) fn rms_norm_rounded(x: Tensor<2>, gain: &Tensor<1>, eps: f32) -> Rounded {
    let gain = gain.clone().into_dispatch();
    Tensor::from_dispatch(Dispatch::rms_norm_rounded(x.into_dispatch(), gain, eps))
}

/// One row, rounded.
///
/// # Shapes
/// `x`: `[1, k]`.
pub(crate) fn round(x: Tensor<2>) -> Rounded {
    Tensor::from_dispatch(Dispatch::round(x.into_dispatch()))
}

/// Where the largest value of a row is.
///
/// # Shapes
/// `values`: `[1, n]`; result: `[1]`.
pub(crate) fn largest(values: Tensor<2>) -> Tensor<1, Int> {
    Tensor::from_dispatch(Dispatch::largest(values.into_dispatch()))
}

/// `silu(gate) * up`.
///
/// # Shapes
/// `gate_up`: `[m, 2 * width]`, the gate first; result: `[m, width]`.
pub(crate) fn swiglu(gate_up: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::swiglu(gate_up.into_dispatch()))
}

/// Rotates, appends to the cache at `shape.past` and attends causally. The cache is changed in place where this call
/// holds the only handle to it.
///
/// # Shapes
/// `qkv`: `[m, (heads + 2 * kv_heads) * head_dim]`; `rope`: `[capacity, head_dim]`;
/// `cache`: `[2, kv_heads, capacity, head_dim]`; result: `[m, heads * head_dim]` and the cache.
pub(crate) fn attention(
    qkv: Tensor<2>,
    rope: &Tensor<2>,
    cache: Tensor<4>,
    shape: AttentionShape,
    kernels: Kernels,
) -> (Tensor<2>, Tensor<4>) {
    let (out, cache) = Dispatch::attention(
        qkv.into_dispatch(),
        rope.clone().into_dispatch(),
        cache.into_dispatch(),
        shape,
        kernels,
    );
    (Tensor::from_dispatch(out), Tensor::from_dispatch(cache))
}
