//! Genres, genre pairs and the direction of a transfer.

use std::fmt;
use std::str::FromStr;

/// A genre that a network was trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Genre {
    /// Jazz.
    Jazz,
    /// Classical music; the corpus folder's name `classical` means the same.
    Classic,
    /// Pop.
    Pop,
}

impl Genre {
    /// All genres, in the order of their names in a pair.
    pub const ALL: [Self; 3] = [Self::Jazz, Self::Classic, Self::Pop];

    /// The name that users read and type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jazz => "jazz",
            Self::Classic => "classic",
            Self::Pop => "pop",
        }
    }

    /// The genre's folder in the training corpus.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Classic => "classical",
            other => other.name(),
        }
    }
}

impl fmt::Display for Genre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no genre, or no pair of two different genres.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenreError {
    /// The name is no genre.
    #[error("unknown genre {0:?}: expected jazz, classic (or classical) or pop")]
    Genre(String),
    /// The name is no pair.
    #[error("unknown genre pair {0:?}: expected jazz-classic, jazz-pop or classic-pop")]
    Pair(String),
}

impl FromStr for Genre {
    type Err = GenreError;

    fn from_str(name: &str) -> Result<Self, GenreError> {
        match name.to_ascii_lowercase().as_str() {
            "jazz" => Ok(Self::Jazz),
            "classic" | "classical" => Ok(Self::Classic),
            "pop" => Ok(Self::Pop),
            _ => Err(GenreError::Genre(name.to_owned())),
        }
    }
}

/// Two genres with one generator for each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The genre at the knob's −100 %; A in the paper.
    pub a: Genre,
    /// The genre at the knob's +100 %; B in the paper.
    pub b: Genre,
}

impl Pair {
    /// Jazz and classic, the default pair.
    pub const JAZZ_CLASSIC: Self = Self {
        a: Genre::Jazz,
        b: Genre::Classic,
    };
    /// Jazz and pop.
    pub const JAZZ_POP: Self = Self {
        a: Genre::Jazz,
        b: Genre::Pop,
    };
    /// Classic and pop.
    pub const CLASSIC_POP: Self = Self {
        a: Genre::Classic,
        b: Genre::Pop,
    };
    /// Every pair that there are weights for or may be.
    pub const ALL: [Self; 3] = [Self::JAZZ_CLASSIC, Self::JAZZ_POP, Self::CLASSIC_POP];

    /// The direction whose target is `genre`, if the pair has it.
    pub fn towards(self, genre: Genre) -> Option<Direction> {
        if genre == self.a {
            Some(Direction::BToA)
        } else if genre == self.b {
            Some(Direction::AToB)
        } else {
            None
        }
    }

    /// The default pair of a target genre; `None` for pop, to which
    /// two pairs lead.
    pub fn meant_by(target: Genre) -> Option<Self> {
        let pair = Self::JAZZ_CLASSIC;
        pair.towards(target).map(|_| pair)
    }

    /// The genre that `direction` starts from.
    pub const fn source(self, direction: Direction) -> Genre {
        match direction {
            Direction::AToB => self.a,
            Direction::BToA => self.b,
        }
    }

    /// The genre that `direction` leads to.
    pub const fn target(self, direction: Direction) -> Genre {
        self.source(direction.reverse())
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.a, self.b)
    }
}

impl FromStr for Pair {
    type Err = GenreError;

    /// Reads `jazz-classic` and the like; the order of the two names does not matter.
    fn from_str(name: &str) -> Result<Self, GenreError> {
        let unknown = || GenreError::Pair(name.to_owned());
        let (a, b) = name.split_once('-').ok_or_else(unknown)?;
        let (a, b): (Genre, Genre) = (a.parse()?, b.parse()?);
        Self::ALL
            .into_iter()
            .find(|pair| (pair.a, pair.b) == (a, b) || (pair.a, pair.b) == (b, a))
            .ok_or_else(unknown)
    }
}

/// Which generator of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the pair's first genre to its second (the knob's positive half).
    AToB,
    /// From the pair's second genre to its first (the knob's negative half).
    BToA,
}

impl Direction {
    /// Both directions.
    pub const BOTH: [Self; 2] = [Self::AToB, Self::BToA];

    /// The other direction.
    #[must_use]
    pub const fn reverse(self) -> Self {
        match self {
            Self::AToB => Self::BToA,
            Self::BToA => Self::AToB,
        }
    }

    /// The direction and the amount (0..=1) of a knob at `knob` (−1..=1).
    /// The centre belongs to neither; its amount is 0, so the direction does not matter.
    ///
    /// ```
    /// use third_stream_model::genre::{Direction, Genre, Pair};
    ///
    /// let (direction, amount) = Direction::of_knob(-0.25);
    /// assert_eq!((direction, amount), (Direction::BToA, 0.25));
    /// assert_eq!(Pair::JAZZ_CLASSIC.target(direction), Genre::Jazz);
    /// ```
    pub fn of_knob(knob: f32) -> (Self, f32) {
        let direction = if knob < 0.0 { Self::BToA } else { Self::AToB };
        (direction, knob.abs().min(1.0))
    }

    /// 0 for A→B, 1 for B→A; for arrays of two.
    pub const fn index(self) -> usize {
        match self {
            Self::AToB => 0,
            Self::BToA => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_order_and_with_the_folder_name() {
        assert_eq!("classical-jazz".parse(), Ok(Pair::JAZZ_CLASSIC));
        assert_eq!("Jazz-Pop".parse(), Ok(Pair::JAZZ_POP));
        assert_eq!(
            "jazz-jazz".parse::<Pair>(),
            Err(GenreError::Pair("jazz-jazz".into()))
        );
        assert_eq!(
            "rock".parse::<Genre>(),
            Err(GenreError::Genre("rock".into()))
        );
        for pair in Pair::ALL {
            assert_eq!(pair.to_string().parse(), Ok(pair));
        }
    }

    #[test]
    fn the_knob_s_sign_chooses_the_target() {
        let pair = Pair::JAZZ_CLASSIC;
        assert_eq!(pair.target(Direction::of_knob(0.7).0), Genre::Classic);
        assert_eq!(pair.target(Direction::of_knob(-0.7).0), Genre::Jazz);
        assert_eq!(pair.towards(Genre::Jazz), Some(Direction::BToA));
        assert_eq!(pair.towards(Genre::Pop), None);
        assert_eq!(Direction::of_knob(0.0).1, 0.0);
        assert_eq!(Pair::meant_by(Genre::Jazz), Some(pair));
        assert_eq!(Pair::meant_by(Genre::Pop), None);
    }
}
