//! Matrix multiplication of `f32` slices with strides: a safe face on the `gemm` crate.

/// A matrix in a slice: element (i, j) is `data[i * row + j * column]`.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    pub(super) data: &'a [f32],
    pub(super) row: usize,
    pub(super) column: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `width` values one after another.
    pub(super) const fn rows(data: &'a [f32], width: usize) -> Self {
        Self {
            data,
            row: width,
            column: 1,
        }
    }

    /// The transpose of [`Matrix::rows`].
    pub(super) const fn columns(data: &'a [f32], width: usize) -> Self {
        Self {
            data,
            row: 1,
            column: width,
        }
    }

    const fn reaches(&self, rows: usize, columns: usize) -> usize {
        (rows - 1) * self.row + (columns - 1) * self.column + 1
    }
}

/// `out` (m × n, rows one after another) = `a` (m × k) · `b` (k × n), added to `out` if
/// `accumulate`. One thread.
pub(super) fn multiply(
    (m, n, k): (usize, usize, usize),
    out: &mut [f32],
    a: Matrix<'_>,
    b: Matrix<'_>,
    accumulate: bool,
) {
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    assert!(
        out.len() >= m * n,
        "matmul: the output holds {} of {} values",
        out.len(),
        m * n
    );
    assert!(
        a.data.len() >= a.reaches(m, k),
        "matmul: the left matrix is too short"
    );
    assert!(
        b.data.len() >= b.reaches(k, n),
        "matmul: the right matrix is too short"
    );
    let stride = |value: usize| isize::try_from(value).unwrap_or(isize::MAX);
    #[expect(unsafe_code, reason = "the gemm crate's interface takes raw pointers")]
    // SAFETY: the assertions above put every element that gemm touches inside the three slices;
    // `out` is borrowed mutably, so it overlaps neither `a` nor `b`.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            stride(n),
            accumulate,
            a.data.as_ptr(),
            stride(a.column),
            stride(a.row),
            b.data.as_ptr(),
            stride(b.column),
            stride(b.row),
            1.0f32,
            1.0f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
