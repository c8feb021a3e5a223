//! The kernels against the definition in f64, for shapes drawn at random.

use proptest::prelude::*;

use super::{Border, Geometry, Isa, forward, input_gradient, weight_gradient};

/// Bound on the error of a sum, as a share of the sum of its products' sizes, with f32 operands.
const FULL_BOUND: f64 = 1e-5;
/// Bound for bf16 operands: each has eight significant bits, so a relative error of up to 2⁻⁸, and
/// a product up to 2⁻⁷ and a little.
const BRIEF_BOUND: f64 = 1.01 / 128.0;

/// Calls `f` with the places (in x, kernel, y) of every product of the convolution.
fn for_each_product(g: &Geometry, batch: usize, mut f: impl FnMut(usize, usize, usize)) {
    let source = |i: usize, len: usize| {
        let (i, last) = (i as isize - g.before as isize, len as isize - 1);
        match g.border {
            Border::Zero if i < 0 || i > last => None,
            Border::Zero => Some(i as usize),
            Border::Reflect => Some((last - (last - i.abs()).abs()) as usize),
        }
    };
    let mut y = 0;
    for image in 0..batch {
        for out in 0..g.channels_out {
            for (oy, ox) in
                (0..g.out_height()).flat_map(|y| (0..g.out_width()).map(move |x| (y, x)))
            {
                let mut kernel = out * g.channels_in * g.kernel_height * g.kernel_width;
                for channel in 0..g.channels_in {
                    for (ky, kx) in
                        (0..g.kernel_height).flat_map(|y| (0..g.kernel_width).map(move |x| (y, x)))
                    {
                        let row = source(oy * g.stride + ky * g.dilation, g.height);
                        let column = source(ox * g.stride + kx * g.dilation, g.width);
                        if let (Some(row), Some(column)) = (row, column) {
                            let x = image * g.channels_in + channel;
                            f((x * g.height + row) * g.width + column, kernel, y);
                        }
                        kernel += 1;
                    }
                }
                y += 1;
            }
        }
    }
}

