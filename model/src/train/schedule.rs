//! The learning rate over the steps of a run.

/// A rate that stays and then falls in a straight line, to reach zero after the last step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// The rate at first.
    pub rate: f64,
    /// The step from which it falls.
    pub decay_from: u64,
    /// Number of steps in the run.
    pub steps: u64,
}

impl Schedule {
    /// The rate of `step` (counted from 0).
    pub fn rate(&self, step: u64) -> f64 {
        if step < self.decay_from {
            return self.rate;
        }
        let left = self.steps.saturating_sub(step) as f64;
        let falling = self.steps.saturating_sub(self.decay_from).max(1) as f64;
        self.rate * left / falling
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_stays_then_falls_to_nothing() {
        let schedule = Schedule {
            rate: 0.2,
            decay_from: 10,
            steps: 20,
        };
        let rates = [0, 9, 10, 15, 19, 20].map(|step| schedule.rate(step));
        assert_eq!(rates, [0.2, 0.2, 0.2, 0.1, 0.02, 0.0]);
    }

    #[test]
    fn a_run_without_decay_keeps_its_rate() {
        let schedule = Schedule {
            rate: 0.2,
            decay_from: 20,
            steps: 20,
        };
        assert_eq!(schedule.rate(19), 0.2);
    }
}
