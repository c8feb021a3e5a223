//! Lowering of a convolution to a matrix product: an image to the columns that the kernel sees,
//! and back (its adjoint).

use super::Padding;

/// The geometry of a convolution on one image.
#[derive(Clone, Copy)]
pub(super) struct Geometry {
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) kernel: (usize, usize),
    pub(super) stride: usize,
    pub(super) padding: Padding,
    pub(super) out_height: usize,
    pub(super) out_width: usize,
}

impl Geometry {
    pub(super) fn new(
        (channels, height, width): (usize, usize, usize),
        kernel: (usize, usize),
        stride: usize,
        padding: Padding,
    ) -> Self {
        let out = |size: usize, kernel: usize| (size + 2 * padding.size() - kernel) / stride + 1;
        let (out_height, out_width) = (out(height, kernel.0), out(width, kernel.1));
        Self {
            channels,
            height,
            width,
            kernel,
            stride,
            padding,
            out_height,
            out_width,
        }
    }

    /// Values in an input image.
    pub(super) const fn image(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Values that one output value sees: the rows of the lowered matrix.
    pub(super) const fn depth(&self) -> usize {
        self.channels * self.kernel.0 * self.kernel.1
    }

    /// Output values of a channel: the columns of the lowered matrix.
    pub(super) const fn outputs(&self) -> usize {
        self.out_height * self.out_width
    }

    /// The input index behind padded index `at`, or `None` for a zero.
    pub(super) fn source(&self, at: isize, size: usize) -> Option<usize> {
        let size = size as isize;
        if (0..size).contains(&at) {
            return Some(at as usize);
        }
        match self.padding {
            Padding::Zero(_) => None,
            Padding::Reflect(_) => {
                let at = at.abs();
                Some((if at >= size { 2 * (size - 1) - at } else { at }) as usize)
            }
        }
    }

    /// For kernel column `kx`: its offset and the output columns whose input lies inside.
    fn inside(&self, kx: usize) -> (isize, usize, usize) {
        let offset = kx as isize - self.padding.size() as isize;
        let stride = self.stride as isize;
        let first = ((-offset + stride - 1).max(0) / stride).min(self.out_width as isize);
        let last = (self.width as isize - 1 - offset)
            .max(-1)
            .div_euclid(stride)
            + 1;
        (
            offset,
            first as usize,
            last.clamp(first, self.out_width as isize) as usize,
        )
    }

    /// Writes the lowered image (`depth` × `outputs`).
    pub(super) fn lower(&self, image: &[f32], lowered: &mut [f32]) {
        let taps = self.kernel.0 * self.kernel.1;
        let plane = self.height * self.width;
        for (row, out) in lowered.chunks_exact_mut(self.outputs()).enumerate() {
            let (channel, tap) = (row / taps, row % taps);
            let (ky, kx) = (tap / self.kernel.1, tap % self.kernel.1);
            let image = &image[channel * plane..(channel + 1) * plane];
            let (offset, first, last) = self.inside(kx);
            for (oy, out) in out.chunks_exact_mut(self.out_width).enumerate() {
                let y = (oy * self.stride + ky) as isize - self.padding.size() as isize;
                let Some(y) = self.source(y, self.height) else {
                    out.fill(0.0);
                    continue;
                };
                let line = &image[y * self.width..(y + 1) * self.width];
                for ox in (0..first).chain(last..self.out_width) {
                    let x = (ox * self.stride) as isize + offset;
                    out[ox] = self.source(x, self.width).map_or(0.0, |x| line[x]);
                }
                let start = (first * self.stride) as isize + offset;
                if first < last {
                    let line = &line[start as usize..];
                    if self.stride == 1 {
                        out[first..last].copy_from_slice(&line[..last - first]);
                    } else {
                        for (out, x) in out[first..last]
                            .iter_mut()
                            .zip(line.iter().step_by(self.stride))
                        {
                            *out = *x;
                        }
                    }
                }
            }
        }
    }

    /// The adjoint of [`Geometry::lower`]: adds each lowered value to the pixel it came from.
    /// `image` is overwritten.
    pub(super) fn raise(&self, lowered: &[f32], image: &mut [f32]) {
        let taps = self.kernel.0 * self.kernel.1;
        let plane = self.height * self.width;
        image.fill(0.0);
        for (row, values) in lowered.chunks_exact(self.outputs()).enumerate() {
            let (channel, tap) = (row / taps, row % taps);
            let (ky, kx) = (tap / self.kernel.1, tap % self.kernel.1);
            let image = &mut image[channel * plane..(channel + 1) * plane];
            let (offset, first, last) = self.inside(kx);
            for (oy, values) in values.chunks_exact(self.out_width).enumerate() {
                let y = (oy * self.stride + ky) as isize - self.padding.size() as isize;
                let Some(y) = self.source(y, self.height) else {
                    continue;
                };
                let line = &mut image[y * self.width..(y + 1) * self.width];
                for ox in (0..first).chain(last..self.out_width) {
                    let x = (ox * self.stride) as isize + offset;
                    if let Some(x) = self.source(x, self.width) {
                        line[x] += values[ox];
                    }
                }
                let start = (first * self.stride) as isize + offset;
                if first < last {
                    let line = line[start as usize..].iter_mut().step_by(self.stride);
                    for (x, value) in line.zip(&values[first..last]) {
                        *x += *value;
                    }
                }
            }
        }
    }
}
