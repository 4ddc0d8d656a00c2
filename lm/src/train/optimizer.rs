//! Adam.

/// Moments of the gradient.
///
/// # Source
/// D. Kingma, J. Ba, *Adam: A Method for Stochastic Optimization*, 2015, algorithm 1, with its constants.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Adam {
    pub(super) first: Vec<f32>,
    pub(super) second: Vec<f32>,
    pub(super) steps: u32,
}

const BETA_FIRST: f32 = 0.9;
const BETA_SECOND: f32 = 0.999;
const EPSILON: f32 = 1e-8;

impl Adam {
    pub(super) fn new(len: usize) -> Self {
        Self {
            first: vec![0.0; len],
            second: vec![0.0; len],
            steps: 0,
        }
    }

    /// One step down the gradient.
    pub(super) fn step(&mut self, values: &mut [f32], gradients: &[f32], learning_rate: f32) {
        self.steps += 1;
        let unbias = |beta: f32| 1.0 / (1.0 - f64::from(beta).powf(f64::from(self.steps))) as f32;
        let (unbias_first, unbias_second) = (unbias(BETA_FIRST), unbias(BETA_SECOND));
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((value, gradient), (first, second)) in values.iter_mut().zip(gradients).zip(moments) {
            *first += (1.0 - BETA_FIRST) * (gradient - *first);
            *second += (1.0 - BETA_SECOND) * (gradient * gradient - *second);
            let size = (*second * unbias_second).sqrt() + EPSILON;
            *value -= learning_rate * *first * unbias_first / size;
        }
    }
}

/// Part of a mean over steps that stays at each. Ten steps count, a third of an epoch over 20,000 tokens.
const AVERAGE_KEEPS: f32 = 0.9;

/// Moves the mean over the last steps; `step` is that of `values`, from one on.
pub(super) fn add_to_average(average: &mut [f32], values: &[f32], step: usize) {
    let share = (1.0 - AVERAGE_KEEPS).max(1.0 / step as f32);
    for (average, value) in average.iter_mut().zip(values) {
        *average += share * (value - *average);
    }
}

/// Share of the learning rate at a step: up over the first twentieth, then down to zero in a straight line.
pub(super) fn schedule(step: usize, steps: usize) -> f32 {
    let warm_up = (steps / 20).max(1);
    if step < warm_up {
        return (step + 1) as f32 / warm_up as f32;
    }
    let left = steps.saturating_sub(step) as f32;
    left / (steps - warm_up).max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adam_finds_the_bottom_of_a_bowl() {
        let mut adam = Adam::new(2);
        let mut values = [3.0, -2.0];
        for step in 0..800 {
            let gradients = [2.0 * (values[0] - 1.0), 20.0 * (values[1] - 0.5)];
            adam.step(&mut values, &gradients, 0.05 * schedule(step, 800));
        }
        assert!(
            (values[0] - 1.0).abs() < 1e-2 && (values[1] - 0.5).abs() < 1e-2,
            "{values:?}"
        );
    }

    #[test]
    fn a_mean_is_of_all_steps_at_first_and_of_the_last_ones_later() {
        let mut average = [0.0];
        for step in 1..=4 {
            add_to_average(&mut average, &[step as f32], step);
        }
        assert_eq!(average, [2.5]);
        for step in 5..200 {
            add_to_average(&mut average, &[7.0], step);
        }
        assert!((average[0] - 7.0).abs() < 1e-4);
    }

    #[test]
    fn the_schedule_rises_falls_and_ends_near_zero() {
        let all: Vec<f32> = (0..100).map(|step| schedule(step, 100)).collect();
        assert_eq!((all[0], all[4]), (0.2, 1.0));
        assert!(all[5..].windows(2).all(|pair| pair[0] > pair[1]));
        assert!(all[99] < 0.02 && all[99] > 0.0);
        assert!(schedule(0, 1).is_finite());
    }
}
