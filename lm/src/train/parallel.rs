//! Windows shared out among threads.

use super::Base;
use super::parameters::Layout;
use super::windows::Cut;

/// A model with an adapter in the making, and threads to run it in.
#[derive(Clone, Copy)]
pub(super) struct Workers<'a> {
    pub(super) base: &'a Base,
    pub(super) layout: &'a Layout,
    pub(super) values: &'a [f32],
    pub(super) threads: usize,
}

impl Workers<'_> {
    /// Gradients of windows put together by `add(gradient, sum)`, with the loss in nats per token; `None` without windows.
    pub(super) fn sum(
        self,
        windows: &[&Cut],
        add: impl Fn(&[f32], &mut [f32]) + Sync,
    ) -> (Option<f64>, Vec<f32>) {
        let zeros = || vec![0.0; self.layout.len()];
        let parts = self.share(windows, |mine| {
            let (mut sum, mut one) = (zeros(), zeros());
            let mut nats = 0.0;
            for window in mine {
                one.fill(0.0);
                let trained = (self.layout, self.values);
                nats += self.base.gradient(&window.window(), trained, &mut one);
                add(&one, &mut sum);
            }
            (nats, sum)
        });
        let nats: f64 = parts.iter().map(|(nats, _)| nats).sum();
        let mut sum = zeros();
        for (_, part) in parts {
            sum.iter_mut()
                .zip(part)
                .for_each(|(sum, value)| *sum += value);
        }
        let tokens = targets(windows);
        ((tokens > 0).then(|| nats / tokens as f64), sum)
    }

    /// Nats per token.
    pub(super) fn loss(self, windows: &[&Cut]) -> f64 {
        let losses = self.share(windows, |mine| {
            let trained = (self.layout, self.values);
            let loss = |window: &&Cut| self.base.loss(&window.window(), trained);
            mine.iter().map(loss).sum::<f64>()
        });
        losses.into_iter().sum::<f64>() / targets(windows) as f64
    }

    /// Does `work` on every share of the windows, each in a thread of its own. The order of the results is that of the shares.
    fn share<'w, T: Send>(
        self,
        windows: &[&'w Cut],
        work: impl Fn(Vec<&'w Cut>) -> T + Sync,
    ) -> Vec<T> {
        let threads = self.threads.min(windows.len()).max(1);
        let share = |thread: usize| {
            windows
                .iter()
                .skip(thread)
                .step_by(threads)
                .copied()
                .collect()
        };
        std::thread::scope(|scope| {
            let work = &work;
            let others: Vec<_> = (1..threads)
                .map(|thread| {
                    let share = share(thread);
                    scope.spawn(move || work(share))
                })
                .collect();
            let first = work(share(0));
            let joined = others
                .into_iter()
                .map(|thread| thread.join().expect("arithmetic"));
            std::iter::once(first).chain(joined).collect()
        })
    }
}

fn targets(windows: &[&Cut]) -> usize {
    windows.iter().map(|window| window.counted()).sum()
}
