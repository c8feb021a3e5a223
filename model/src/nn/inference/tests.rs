//! The passes against the training's own, against each other, and the bound of Winograd.

use std::marker::PhantomData;

use candle_core::{Device, Tensor};
use pulp::Simd;

use super::arena::{Aligned, Scratch};
use super::grid::{Grid, HEIGHT, Mirrored, WIDTH};
use super::packed::{Packed, Size};
use super::pass::Pass;
use super::tile::LANES;
use super::winograd;
use super::{ERROR, Level, PreparedGenerator, Weights};
use crate::family::cyclegan::{Generator, GeneratorConfig};
use crate::nn::init::{Normal, Store};
use crate::roll::{CELLS, PITCHES, STEPS};

fn draw(seed: u64, len: usize) -> Vec<f32> {
    let mut draw = Normal::new(seed);
    (0..len).map(|_| draw.next_normal() as f32).collect()
}

fn generator(base_channels: usize, residual_blocks: usize) -> Generator {
    let config = GeneratorConfig::new(base_channels, residual_blocks, 2.0);
    Generator::new(&config, &Store::new(7).builder(&Device::Cpu)).unwrap()
}

/// Cells as rolls and as other networks' outputs have them.
fn cells(seed: u64) -> Vec<f32> {
    let cells = draw(seed, CELLS);
    cells.iter().map(|x| (x - 1.2).clamp(0.0, 1.0)).collect()
}

fn logits(net: &PreparedGenerator, x: &[f32]) -> Vec<f32> {
    let mut y = vec![0.0; CELLS];
    net.logits(&mut net.arena(), x, &mut y);
    y
}

#[test]
fn every_instruction_set_gives_what_the_network_of_training_gives() {
    // Sizes that fill a block of channels, a panel, neither, and more than one.
    for (base, blocks) in [(3, 1), (4, 2), (8, 1), (20, 1)] {
        let generator = generator(base, blocks);
        let x = cells(1);
        let image = Tensor::from_slice(&x, (1, 1, STEPS, PITCHES), &Device::Cpu).unwrap();
        let expected = generator.logits(&image).unwrap();
        let expected = expected.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for level in Level::all() {
            let found = logits(&generator.prepared(level).unwrap(), &x);
            for (cell, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert!(
                    (found - expected).abs() <= 1e-4,
                    "{}, {base} × {blocks}, cell {cell}: {found}, expected {expected}",
                    level.name()
                );
            }
        }
    }
}

