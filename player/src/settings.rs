//! The plugin's settings for playback.

use anyhow::{Context as _, Result, bail};
use third_stream_model::genre::{Direction, Genre, Pair};
use third_stream_tests::host::Instance;

/// The plugin's settings, named as on the command line.
#[derive(Clone, Copy, Debug)]
pub struct PlayerSettings {
    /// The target genre.
    pub to: Genre,
    /// The genre pair, if the target does not determine it.
    pub pair: Option<Pair>,
    /// Amount, 0 to 100 %.
    pub amount: f64,
    /// Pull of kept notes to the grid, 0 to 100 %.
    pub quantise: f64,
}

impl PlayerSettings {
    fn pair(&self) -> Result<Pair> {
        let pair = self.pair.or_else(|| Pair::meant_by(self.to));
        pair.context("two pairs lead to pop: say --pair jazz-pop or --pair classic-pop")
    }

    /// Position of the knob, −1..=1.
    pub fn knob(&self) -> Result<f64> {
        let pair = self.pair()?;
        let side = match pair.towards(self.to) {
            Some(Direction::AToB) => 1.0,
            Some(Direction::BToA) => -1.0,
            None => bail!(
                "the pair {pair} leads to {} and {}, not to {}; name another --pair",
                pair.a,
                pair.b,
                self.to
            ),
        };
        Ok(side * self.amount / 100.0)
    }

    /// Sets the plugin's pair, quantise and knob.
    pub fn give(&self, instance: &mut Instance) -> Result<()> {
        let pair = self.pair()?;
        instance.set("Quantise", self.quantise / 100.0)?;
        let place = Pair::ALL.iter().position(|known| *known == pair);
        let last = (Pair::ALL.len() - 1) as f64;
        instance.set("Pair", place.unwrap_or(0) as f64 / last)?;
        instance.set("Genre", f64::midpoint(self.knob()?, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_genre_says_which_way_the_knob_turns() {
        let settings = |to, pair| PlayerSettings {
            to,
            pair,
            amount: 80.0,
            quantise: 100.0,
        };
        assert_eq!(settings(Genre::Classic, None).knob().unwrap(), 0.8);
        assert_eq!(settings(Genre::Jazz, None).knob().unwrap(), -0.8);
        assert!(settings(Genre::Pop, None).knob().is_err());
        let pair = Some(Pair::ALL[0]);
        assert!(settings(Genre::Pop, pair).knob().is_err());
    }
}
