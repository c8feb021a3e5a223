//! How the images of residual layers are cut into the tiles of [`super::winograd`]: 4 × 6 tiles of
//! 4 × 4 outputs each.
//!
//! A tile of a dilated layer takes every second pixel: the image is four images of 8 × 11 (of the
//! last column one half is missing) that lie one in another, each of which is 2 × 3 tiles.

use super::tile::LANES;
use super::winograd::POINTS;

/// Height of the images.
pub(crate) const HEIGHT: usize = 16;
/// Width of the images.
pub(crate) const WIDTH: usize = 21;

/// The kinds of residual layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The border mirrored.
    Mirrored,
    /// Zeros around.
    Zeros,
    /// Zeros around, and every second place of the image under the kernel.
    Dilated,
}

/// How an image is cut into tiles.
pub(crate) trait Grid {
    /// Tiles side by side.
    const ACROSS: usize = Self::COLUMNS.len();
    /// Tiles of an image.
    const TILES: usize = Self::ROWS.len() * Self::ACROSS;
    /// Values of one block of channels: of each point all tiles.
    const BLOCK: usize = POINTS * Self::TILES * LANES;
    /// Columns of the image that goes in, with its margin.
    const FROM: usize;
    /// Zeros around the image that goes in.
    const MARGIN: usize;
    /// Columns of the image that comes out.
    const TO: usize = WIDTH;
    /// Input rows of each row of tiles, six for each.
    const ROWS: &'static [[usize; 6]];
    /// Input columns of each column of tiles.
    const COLUMNS: &'static [[usize; 6]];
    /// Output rows of each row of tiles, four for each.
    const ROWS_OUT: &'static [[usize; 4]] = &counted::<4, 4>();
    /// Output columns of each column of tiles; beyond the image where the output is not used.
    const COLUMNS_OUT: &'static [[usize; 4]] = &counted::<4, 6>();
}

/// An image with a mirrored border.
pub(crate) struct Mirrored;

impl Grid for Mirrored {
    const FROM: usize = WIDTH;
    const MARGIN: usize = 0;
    const ROWS: &'static [[usize; 6]] = &mirrored_places::<4>(HEIGHT);
    const COLUMNS: &'static [[usize; 6]] = &mirrored_places::<6>(WIDTH);
}

/// An image in zeros.
pub(crate) struct Zeros;

impl Grid for Zeros {
    const FROM: usize = 26;
    const MARGIN: usize = 1;
    const ROWS: &'static [[usize; 6]] = &counted::<6, 4>();
    const COLUMNS: &'static [[usize; 6]] = &counted::<6, 6>();
}

/// An image in zeros under a kernel of which every second place is one.
pub(crate) struct Dilated;

impl Grid for Dilated {
    const FROM: usize = 28;
    const MARGIN: usize = 2;
    const ROWS: &'static [[usize; 6]] = &alternate::<6, 4>();
    const COLUMNS: &'static [[usize; 6]] = &alternate::<6, 6>();
    const ROWS_OUT: &'static [[usize; 4]] = &alternate::<4, 4>();
    const COLUMNS_OUT: &'static [[usize; 4]] = &alternate::<4, 6>();
}

/// An image in zeros to one with a border of one pixel: 18 × 23 of 20 × 24. What a mirrored image
/// becomes on its way back, before its border is folded.
pub(crate) struct Whole;

impl Grid for Whole {
    const FROM: usize = 26;
    const MARGIN: usize = 2;
    const TO: usize = 24;
    const ROWS: &'static [[usize; 6]] = &counted::<6, 5>();
    const COLUMNS: &'static [[usize; 6]] = &counted::<6, 6>();
    const ROWS_OUT: &'static [[usize; 4]] = &counted::<4, 5>();
}

/// The place that the mirrored border shows at `i`, which counts from -1; beyond the mirrored
/// line, which only unused outputs read, the last one.
const fn mirrored(i: usize, len: usize) -> usize {
    match i {
        0 => 1,
        i if i <= len => i - 1,
        i if i == len + 1 => len - 2,
        _ => len - 1,
    }
}

const fn mirrored_places<const TILES: usize>(len: usize) -> [[usize; 6]; TILES] {
    let mut places = counted::<6, TILES>();
    let mut i = 0;
    while i < 6 * TILES {
        places[i / 6][i % 6] = mirrored(places[i / 6][i % 6], len);
        i += 1;
    }
    places
}

/// Tiles one after another.
const fn counted<const N: usize, const TILES: usize>() -> [[usize; N]; TILES] {
    let mut places = [[0; N]; TILES];
    let mut i = 0;
    while i < N * TILES {
        places[i / N][i % N] = i / N * 4 + i % N;
        i += 1;
    }
    places
}

/// Tiles of the even places, then of the odd ones.
const fn alternate<const N: usize, const TILES: usize>() -> [[usize; N]; TILES] {
    let mut places = counted::<N, TILES>();
    let half = TILES / 2;
    let mut i = 0;
    while i < N * TILES {
        let tile = i / N;
        places[tile][i % N] = 2 * (tile % half * 4 + i % N) + tile / half;
        i += 1;
    }
    places
}