/// Numbers between -1 and 1 that are no bf16.
fn draw(seed: u64, len: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

struct Case {
    geometry: Geometry,
    x: Vec<f32>,
    kernel: Vec<f32>,
    dy: Vec<f32>,
}

impl Case {
    fn new(geometry: Geometry, batch: usize) -> Self {
        Self {
            geometry,
            x: draw(1, batch * geometry.in_len()),
            kernel: draw(2, geometry.kernel_len()),
            dy: draw(3, batch * geometry.out_len()),
        }
    }

    fn run(&self, isa: Isa) -> [Vec<f32>; 3] {
        [
            forward(&self.geometry, isa, &self.x, &self.kernel),
            input_gradient(&self.geometry, isa, &self.dy, &self.kernel),
            weight_gradient(&self.geometry, isa, &self.x, &self.dy),
        ]
    }

    /// Each value of each pass, and the sum of its products' sizes.
    fn reference(&self) -> [Vec<(f64, f64)>; 3] {
        let zeros = |like: &[f32]| vec![(0.0, 0.0); like.len()];
        let (mut y, mut dx, mut dkernel) = (zeros(&self.dy), zeros(&self.x), zeros(&self.kernel));
        let add = |sum: &mut (f64, f64), a: f32, b: f32| {
            let product = f64::from(a) * f64::from(b);
            *sum = (sum.0 + product, sum.1 + product.abs());
        };
        let batch = self.x.len() / self.geometry.in_len();
        for_each_product(&self.geometry, batch, |at_x, at_kernel, at_y| {
            let (x, kernel, dy) = (self.x[at_x], self.kernel[at_kernel], self.dy[at_y]);
            add(&mut y[at_y], x, kernel);
            add(&mut dx[at_x], dy, kernel);
            add(&mut dkernel[at_kernel], x, dy);
        });
        [y, dx, dkernel]
    }
}

fn geometries() -> impl Strategy<Value = (Geometry, usize)> {
    let channels = prop_oneof![Just(1_usize), 2..6_usize, 14..35_usize];
    let kernel = (1..8_usize, 1..8_usize);
    (
        channels.clone(),
        channels,
        kernel,
        prop_oneof![(1..4_usize, Just(1_usize)), (Just(1_usize), 2..4_usize)],
        0..4_usize,
        any::<bool>(),
        1..4_usize,
    )
        .prop_flat_map(
            |(
                channels_in,
                channels_out,
                (kernel_height, kernel_width),
                (stride, dilation),
                size,
                reflect,
                batch,
            )| {
                let least = |kernel: usize| (size + 1).max((kernel - 1) * dilation + 1);
                (least(kernel_height)..26, least(kernel_width)..26, 0..=size).prop_map(
                    move |(height, width, after)| {
                        let geometry = Geometry {
                            channels_in,
                            channels_out,
                            height,
                            width,
                            kernel_height,
                            kernel_width,
                            stride,
                            dilation,
                            before: size,
                            after,
                            border: if reflect {
                                Border::Reflect
                            } else {
                                Border::Zero
                            },
                        };
                        (geometry, batch)
                    },
                )
            },
        )
}

/// Every pass on every instruction set that is there, against the definition.
fn check(case: &Case) {
    let expected = case.reference();
    for isa in Isa::all().into_iter().filter(|isa| isa.is_present()) {
        let bound = if isa == Isa::Avx512Bf16 {
            BRIEF_BOUND
        } else {
            FULL_BOUND
        };
        for (pass, (found, expected)) in case.run(isa).iter().zip(&expected).enumerate() {
            assert_eq!(found.len(), expected.len());
            for (found, (expected, size)) in found.iter().zip(expected) {
                let error = (f64::from(*found) - expected).abs();
                let bound = bound * size;
                assert!(
                    error <= bound,
                    "{isa:?}, pass {pass}: {error:e} > {bound:e}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    #[cfg_attr(miri, ignore = "takes days there")]
    fn every_pass_is_what_the_definition_says((geometry, batch) in geometries()) {
        check(&Case::new(geometry, batch));
    }
}

/// Small enough for Miri, which looks at what the kernels do with pointers.
#[test]
fn every_pass_of_a_small_layer_is_what_the_definition_says() {
    let cases = [
        (Border::Reflect, 1, 1),
        (Border::Zero, 2, 1),
        (Border::Zero, 1, 2),
    ];
    for (border, stride, dilation) in cases {
        let geometry = Geometry {
            channels_in: 2,
            channels_out: 3,
            height: 4,
            width: 5,
            kernel_height: 3,
            kernel_width: 3,
            stride,
            dilation,
            before: dilation,
            after: dilation,
            border,
        };
        check(&Case::new(geometry, 2));
    }
}

/// A residual layer with odd sizes and more images than one group of the weight gradient.
fn threaded() -> Case {
    let geometry = Geometry {
        channels_in: 5,
        channels_out: 7,
        height: 6,
        width: 9,
        kernel_height: 3,
        kernel_width: 3,
        stride: 1,
        dilation: 1,
        before: 1,
        after: 1,
        border: Border::Reflect,
    };
    Case::new(geometry, 19)
}

#[test]
#[cfg_attr(miri, ignore = "takes hours there")]
fn the_number_of_threads_does_not_show() {
    let case = threaded();
    for isa in Isa::all().into_iter().filter(|isa| isa.is_present()) {
        let bits = |threads| {
            let pool = crate::nn::pool(threads);
            pool.install(|| case.run(isa))
                .map(|v| v.into_iter().map(f32::to_bits).collect::<Vec<_>>())
        };
        assert_eq!(bits(1), bits(3), "{isa:?}");
    }
}

#[test]
fn rounding_is_to_the_nearest_and_keeps_what_is_no_number() {
    use super::unit::{pair, rounded};
    let brief = |value: f32| f32::from_bits(rounded(value) & 0xffff_0000);
    for bits in (0..=u32::MAX).step_by(65_521) {
        let value = f32::from_bits(bits);
        let expected = half::bf16::from_f32(value);
        if value.is_nan() {
            assert!(brief(value).is_nan(), "{bits:#x}");
        } else {
            assert_eq!(
                brief(value).to_bits() >> 16,
                u32::from(expected.to_bits()),
                "{bits:#x}"
            );
        }
    }
    assert!(brief(f32::from_bits(0x7fff_ffff)).is_nan());
    assert_eq!(pair(1.0, -2.0), 0xc000_3f80);
}

#[test]
fn a_batch_of_no_images_is_no_output() {
    let case = Case::new(threaded().geometry, 0);
    let [y, dx, dkernel] = case.run(Isa::Portable);
    assert!(y.is_empty() && dx.is_empty());
    assert_eq!(dkernel, vec![0.0; case.kernel.len()]);
}
