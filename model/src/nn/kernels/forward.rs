//! The forward pass of a convolution.

use super::geometry::Geometry;
use super::isa::Isa;
use super::pack::{Strides, pack};
use super::plane::Planes;
use super::product::{Left, Product, grid};
use super::scratch::for_each_chunk;

/// Convolves a batch of images `x` with `kernel`: `[batch, channels_out, out_height, out_width]`.
///
/// # Panics
/// If a slice does not fit the geometry or this CPU lacks `isa`.
pub fn forward(geometry: &Geometry, isa: Isa, x: &[f32], kernel: &[f32]) -> Vec<f32> {
    assert_eq!(
        kernel.len(),
        geometry.kernel_len(),
        "kernel of {geometry:?}"
    );
    let batch = x.len() / geometry.in_len();
    let (height, width) = (geometry.out_height(), geometry.out_width());
    let planes = Planes::new(*geometry, isa);
    let taps = planes.taps();
    let positions = geometry.kernel_height * geometry.kernel_width;
    let strides = Strides {
        row: geometry.channels_in * positions,
        channel: positions,
    };
    let shape = (geometry.channels_out, geometry.channels_in);
    let a = pack(isa, kernel, strides, shape, &taps, planes.by_position);
    let offsets: Vec<usize> = taps.iter().map(|tap| tap.offset).collect();
    let columns = grid(height, width, planes.row, isa);
    let mut y = vec![0.0; batch * geometry.out_len()];
    for_each_chunk(
        &mut y,
        geometry.out_len(),
        || vec![0; planes.len()],
        |i, y, b| {
            planes.fill(&x[i * geometry.in_len()..][..geometry.in_len()], b);
            let product = Product {
                a: &a,
                left: Left::Panels,
                rows: geometry.channels_out,
                b,
                step: planes.plane,
                taps: &offsets,
                depth: planes.depth,
                columns: &columns,
                width: height * width,
                add: false,
            };
            product.run(isa, y);
        },
    );
    y
}
