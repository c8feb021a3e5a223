//! The three passes against the kernels', which are tested against the definition in f64.

use super::super::ERROR;
use super::*;
use crate::nn::init::Normal;
use crate::nn::kernels::{self, Isa};

/// Does not fill a group.
const IMAGES: usize = 5;

fn draw(seed: u64, len: usize) -> Vec<f32> {
    let mut draw = Normal::new(seed);
    (0..len).map(|_| draw.next_normal() as f32).collect()
}

/// The largest difference as a share of the deviation of what is expected.
fn distance(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let squares: f64 = expected.iter().map(|x| f64::from(*x).powi(2)).sum();
    let deviation = (squares / expected.len() as f64).sqrt();
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f32::max) / deviation as f32
}

/// The three results for a batch of images.
fn passes(level: Level, geometry: &Geometry, [x, kernel, dy]: &[Vec<f32>; 3]) -> [Vec<f32>; 3] {
    [
        forward(level, geometry, x, kernel),
        input_gradient(level, geometry, dy, kernel),
        weight_gradient(level, geometry, x, dy),
    ]
}

fn operands(geometry: &Geometry) -> [Vec<f32>; 3] {
    [
        draw(1, IMAGES * geometry.in_len()),
        draw(2, geometry.kernel_len()),
        draw(3, IMAGES * geometry.out_len()),
    ]
}

#[test]
fn every_pass_stays_within_the_bound_of_the_kernels() {
    // Whole panels, and neither whole panels nor whole blocks.
    let kinds = Kind::ALL.into_iter();
    for geometry in kinds.flat_map(|kind| [[32, 64], [35, 20]].map(|size| residual(kind, size))) {
        let operands = operands(&geometry);
        let [x, kernel, dy] = &operands;
        let isa = Isa::Portable;
        let expected = [
            kernels::forward(&geometry, isa, x, kernel),
            kernels::input_gradient(&geometry, isa, dy, kernel),
            kernels::weight_gradient(&geometry, isa, x, dy),
        ];
        for level in Level::all() {
            let found = passes(level, &geometry, &operands);
            for (pass, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let far = distance(found, expected);
                println!("{}, pass {pass}: {far:e}", level.name());
                assert!(far <= ERROR, "{}, pass {pass}: {far:e}", level.name());
            }
        }
    }
}

#[test]
fn threads_do_not_show() {
    let geometry = residual(Kind::Dilated, [33, 32]);
    let operands = operands(&geometry);
    let results = |threads| {
        let pool = crate::nn::pool(threads);
        pool.install(|| passes(Level::best(), &geometry, &operands))
    };
    assert_eq!(results(1), results(3));
}

#[test]
fn only_the_residual_layers_are_taken() {
    for kind in Kind::ALL {
        assert_eq!(Kind::of(&residual(kind, [128, 128])), Some(kind));
        assert_eq!(Kind::of(&residual(kind, [32, 48])), Some(kind));
        assert!(!supports(&residual(kind, [16, 64])));
    }
    let other = |change: fn(&mut Geometry)| {
        let mut geometry = residual(Kind::Mirrored, [64, 64]);
        change(&mut geometry);
        geometry
    };
    assert!(!supports(&other(|geometry| geometry.dilation = 2)));
    assert!(!supports(&other(|geometry| geometry.width = 42)));
    assert!(!supports(&other(|geometry| geometry.stride = 2)));
}
