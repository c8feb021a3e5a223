//! Shapes and padding of one convolution.

/// Padding mode of an image's border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// Zeros.
    Zero,
    /// The image mirrored at its outermost pixels, which are not repeated.
    Reflect,
}

/// One convolution of `[batch, channels_in, height, width]` with a kernel of
/// `[channels_out, channels_in, kernel_height, kernel_width]`; all sizes in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Channels of the image that goes in.
    pub channels_in: usize,
    /// Channels of the image that comes out.
    pub channels_out: usize,
    /// Rows of the image that goes in.
    pub height: usize,
    /// Columns of the image that goes in.
    pub width: usize,
    /// Rows of the kernel.
    pub kernel_height: usize,
    /// Columns of the kernel.
    pub kernel_width: usize,
    /// Step between two output pixels, the same along both axes.
    pub stride: usize,
    /// Step between two places of the kernel, the same along both axes; more than 1 only with a
    /// stride of 1.
    pub dilation: usize,
    /// Padding above and left.
    pub before: usize,
    /// Padding below and right.
    pub after: usize,
    /// Padding mode.
    pub border: Border,
}

impl Geometry {
    /// Rows of the image that comes out.
    pub fn out_height(&self) -> usize {
        (self.padded_height() - 1 - (self.kernel_height - 1) * self.dilation) / self.stride + 1
    }

    /// Columns of the image that comes out.
    pub fn out_width(&self) -> usize {
        (self.padded_width() - 1 - (self.kernel_width - 1) * self.dilation) / self.stride + 1
    }

    /// Elements of one image that goes in.
    pub fn in_len(&self) -> usize {
        self.channels_in * self.height * self.width
    }

    /// Elements of one image that comes out.
    pub fn out_len(&self) -> usize {
        self.channels_out * self.out_height() * self.out_width()
    }

    /// Elements of the kernel.
    pub fn kernel_len(&self) -> usize {
        self.channels_out * self.channels_in * self.kernel_height * self.kernel_width
    }

    pub(super) fn padded_height(&self) -> usize {
        self.height + self.before + self.after
    }

    pub(super) fn padded_width(&self) -> usize {
        self.width + self.before + self.after
    }

    /// Row of the image that padded row `y` shows; none where it shows zeros.
    pub(super) fn source_row(&self, y: usize) -> Option<usize> {
        self.source(y, self.height)
    }

    /// Column of the image that padded column `x` shows; none where it shows zeros.
    pub(super) fn source_column(&self, x: usize) -> Option<usize> {
        self.source(x, self.width)
    }

    fn source(&self, padded: usize, len: usize) -> Option<usize> {
        let i = padded as isize - self.before as isize;
        let last = len as isize - 1;
        if (0..=last).contains(&i) {
            return Some(i as usize);
        }
        match self.border {
            Border::Zero => None,
            Border::Reflect => {
                let i = i.abs();
                let i = if i > last { 2 * last - i } else { i };
                Some(usize::try_from(i).expect("reflect padding is smaller than the image"))
            }
        }
    }

    /// Taps of the kernel's rows that fall on phase `phase` of the stride, as tap numbers
    /// `t` with row `phase + t * stride`.
    pub(super) fn taps_down(&self, phase: usize) -> usize {
        (self.kernel_height + self.stride - 1 - phase) / self.stride
    }

    /// As [`Self::taps_down`], for the kernel's columns.
    pub(super) fn taps_across(&self, phase: usize) -> usize {
        (self.kernel_width + self.stride - 1 - phase) / self.stride
    }
}
