//! What differential privacy a training has: Rényi accounting of the subsampled Gaussian mechanism.
//!
//! # Units
//! `sampling_rate`: probability that a step draws a given example. `noise_multiplier`: standard deviation of the noise over the
//! longest gradient of an example. `delta`: probability that the promise of ε does not hold at all.
//!
//! # Source
//! I. Mironov, K. Talwar, L. Zhang, *Rényi Differential Privacy of the Sampled Gaussian Mechanism*, 2019 (arXiv 1908.10530),
//! section 3.3, for whole orders; C. Canonne, G. Kamath, T. Steinke, *The Discrete Gaussian for Differential Privacy*, 2020
//! (arXiv 2004.00010), proposition 12, for ε.

/// Orders that are tried: all small ones, where most trainings have their best, and some beyond.
const ORDERS: [u32; 69] = {
    let mut orders = [0; 69];
    let mut at = 0;
    while at < 63 {
        orders[at] = at as u32 + 2;
        at += 1;
    }
    let large = [80, 96, 128, 192, 256, 512];
    while at < 69 {
        orders[at] = large[at - 63];
        at += 1;
    }
    orders
};

/// Widest noise that [`noise_for`] gives. At more, nothing can be learned.
const MAX_NOISE: f64 = 1e4;

/// A training with privacy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrivateTraining {
    /// See the module's units.
    pub sampling_rate: f64,
    /// See the module's units.
    pub noise_multiplier: f64,
    /// Steps.
    pub steps: u32,
}

impl PrivateTraining {
    /// ε for this δ: infinity where there is no noise, or a figure makes no sense.
    pub fn epsilon(&self, delta: f64) -> f64 {
        let is_sane = (0.0..=1.0).contains(&self.sampling_rate)
            && self.noise_multiplier > 0.0
            && delta > 0.0
            && delta < 1.0;
        if !is_sane {
            return f64::INFINITY;
        }
        let of_order = |order: u32| {
            let a = f64::from(order);
            let loss = (delta.ln() + a.ln()) / (a - 1.0);
            self.renyi(order) - loss + ((a - 1.0) / a).ln()
        };
        let least = ORDERS
            .into_iter()
            .map(of_order)
            .fold(f64::INFINITY, f64::min);
        least.max(0.0)
    }

    /// Rényi divergence of this order over all steps.
    fn renyi(&self, order: u32) -> f64 {
        let (q, sigma) = (self.sampling_rate, self.noise_multiplier);
        let steps = f64::from(self.steps);
        let a = f64::from(order);
        if q == 0.0 {
            return 0.0;
        }
        if q == 1.0 {
            return steps * a / (2.0 * sigma * sigma);
        }
        // ln of the sum over k of binomial(a, k) (1 - q)^(a - k) q^k e^((k^2 - k) / (2 sigma^2)).
        let mut ln_binomial = 0.0;
        let mut ln_sum = f64::NEG_INFINITY;
        for k in 0..=order {
            let k = f64::from(k);
            if k > 0.0 {
                ln_binomial += ((a - k + 1.0) / k).ln();
            }
            let chances = (a - k) * (1.0 - q).ln() + k * q.ln();
            let term = ln_binomial + chances + (k * k - k) / (2.0 * sigma * sigma);
            ln_sum = ln_add(ln_sum, term);
        }
        steps * ln_sum / (a - 1.0)
    }
}

