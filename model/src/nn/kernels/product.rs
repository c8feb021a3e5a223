//! The shifted matrix multiply: `c[row][column] = Σ a[k][row] · b[k][column + tap]`.

#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::isa::Isa;
use super::portable;

/// Units that may be read past the last column of an operand.
pub(super) const SLACK: usize = 16;

/// How the left operand's rows lie in memory.
#[derive(Clone, Copy)]
pub(super) enum Left {
    /// Packed in the panels of [`panels`]: of each panel all depths, its rows side by side.
    Panels,
    /// Row `r` of depth `k` is unit `k * step + r`.
    Rows {
        /// Units from one depth to the next.
        step: usize,
    },
}

/// Where a vector of columns goes: its lanes in `mask` are written side by side from `at` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Lanes {
    /// Offset in the row of `c`, in elements.
    pub(super) at: u32,
    /// The lanes that are columns of the result.
    pub(super) mask: u32,
}

/// One shifted multiply. The depth runs over the taps and, in each, over `depth` units.
pub(super) struct Product<'a> {
    /// Left operand.
    pub(super) a: &'a [u32],
    /// Layout of the left operand.
    pub(super) left: Left,
    /// Rows of the left operand and of the result.
    pub(super) rows: usize,
    /// Right operand: column `j` of depth `k` under tap `t` is unit `t + k * step + j`.
    pub(super) b: &'a [u32],
    /// Units from one depth of the right operand to the next.
    pub(super) step: usize,
    /// Offsets of the taps in the right operand, in units.
    pub(super) taps: &'a [usize],
    /// Units of depth in each tap.
    pub(super) depth: usize,
    /// The vectors of columns, in order.
    pub(super) columns: &'a [Lanes],
    /// Elements from one row of the result to the next.
    pub(super) width: usize,
    /// True if the result is added to what is there.
    pub(super) add: bool,
}

/// Operands of one call of a micro-kernel; all pointers are to its tile.
pub(super) struct Tile<'a> {
    pub(super) a: *const u32,
    pub(super) a_step: usize,
    pub(super) b: *const u32,
    pub(super) b_step: usize,
    pub(super) taps: &'a [usize],
    pub(super) depth: usize,
    pub(super) c: *mut f32,
    pub(super) width: usize,
    pub(super) columns: &'a [Lanes],
    pub(super) add: bool,
}

/// Computes a tile of `rows` × `columns.len()` vectors.
///
/// # Safety
/// Everything the tile names must lie inside its operands, and the CPU must have the
/// instructions.
pub(super) type Kernel = unsafe fn(&Tile<'_>);

/// The panels that `rows` rows are cut into, as even as they can be: first row and rows of each.
pub(super) fn panels(rows: usize, isa: Isa) -> impl Iterator<Item = (usize, usize)> + Clone {
    let count = rows.div_ceil(isa.rows());
    (0..count).map(move |i| {
        let (first, end) = (rows * i / count, rows * (i + 1) / count);
        (first, end - first)
    })
}

/// The lanes of `rows` × `width` columns that lie in rows of `stride` units, and go side by side.
pub(super) fn grid(rows: usize, width: usize, stride: usize, isa: Isa) -> Vec<Lanes> {
    let flat = if rows == 0 || width == 0 {
        0
    } else {
        (rows - 1) * stride + width
    };
    let lanes = isa.lanes();
    let mut at = 0;
    let vectors = (0..flat).step_by(lanes).map(|first| {
        let inside = |i: usize| first + i < flat && (first + i) % stride < width;
        let mask = (0..lanes)
            .filter(|&i| inside(i))
            .fold(0_u32, |mask, i| mask | 1 << i);
        let lanes = Lanes { at, mask };
        at += mask.count_ones();
        lanes
    });
    vectors.collect()
}

impl Product<'_> {
    /// Runs the product on `isa` into `c`.
    ///
    /// # Panics
    /// If an operand is too short or the CPU lacks `isa`.
    pub(super) fn run(&self, isa: Isa, c: &mut [f32]) {
        if self.rows == 0 || self.columns.is_empty() {
            return;
        }
        assert!(isa.is_present(), "this CPU lacks {isa:?}");
        self.check(isa, c.len());
        // One row alone would leave most registers idle and wait on each sum: give it more
        // columns.
        let wide = if self.rows == 1 { 8 } else { 2 };
        let mut first = 0;
        while first < self.columns.len() {
            let left = self.columns.len() - first;
            let vectors = if left >= wide { wide } else { left.min(2) };
            let columns = &self.columns[first..first + vectors];
            for (row, rows) in panels(self.rows, isa) {
                let (a, a_step) = match self.left {
                    Left::Panels => (row * self.depth * self.taps.len(), rows),
                    Left::Rows { step } => (row, step),
                };
                let tile = Tile {
                    a: self.a[a..].as_ptr(),
                    a_step,
                    b: self.b[first * isa.lanes()..].as_ptr(),
                    b_step: self.step,
                    taps: self.taps,
                    depth: self.depth,
                    c: c[row * self.width..].as_mut_ptr(),
                    width: self.width,
                    columns,
                    add: self.add,
                };
                let kernel = kernel(isa, rows, vectors);
                #[expect(unsafe_code, reason = "the micro-kernels work on raw pointers")]
                // SAFETY: `check` has made sure that the operands hold all that is read, and the
                // result all that is written; the CPU has the instructions.
                unsafe {
                    kernel(&tile);
                }
            }
            first += vectors;
        }
    }

    fn check(&self, isa: Isa, c: usize) {
        let total = self.depth * self.taps.len();
        let a = match self.left {
            Left::Panels => self.rows * total,
            Left::Rows { step } if total > 0 => (total - 1) * step + self.rows,
            Left::Rows { .. } => 0,
        };
        assert!(
            self.a.len() >= a,
            "left operand: {} units of {a}",
            self.a.len()
        );
        if let (Some(tap), true) = (self.taps.iter().max(), self.depth > 0) {
            let columns = self.columns.len() * isa.lanes();
            let b = tap + (self.depth - 1) * self.step + columns;
            assert!(
                self.b.len() >= b,
                "right operand: {} units of {b}",
                self.b.len()
            );
        }
        let end = |lanes: &Lanes| lanes.at as usize + lanes.mask.count_ones() as usize;
        let row = self.columns.iter().map(end).max().unwrap_or(0);
        let needed = (self.rows - 1) * self.width + row;
        assert!(c >= needed, "result: {c} elements of {needed}");
    }
}

fn kernel(isa: Isa, rows: usize, vectors: usize) -> Kernel {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512Bf16 => avx512::brief(rows, vectors),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => avx512::full(rows, vectors),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => portable::avx2(rows, vectors),
        _ => portable::plain(rows, vectors),
    }
}

/// The kernel of a table for a tile of `$rows` × `$vectors`.
macro_rules! by_size {
    ($function:ident, $rows:expr, $vectors:expr, [$($r:literal)*]) => {
        match ($rows, $vectors) {
            $(($r, 1) => $function::<$r, 1>, ($r, 2) => $function::<$r, 2>,)*
            (1, 8) => $function::<1, 8>,
            (rows, vectors) => unreachable!("no kernel for {rows} rows × {vectors} vectors"),
        }
    };
}
pub(super) use by_size;
