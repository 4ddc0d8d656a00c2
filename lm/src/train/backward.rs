//! The way back through the network. `d_` stands for the derivative of the loss by what follows.

use sotto_core::vector::dot;

use super::forward::{LayerTrace, Trace, inverse_rms, products};
use super::linear::Linear;
use super::parameters::Layout;
use super::{Base, Matrix, attention};

impl Base {
    /// Adds the gradients of everything that is trained.
    ///
    /// # Shapes
    /// `d_normed`: `[m, hidden]`, of what the head reads.
    pub(super) fn backward(
        &self,
        trace: &Trace,
        d_normed: &Matrix,
        (layout, values): (&Layout, &[f32]),
        gradients: &mut [f32],
    ) {
        let eps = self.config.rms_norm_eps;
        let mut d_x = Matrix::zeros(d_normed.raw_dim());
        add_rms_norm(&trace.x, &self.network.norm, eps, d_normed, &mut d_x);
        let layers = self.network.layers.iter().zip(&trace.layers).enumerate();
        for (at, (layer, trace_of_layer)) in layers.rev() {
            let products = products(layer, at, (layout, values));
            let norms = [&layer.attention_norm[..], &layer.feed_forward_norm[..]];
            let trained = (layout, &mut *gradients);
            self.layer_backward(
                trace_of_layer,
                norms,
                &products,
                &trace.rope,
                &mut d_x,
                trained,
            );
        }
    }

    /// Turns the gradient behind a layer into the one before it.
    fn layer_backward(
        &self,
        trace: &LayerTrace,
        [attention_norm, feed_forward_norm]: [&[f32]; 2],
        [qkv, attention_out, gate_up, down]: &[Linear<'_>; 4],
        rope: &[f32],
        d_x: &mut Matrix,
        (layout, gradients): (&Layout, &mut [f32]),
    ) {
        let shape = self.config.attention_shape(d_x.nrows());
        let eps = self.config.rms_norm_eps;
        let [qkv_inner, out_inner, gate_inner, down_inner] = &trace.inner;
        let d_gated = down.backward((&trace.gated, down_inner), d_x, (layout, &mut *gradients));
        let d_wide = swiglu(&trace.gate_up, &trace.sigmoid, &d_gated);
        let read = (&trace.middle_normed, gate_inner);
        let d_normed = gate_up.backward(read, &d_wide, (layout, &mut *gradients));
        add_rms_norm(&trace.middle, feed_forward_norm, eps, &d_normed, d_x);

        let read = (&trace.attended, out_inner);
        let d_attended = attention_out.backward(read, d_x, (layout, &mut *gradients));
        let mut d_qkv = attention::backward(&trace.qkv, &trace.weights, &d_attended, shape);
        attention::rotate(&mut d_qkv, rope, shape, true);
        let d_normed = qkv.backward((&trace.normed, qkv_inner), &d_qkv, (layout, gradients));
        add_rms_norm(&trace.x, attention_norm, eps, &d_normed, d_x);
    }
}

/// Adds the gradient of what was normalised: with `r` one over the root mean square,
/// `r * gain * d - x * r^3 / n * sum(x * gain * d)`.
fn add_rms_norm(x: &Matrix, gain: &[f32], eps: f32, d_out: &Matrix, d_x: &mut Matrix) {
    let mut scaled = vec![0.0; gain.len()];
    let rows = x.rows().into_iter().zip(d_out.rows());
    for ((x, d_out), mut d_x) in rows.zip(d_x.rows_mut()) {
        let x = x.to_slice().expect("rows are in order");
        for (scaled, (d_out, gain)) in scaled.iter_mut().zip(d_out.iter().zip(gain)) {
            *scaled = d_out * gain;
        }
        let inverse = inverse_rms(x, eps);
        let along = dot(x, &scaled) * inverse.powi(3) / x.len() as f32;
        for (d_x, (scaled, x)) in d_x.iter_mut().zip(scaled.iter().zip(x)) {
            *d_x += scaled * inverse - x * along;
        }
    }
}

/// Gradient of `[gate | up]`, by the derivative of the sigmoid, `s (1 - s)`.
fn swiglu(gate_up: &Matrix, sigmoid: &Matrix, d_gated: &Matrix) -> Matrix {
    let width = sigmoid.ncols();
    let mut out = Matrix::zeros(gate_up.raw_dim());
    let rows = gate_up.rows().into_iter().zip(sigmoid.rows());
    for ((read, sigmoid), (d_gated, mut out)) in
        rows.zip(d_gated.rows().into_iter().zip(out.rows_mut()))
    {
        let (gate, up) = read.to_slice().expect("in order").split_at(width);
        let (d_gate, d_up) = out.as_slice_mut().expect("in order").split_at_mut(width);
        let sigmoid = sigmoid.to_slice().expect("in order");
        let d_gated = d_gated.to_slice().expect("in order");
        for at in 0..width {
            let (s, g, d) = (sigmoid[at], gate[at], d_gated[at]);
            d_gate[at] = d * up[at] * s * (1.0 + g * (1.0 - s));
            d_up[at] = d * g * s;
        }
    }
    out
}