/// The least noise multiplier, up to a thousandth, whose training has at most this ε. `None` if there is none of use.
pub fn noise_for(epsilon: f64, delta: f64, sampling_rate: f64, steps: u32) -> Option<f64> {
    let is_enough = |noise_multiplier: f64| {
        let training = PrivateTraining {
            sampling_rate,
            noise_multiplier,
            steps,
        };
        training.epsilon(delta) <= epsilon
    };
    let (mut low, mut high) = (1e-2, MAX_NOISE);
    if !is_enough(high) {
        return None;
    }
    while high - low > 1e-3 * low.max(1e-1) {
        let middle = (low * high).sqrt();
        if is_enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

/// `ln(e^a + e^b)`.
fn ln_add(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY {
        return high;
    }
    high + (low - high).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn training(noise_multiplier: f64, batch: f64, examples: f64, epochs: f64) -> PrivateTraining {
        PrivateTraining {
            sampling_rate: batch / examples,
            noise_multiplier,
            steps: (epochs * examples / batch).ceil() as u32,
        }
    }

    /// The older and looser way to ε, by which published values were made (I. Mironov, *Rényi Differential Privacy*, 2017,
    /// proposition 3).
    fn older_epsilon(training: &PrivateTraining, delta: f64) -> f64 {
        let of_order = |order: u32| training.renyi(order) - delta.ln() / (f64::from(order) - 1.0);
        ORDERS
            .into_iter()
            .map(of_order)
            .fold(f64::INFINITY, f64::min)
    }

    /// TensorFlow Privacy's tutorial on MNIST (github.com/tensorflow/privacy, tutorials/README.md, table): 60,000 examples,
    /// batches of 256, delta 1e-5.
    #[test]
    fn agrees_with_the_values_of_tensorflow_privacys_tutorial() {
        for (noise, epochs, published) in [
            (1.12, 60.0, 2.92),
            (0.6, 30.0, 9.74),
            (1.2, 10.0, 1.20),
            // The same tool in tutorials/walkthrough.
            (1.1, 60.0, 3.01),
        ] {
            let training = training(noise, 256.0, 60_000.0, epochs);
            let older = older_epsilon(&training, 1e-5);
            // They use orders between the whole ones, too, which can only be better.
            assert!(
                (published - 0.005..published * 1.02).contains(&older),
                "{noise}: {older}"
            );
            assert!(training.epsilon(1e-5) < older);
            assert!(training.epsilon(1e-5) > 0.7 * published);
        }
    }

    /// Without sampling it is the Gaussian mechanism, whose Rényi divergence is `order / (2 sigma^2)`.
    #[test]
    fn sampling_everything_is_the_gaussian_mechanism() {
        let all = PrivateTraining {
            sampling_rate: 1.0,
            noise_multiplier: 3.0,
            steps: 1,
        };
        assert!((all.renyi(8) - 8.0 / 18.0).abs() < 1e-12);
        let nearly = PrivateTraining {
            sampling_rate: 1.0 - 1e-12,
            ..all
        };
        assert!((nearly.renyi(8) - all.renyi(8)).abs() < 1e-6);
    }

    #[test]
    fn more_noise_fewer_steps_and_rarer_draws_are_more_private() {
        let base = training(1.0, 40.0, 160.0, 10.0);
        let epsilon = base.epsilon(1e-5);
        assert!(epsilon.is_finite() && epsilon > 1.0);
        let changed = |change: fn(&mut PrivateTraining)| {
            let mut training = base;
            change(&mut training);
            training.epsilon(1e-5)
        };
        assert!(changed(|training| training.noise_multiplier = 2.0) < epsilon);
        assert!(changed(|training| training.steps /= 2) < epsilon);
        assert!(changed(|training| training.sampling_rate /= 2.0) < epsilon);
        assert_eq!(
            changed(|training| training.sampling_rate = 0.0).max(0.1),
            0.1
        );
    }

    #[test]
    fn the_noise_that_is_asked_for_is_just_enough() {
        for epsilon in [1.0, 3.0, 8.0] {
            let noise_multiplier = noise_for(epsilon, 1e-5, 0.25, 60).unwrap();
            let of = |noise_multiplier: f64| {
                let training = PrivateTraining {
                    sampling_rate: 0.25,
                    noise_multiplier,
                    steps: 60,
                };
                training.epsilon(1e-5)
            };
            assert!(of(noise_multiplier) <= epsilon);
            assert!(of(noise_multiplier * 0.99) > epsilon);
        }
        assert_eq!(noise_for(1e-9, 1e-5, 1.0, 1_000_000), None);
    }

    #[test]
    fn nonsense_promises_nothing() {
        let training = |sampling_rate: f64, noise_multiplier: f64| PrivateTraining {
            sampling_rate,
            noise_multiplier,
            steps: 10,
        };
        for (rate, noise) in [
            (0.5, 0.0),
            (0.5, f64::NAN),
            (1.5, 1.0),
            (f64::NAN, 1.0),
            (0.5, -1.0),
        ] {
            assert_eq!(training(rate, noise).epsilon(1e-5), f64::INFINITY);
        }
        assert_eq!(training(0.5, 1.0).epsilon(0.0), f64::INFINITY);
    }
}
