//! The rows of the tables: weights with their defaults, the arranger asked for something else,
//! and collections by themselves.

use std::collections::BTreeMap;
use std::str::FromStr;

use third_stream_model::classify::stranger::PhraseSample;
use third_stream_model::evaluate::arrange::{Arrange, Asked, ByCells};
use third_stream_model::evaluate::measures::Method;
use third_stream_model::evaluate::report::{EvaluatedModel, row_name};
use third_stream_model::evaluate::translator::Identity;
use third_stream_model::genre::{Genre, Pair};
use third_stream_model::transfer::ArrangerTransfer;

use crate::named::Arranging;

/// Something that the arranger is asked for in place of its default: `--vary tune=locked`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Vary {
    /// How free the tune is, 0 to 1.
    Freedom(f32),
    /// Pitch classes of each half bar that are kept.
    Harmony(u8),
    /// Which take.
    Variation(u8),
    /// Passes of the network.
    Passes(u8),
    /// Four passes of the phrase without its last beat, and four more of all of it.
    AsLive,
}

impl FromStr for Vary {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |value: &str, from: u8, to: u8| {
            let number = value.parse::<u8>().ok();
            let number = number.filter(|number| (from..=to).contains(number));
            number.ok_or_else(|| format!("expected a whole number, {from} to {to}"))
        };
        match text.split_once('=') {
            Some(("tune", "locked")) => Ok(Self::Freedom(0.0)),
            Some(("tune", value)) => {
                let percent = number(value.trim_end_matches('%'), 0, 100)
                    .map_err(|_| "expected `locked` or a share that may change, 0% to 100%")?;
                Ok(Self::Freedom(f32::from(percent) / 100.0))
            }
            Some(("harmony", value)) => Ok(Self::Harmony(number(value, 2, 4)?)),
            Some(("variation", value)) => Ok(Self::Variation(number(value, 1, 16)?)),
            Some(("passes", "live")) => Ok(Self::AsLive),
            Some(("passes", value)) => Ok(Self::Passes(number(value, 1, 64)?)),
            _ => Err("expected tune=, harmony=, variation= or passes= and a value".to_owned()),
        }
    }
}

impl Vary {
    /// An arranger that is asked for this.
    fn ask(self, transfer: &ArrangerTransfer) -> Asked<'_> {
        let mut asked = Asked::new(transfer);
        match self {
            Self::Freedom(freedom) => asked.wish.freedom = freedom,
            Self::Harmony(classes) => asked.wish.pitch_classes = classes,
            Self::Variation(take) => asked.wish.variation = take,
            Self::Passes(passes) => asked.wish.passes = passes,
            Self::AsLive => asked.as_live = true,
        }
        asked
    }

    /// Name of its row in tables.
    fn name(self) -> String {
        match self {
            Self::Freedom(0.0) => "tune locked".to_owned(),
            Self::Freedom(freedom) => format!("tune {:.0} % free", freedom * 100.0),
            Self::Harmony(classes) => format!("{classes} pitch classes"),
            Self::Variation(take) => format!("variation {take}"),
            Self::Passes(passes) => format!("{passes} passes"),
            Self::AsLive => "as Live".to_owned(),
        }
    }
}

/// One row: its name, what moves the music, and the place of its collection if it has one.
type RowOf<'a> = (String, Box<dyn Arrange + 'a>, Option<usize>);

/// The rows of one pair.
pub(crate) struct Rows<'a> {
    rows: Vec<RowOf<'a>>,
    apart: &'a [(String, BTreeMap<Genre, PhraseSample>)],
}

impl<'a> Rows<'a> {
    /// First each network as it is, then the arrangers asked for what `vary` says, then each
    /// collection of `apart` through the arrangers and as it is.
    pub(crate) fn new(
        pair: Pair,
        models: &'a [EvaluatedModel<'a>],
        arranging: &'a [Arranging],
        vary: &[Vary],
        apart: &'a [(String, BTreeMap<Genre, PhraseSample>)],
    ) -> Self {
        let mut rows: Vec<RowOf<'a>> = Vec::new();
        for (at, model) in models.iter().enumerate() {
            let translator = model.translator;
            let way = ByCells { translator, pair };
            rows.push((row_name(models, at), Box::new(way), None));
        }
        for one in arranging {
            let way = Asked::new(&one.drawn);
            rows.push((one.name.clone(), Box::new(way), None));
            for vary in vary {
                let name = format!("{}, {}", one.name, vary.name());
                rows.push((name, Box::new(vary.ask(&one.drawn)), None));
            }
        }
        for (place, (name, _)) in apart.iter().enumerate() {
            for one in arranging {
                let way = Asked::new(&one.drawn);
                rows.push((format!("{}, {name}", one.name), Box::new(way), Some(place)));
            }
            let untouched = ByCells {
                translator: &Identity,
                pair,
            };
            let name = format!("source untouched, {name}");
            rows.push((name, Box::new(untouched), Some(place)));
        }
        Self { rows, apart }
    }

    /// How often one of them is measured: once in each direction that has sources for it.
    pub(crate) fn count(&self) -> u64 {
        let directions = |(_, _, place): &RowOf| place.map_or(2, |place| self.apart[place].1.len());
        self.rows.iter().map(|row| directions(row) as u64).sum()
    }

    /// As the measures take them.
    pub(crate) fn methods(&self) -> Vec<Method<'_>> {
        let rows = self.rows.iter();
        rows.map(|(name, way, place)| Method {
            name,
            way: &**way,
            sources: place.map(|place| &self.apart[place].1),
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_bad_ones_are_refused_in_words() {
        let read = |text: &str| text.parse::<Vary>();
        assert_eq!(read("tune=locked"), Ok(Vary::Freedom(0.0)));
        assert_eq!(read("tune=25%"), Ok(Vary::Freedom(0.25)));
        assert_eq!(read("passes=16"), Ok(Vary::Passes(16)));
        assert_eq!(read("passes=live"), Ok(Vary::AsLive));
        assert_eq!(read("harmony=2").unwrap().name(), "2 pitch classes");
        assert_eq!(read("tune=locked").unwrap().name(), "tune locked");
        let refused = |text: &str| read(text).unwrap_err();
        assert_eq!(refused("harmony=7"), "expected a whole number, 2 to 4");
        assert!(refused("tune=wild").contains("`locked`"));
        assert!(refused("speed=1").contains("tune=, harmony="));
    }
}