#[test]
fn neither_threads_nor_earlier_passes_show() {
    let generator = generator(20, 2);
    for level in Level::all() {
        let net = generator.prepared(level).unwrap();
        let bits = |threads| {
            let pool = crate::nn::pool(threads);
            let mut arena = net.arena();
            let mut y = vec![0.0; CELLS];
            pool.install(|| {
                for seed in [3, 2, 1] {
                    net.logits(&mut arena, &cells(seed), &mut y);
                }
            });
            y.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        let alone = bits(1);
        assert_eq!(alone, bits(3), "{}", level.name());
        let fresh = logits(&net, &cells(1));
        let fresh: Vec<u32> = fresh.into_iter().map(f32::to_bits).collect();
        assert_eq!(alone, fresh, "{}", level.name());
    }
}

/// The output of a residual layer before its norm: of each block of channels the pixels.
fn winograd_layer<S: Simd, const N: usize, const V: usize>(
    pass: Pass<S, N, V>,
    layer: &Packed,
    panels: usize,
    planes: &[f32],
) -> Vec<f32> {
    let plane = HEIGHT * WIDTH * LANES;
    let mut points = vec![0.0; planes.len() / plane * Mirrored::BLOCK];
    for (plane, points) in planes
        .chunks_exact(plane)
        .zip(points.chunks_exact_mut(Mirrored::BLOCK))
    {
        pass.0.vectorize(winograd::Input::<_, N> {
            plane,
            row: WIDTH,
            points,
            grid: PhantomData::<Mirrored>,
        });
    }
    let mut scratch = Scratch {
        points: Aligned::zeros(V / N * Mirrored::BLOCK),
        plane: Aligned::zeros(plane),
        weights: Aligned::zeros(0),
    };
    let mut out = Vec::new();
    for panel in 0..panels {
        let weights = &layer.weights[panel * layer.panel..][..layer.panel];
        pass.sums::<Mirrored>(
            weights,
            &layer.taps[0],
            &points,
            (&mut scratch.points, [1; 2]),
        );
        for points in scratch.points.chunks_exact(Mirrored::BLOCK) {
            let plane = &mut scratch.plane;
            let grid = PhantomData::<Mirrored>;
            pass.0.vectorize(winograd::Output::<_, N> {
                points,
                plane,
                row: WIDTH,
                grid,
            });
            out.extend_from_slice(plane);
        }
    }
    out
}

#[test]
fn winograd_stays_within_its_bound_of_the_definition() {
    const CHANNELS: usize = 48;
    let kernel = draw(1, CHANNELS * CHANNELS * 9);
    let image = draw(2, CHANNELS * HEIGHT * WIDTH);
    let mirrored = |i: usize, len: usize| match i {
        0 => 1,
        i if i > len => len - 2,
        i => i - 1,
    };
    let mut expected = vec![0.0; image.len()];
    for (index, expected) in expected.iter_mut().enumerate() {
        let (out, place) = (index / (HEIGHT * WIDTH), index % (HEIGHT * WIDTH));
        for channel in 0..CHANNELS {
            for tap in 0..9 {
                let y = mirrored(place / WIDTH + tap / 3, HEIGHT);
                let x = mirrored(place % WIDTH + tap % 3, WIDTH);
                let weight = kernel[(out * CHANNELS + channel) * 9 + tap];
                let value = image[(channel * HEIGHT + y) * WIDTH + x];
                *expected += f64::from(weight) * f64::from(value);
            }
        }
    }
    let squares: f64 = expected.iter().map(|value| value * value).sum();
    let deviation = (squares / expected.len() as f64).sqrt();
    let mut planes = vec![0.0; image.len()];
    for (index, value) in image.iter().enumerate() {
        let (channel, place) = (index / (HEIGHT * WIDTH), index % (HEIGHT * WIDTH));
        let block = channel / LANES * HEIGHT * WIDTH;
        planes[(block + place) * LANES + channel % LANES] = *value;
    }
    for level in Level::all() {
        let size = Size {
            panel: level.panel(),
            channels_in: CHANNELS,
            channels_out: CHANNELS,
        };
        let weights = Weights {
            kernel: kernel.clone(),
            scale: Vec::new(),
            offset: Vec::new(),
        };
        let layer = Packed::residual(size, Mirrored::BLOCK, &weights);
        let panels = size.panels();
        let found = match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(simd) => winograd_layer(Pass::<_, 1, 2>(simd), &layer, panels, &planes),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(simd) => winograd_layer(Pass::<_, 2, 2>(simd), &layer, panels, &planes),
            #[cfg(target_arch = "aarch64")]
            Level::Neon(simd) => winograd_layer(Pass::<_, 4, 4>(simd), &layer, panels, &planes),
            Level::Portable(simd) => {
                winograd_layer(Pass::<_, 16, 16>(simd), &layer, panels, &planes)
            }
        };
        let mut worst = 0.0_f64;
        for (index, expected) in expected.iter().enumerate() {
            let (channel, place) = (index / (HEIGHT * WIDTH), index % (HEIGHT * WIDTH));
            let block = channel / LANES * HEIGHT * WIDTH;
            let found = found[(block + place) * LANES + channel % LANES];
            worst = worst.max((f64::from(found) - expected).abs() / deviation);
        }
        let name = level.name();
        assert!(
            worst <= f64::from(ERROR),
            "{name}: {worst:e} of the deviation"
        );
        // Sums in another order differ in some last bit; a bound that nothing comes near would
        // say nothing.
        assert!(worst > f64::from(ERROR) / 100.0, "{name}: {worst:e}");
    }
}
