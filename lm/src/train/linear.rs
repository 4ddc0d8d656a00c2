//! A frozen weight matrix with the factors that are trained beside it.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

use super::Matrix;
use super::parameters::Layout;
use crate::Slot;

/// `y = x W^T + scale * (x A^T) B^T`.
pub(super) struct Linear<'a> {
    weights: &'a Matrix,
    pair: Option<(ArrayView2<'a, f32>, ArrayView2<'a, f32>)>,
    scale: f32,
    slot: Slot,
}

/// What the way back needs of the way forth: `x A^T`, if there are factors.
pub(super) type Inner = Option<Matrix>;

impl<'a> Linear<'a> {
    pub(super) fn new(
        weights: &'a Matrix,
        slot: Slot,
        (layout, values): (&Layout, &'a [f32]),
    ) -> Self {
        Self {
            weights,
            pair: layout.pair(values, slot),
            scale: layout.scale(),
            slot,
        }
    }

    /// `out += ...`
    ///
    /// # Shapes
    /// `x`: `[m, k]`; `out`: `[m, n]`.
    pub(super) fn forward_add(&self, x: &Matrix, out: &mut Matrix) -> Inner {
        general_mat_mul(1.0, x, &self.weights.t(), 1.0, out);
        let (a, b) = self.pair.as_ref()?;
        let inner = x.dot(&a.t());
        general_mat_mul(self.scale, &inner, &b.t(), 1.0, out);
        Some(inner)
    }

    /// The same into a new matrix.
    pub(super) fn forward(&self, x: &Matrix) -> (Matrix, Inner) {
        let mut out = Matrix::zeros((x.nrows(), self.weights.nrows()));
        let inner = self.forward_add(x, &mut out);
        (out, inner)
    }

    /// Gradient of `x`; adds those of the factors to `gradients`.
    ///
    /// # Shapes
    /// `d_out`: `[m, n]`; result: `[m, k]`.
    pub(super) fn backward(
        &self,
        (x, inner): (&Matrix, &Inner),
        d_out: &Matrix,
        (layout, gradients): (&Layout, &mut [f32]),
    ) -> Matrix {
        let mut d_x = d_out.dot(self.weights);
        let slot = layout.pair_mut(gradients, self.slot);
        if let (Some((a, b)), Some(inner), Some((mut d_a, mut d_b))) = (&self.pair, inner, slot) {
            add_product(self.scale, &d_out.t(), &inner.view(), &mut d_b);
            let d_inner = d_out.dot(b) * self.scale;
            add_product(1.0, &d_inner.t(), &x.view(), &mut d_a);
            general_mat_mul(1.0, &d_inner, a, 1.0, &mut d_x);
        }
        d_x
    }
}

fn add_product(
    scale: f32,
    left: &ArrayView2<'_, f32>,
    right: &ArrayView2<'_, f32>,
    out: &mut ArrayViewMut2<'_, f32>,
) {
    general_mat_mul(scale, left, right, 1.0, out);
}
