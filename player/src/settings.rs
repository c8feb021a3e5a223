//! How the plugin is set before it plays.

use anyhow::{Context as _, Result, bail};
use third_stream_model::genre::{Direction, Genre, Pair};
use third_stream_tests::host::Instance;

/// The plugin's settings, as they are named on the command line.
#[derive(Clone, Copy, Debug)]
pub struct PlayerSettings {
    /// Where the knob goes.
    pub to: Genre,
    /// The genre pair, where the genre alone does not say it.
    pub pair: Option<Pair>,
    /// How far the knob is turned, 0 to 100 %.
    pub amount: f64,
    /// How far kept notes are pulled to the grid, 0 to 100 %.
    pub quantise: f64,
}

impl PlayerSettings {
    fn pair(&self) -> Result<Pair> {
        let pair = self.pair.or_else(|| Pair::meant_by(self.to));
        pair.context("two pairs lead to pop: say --pair jazz-pop or --pair classic-pop")
    }

    /// The knob's place, −1..=1.
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

    /// Gives the plugin the pair, the quantising and the knob.
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
