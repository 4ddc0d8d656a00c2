//! One window through the network, keeping what the way back needs.

use sotto_core::vector::{dot, exp_all};

use super::linear::{Inner, Linear};
use super::parameters::Layout;
use super::{Base, Matrix, attention};
use crate::network::Layer;
use crate::rope::rope_table;
use crate::{Slot, Target};

use super::base::Frozen;

/// What one layer computed.
pub(super) struct LayerTrace {
    pub(super) x: Matrix,
    pub(super) normed: Matrix,
    /// Rotated.
    pub(super) qkv: Matrix,
    pub(super) weights: Vec<Matrix>,
    pub(super) attended: Matrix,
    pub(super) middle: Matrix,
    pub(super) middle_normed: Matrix,
    pub(super) gate_up: Matrix,
    /// `1 / (1 + e^-gate)`.
    pub(super) sigmoid: Matrix,
    pub(super) gated: Matrix,
    pub(super) inner: [Inner; 4],
}

/// What the network computed up to the head.
pub(super) struct Trace {
    pub(super) layers: Vec<LayerTrace>,
    /// The residual stream behind the last layer.
    pub(super) x: Matrix,
    pub(super) normed: Matrix,
    pub(super) rope: Vec<f32>,
}

/// The four products of a layer.
pub(super) fn products<'a>(
    layer: &'a Layer<Frozen>,
    at: usize,
    trained: (&Layout, &'a [f32]),
) -> [Linear<'a>; 4] {
    let weights = [
        &layer.qkv,
        &layer.attention_out,
        &layer.gate_up,
        &layer.down,
    ];
    let mut targets = Target::IN_LAYER.into_iter();
    weights.map(|weights| {
        let target = targets.next().expect("as many as products");
        Linear::new(weights, Slot::in_layer(at, target), trained)
    })
}

impl Base {
    /// Runs the layers over `tokens`.
    pub(super) fn trace(&self, tokens: &[u32], trained: (&Layout, &[f32])) -> Trace {
        let hidden = self.config.hidden_size;
        let rope = rope_table(&self.config, tokens.len());
        let mut x = Matrix::zeros((tokens.len(), hidden));
        for (&token, mut row) in tokens.iter().zip(x.rows_mut()) {
            row.assign(&self.network.embedding.row(token as usize));
        }
        let mut layers = Vec::with_capacity(self.network.layers.len());
        for (at, layer) in self.network.layers.iter().enumerate() {
            let trace = self.layer(layer, &products(layer, at, trained), x, &rope);
            x = trace.1;
            layers.push(trace.0);
        }
        let normed = rms_norm(&x, &self.network.norm, self.config.rms_norm_eps);
        Trace {
            layers,
            x,
            normed,
            rope,
        }
    }

    /// One layer: its trace, and the residual stream behind it.
    fn layer(
        &self,
        layer: &Layer<Frozen>,
        [qkv, attention_out, gate_up, down]: &[Linear<'_>; 4],
        x: Matrix,
        rope: &[f32],
    ) -> (LayerTrace, Matrix) {
        let shape = self.config.attention_shape(x.nrows());
        let eps = self.config.rms_norm_eps;
        let normed = rms_norm(&x, &layer.attention_norm, eps);
        let (mut rotated, qkv_inner) = qkv.forward(&normed);
        attention::rotate(&mut rotated, rope, shape, false);
        let (attended, weights) = attention::forward(&rotated, shape);
        let mut middle = x.clone();
        let out_inner = attention_out.forward_add(&attended, &mut middle);

        let middle_normed = rms_norm(&middle, &layer.feed_forward_norm, eps);
        let (wide, gate_inner) = gate_up.forward(&middle_normed);
        let (sigmoid, gated) = swiglu(&wide);
        let mut out = middle.clone();
        let down_inner = down.forward_add(&gated, &mut out);
        let trace = LayerTrace {
            x,
            normed,
            qkv: rotated,
            weights,
            attended,
            middle,
            middle_normed,
            gate_up: wide,
            sigmoid,
            gated,
            inner: [qkv_inner, out_inner, gate_inner, down_inner],
        };
        (trace, out)
    }

    /// The head.
    pub(super) fn head<'a>(&'a self, trained: (&Layout, &'a [f32])) -> Linear<'a> {
        Linear::new(self.network.head(), Slot::HEAD, trained)
    }
}

/// One over the root mean square of a row.
pub(super) fn inverse_rms(row: &[f32], eps: f32) -> f32 {
    1.0 / (dot(row, row) / row.len() as f32 + eps).sqrt()
}

fn rms_norm(x: &Matrix, gain: &[f32], eps: f32) -> Matrix {
    let mut out = x.clone();
    for mut row in out.rows_mut() {
        let row = row.as_slice_mut().expect("rows are in order");
        let scale = inverse_rms(row, eps);
        for (value, gain) in row.iter_mut().zip(gain) {
            *value *= scale * gain;
        }
    }
    out
}

/// Sigmoids of the gates, and `silu(gate) * up`.
fn swiglu(gate_up: &Matrix) -> (Matrix, Matrix) {
    let width = gate_up.ncols() / 2;
    let mut sigmoid = Matrix::zeros((gate_up.nrows(), width));
    let mut gated = Matrix::zeros((gate_up.nrows(), width));
    let rows = sigmoid.rows_mut().into_iter().zip(gated.rows_mut());
    for (row, (mut sigmoid, mut gated)) in gate_up.rows().into_iter().zip(rows) {
        let (gate, up) = row.to_slice().expect("in order").split_at(width);
        let sigmoid = sigmoid.as_slice_mut().expect("in order");
        let gated = gated.as_slice_mut().expect("in order");
        for (sigmoid, gate) in sigmoid.iter_mut().zip(gate) {
            *sigmoid = -gate;
        }
        exp_all(sigmoid, 0.0);
        for (at, sigmoid) in sigmoid.iter_mut().enumerate() {
            *sigmoid = 1.0 / (1.0 + *sigmoid);
            gated[at] = gate[at] * *sigmoid * up[at];
        }
    }
    (sigmoid, gated)
}
