//! Cross-entropy of a window, and its gradient.

use sotto_core::vector::{exp_all, max};

use super::forward::Trace;
use super::parameters::Layout;
use super::windows::Window;
use super::{Base, Matrix};

impl Base {
    /// Nats of the window's targets under the model with these values.
    pub(super) fn loss(&self, window: &Window<'_>, trained: (&Layout, &[f32])) -> f64 {
        let trace = self.trace(window.inputs, trained);
        let (mut logits, _) = self.head(trained).forward(&trace.normed);
        cross_entropy(&mut logits, window.targets, window.skip)
    }

    /// The same; adds the gradients of the mean over the window's targets.
    pub(super) fn gradient(
        &self,
        window: &Window<'_>,
        (layout, values): (&Layout, &[f32]),
        gradients: &mut [f32],
    ) -> f64 {
        let trace: Trace = self.trace(window.inputs, (layout, values));
        let head = self.head((layout, values));
        let (mut logits, inner) = head.forward(&trace.normed);
        let nats = cross_entropy(&mut logits, window.targets, window.skip);
        logits *= 1.0 / (window.targets.len() - window.skip) as f32;
        let read = (&trace.normed, &inner);
        let d_normed = head.backward(read, &logits, (layout, &mut *gradients));
        self.backward(&trace, &d_normed, (layout, values), gradients);
        nats
    }
}

/// Sum of `-ln p(target)` without the first `skip`; logits become their gradient, `p - 1` at the target and `p` elsewhere.
fn cross_entropy(logits: &mut Matrix, targets: &[u32], skip: usize) -> f64 {
    let mut nats = 0.0;
    let rows = logits.rows_mut().into_iter().zip(targets);
    for (at, (mut row, &target)) in rows.enumerate() {
        let row = row.as_slice_mut().expect("rows are in order");
        if at < skip {
            row.fill(0.0);
            continue;
        }
        let of_target = row[target as usize];
        let largest = max(row);
        let total = exp_all(row, largest);
        nats += f64::from(total.ln()) + f64::from(largest - of_target);
        let inverse = 1.0 / total;
        row.iter_mut().for_each(|value| *value *= inverse);
        row[target as usize] -= 1.0;
    }
    nats
}
