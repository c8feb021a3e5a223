//! The learning rate over the steps of a run.

/// A rate that rises at first, stays, and then falls until the last step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Schedule {
    /// The rate between rise and fall.
    pub rate: f64,
    /// Steps over which it rises in a straight line. 0: none.
    pub warm_up: u64,
    /// The step from which it falls.
    pub decay_from: u64,
    /// Number of steps in the run.
    pub steps: u64,
    /// How it falls.
    pub fall: Fall,
}

/// How a rate falls.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Fall {
    /// In a straight line, to reach zero after the last step.
    #[default]
    Line,
    /// As half a wave of the cosine, but never below this share of the rate.
    Cosine(f64),
}

impl Schedule {
    /// The rate of `step` (counted from 0).
    pub fn rate(&self, step: u64) -> f64 {
        let rate = if step < self.warm_up {
            self.rate * (step + 1) as f64 / self.warm_up as f64
        } else {
            self.rate
        };
        if step < self.decay_from {
            return rate;
        }
        let left = self.steps.saturating_sub(step) as f64;
        let falling = self.steps.saturating_sub(self.decay_from).max(1) as f64;
        match self.fall {
            Fall::Line => rate * left / falling,
            Fall::Cosine(least) => {
                let gone = 1.0 - left / falling;
                let wave = f64::midpoint(1.0, (std::f64::consts::PI * gone).cos());
                rate * wave.max(least)
            }
        }
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
            ..Schedule::default()
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
            ..Schedule::default()
        };
        assert_eq!(schedule.rate(19), 0.2);
    }

    #[test]
    fn the_rate_rises_first_and_falls_like_a_cosine_to_its_least() {
        let schedule = Schedule {
            rate: 1.0,
            warm_up: 4,
            decay_from: 10,
            steps: 20,
            fall: Fall::Cosine(0.05),
        };
        let rates = [0, 3, 9, 10, 15, 19].map(|step| schedule.rate(step));
        for (rate, expected) in rates.into_iter().zip([0.25, 1.0, 1.0, 1.0, 0.5, 0.05]) {
            assert!((rate - expected).abs() < 1e-9, "{rates:?}");
        }
    }
}
