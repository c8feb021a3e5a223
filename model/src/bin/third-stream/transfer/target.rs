//! Where a transfer leads: a genre of the weights, or a style of the user's own.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use third_stream_model::genre::{Direction, Genre, Pair};
use third_stream_model::roll::edits::Edits;
use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::transfer::{LearnedStyle, Transfer, TransferError, Wish};
use third_stream_model::user_weights;

use super::TransferArgs;

/// Target named by `--to`: a genre or a style.
pub(super) enum Target {
    /// A genre, with the pair that leads to it.
    Genre(Pair, Direction),
    Style(Box<LearnedStyle>),
}

impl Target {
    /// A genre by its name; otherwise a style by its file, or by its name in the user's folder.
    pub(super) fn of(args: &TransferArgs, transfer: &Transfer) -> Result<Self> {
        let known = transfer.header().pairs();
        if let Ok(genre) = args.to.parse::<Genre>() {
            let (pair, direction) = ends(&known, genre, args.pair)?;
            return Ok(Self::Genre(pair, direction));
        }
        let style = style(&args.to)?;
        if let Some(pair) = args.pair {
            bail!("--pair {pair}: a style is a target by itself; leave --pair out");
        }
        transfer.takes(&style)?;
        Ok(Self::Style(Box::new(style)))
    }

    /// The half of the knob that it is on.
    pub(super) const fn direction(&self) -> Direction {
        match self {
            Self::Genre(_, direction) => *direction,
            Self::Style(_) => Direction::AToB,
        }
    }

    pub(super) fn edits(
        &self,
        transfer: &Transfer,
        phrase: &NoteRoll,
        wish: &Wish,
    ) -> Result<Edits, TransferError> {
        match self {
            Self::Genre(pair, direction) => transfer.edits(phrase, (*pair, *direction), wish),
            Self::Style(style) => transfer.edits_in_style(phrase, style, wish),
        }
    }
}

/// From where to where.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Genre(pair, direction) => {
                let (source, target) = (pair.source(*direction), pair.target(*direction));
                write!(f, "{source} \u{2192} {target}")
            }
            Self::Style(style) => write!(f, "\u{2192} {}", style.about().name),
        }
    }
}

/// The style that is meant.
fn style(name: &str) -> Result<LearnedStyle> {
    let path = Path::new(name);
    if path.is_file()
        || path
            .extension()
            .is_some_and(|ending| ending == "safetensors")
    {
        return Ok(user_weights::style_at(path)?);
    }
    let folder = user_weights::folder().unwrap_or_default();
    let names = user_weights::styles(&folder);
    if names.iter().any(|known| known == name) {
        return Ok(user_weights::style(&folder, name)?);
    }
    let there = match &names[..] {
        [] => "there is none yet; `learn-style` learns one".to_owned(),
        names => format!("there are {}", names.join(", ")),
    };
    bail!(
        "--to {name}: expected jazz, classic (or classical) or pop, a style of your own ({there}), \
         or a style's file"
    )
}

/// The pair, and the direction in it: of the pairs that the weights know the one asked for, or the
/// first that leads to the target.
fn ends(known: &[Pair], to: Genre, asked_for: Option<Pair>) -> Result<(Pair, Direction)> {
    let asked = |pair: &&Pair| asked_for.is_none_or(|asked| asked == **pair);
    let mut leading = known.iter().filter(asked).filter_map(|pair| {
        let direction = pair.towards(to)?;
        Some((*pair, direction))
    });
    leading.next().with_context(|| {
        let names: Vec<String> = known.iter().map(Pair::to_string).collect();
        let asked = asked_for
            .map(|pair| format!(" in {pair}"))
            .unwrap_or_default();
        format!(
            "the weights are for {} and do not lead to {to}{asked}; name another --pair, or other \
             weights with --weights",
            names.join(", "),
        )
    })
}
