//! Every operation against candle's own slow path: values and gradients.

use candle_core::{DType, Device, Result, Tensor, Var};

use super::{
    Activation, Padding, add_relu, composed, conv_transpose2d, conv2d, dilated_conv2d, leaky_relu,
    norm_activation, reference,
};
use crate::nn::init::Normal;

fn draw(seed: u64, shape: &[usize]) -> Var {
    let mut draw = Normal::new(seed);
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| draw.next_normal() as f32)
        .collect();
    Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu).unwrap()).unwrap()
}

/// The largest difference over the largest value.
fn distance(a: &Tensor, b: &Tensor) -> f32 {
    assert_eq!(a.shape(), b.shape());
    let largest = |t: &Tensor| t.abs().unwrap().flatten_all().unwrap().max(0).unwrap();
    let difference = largest(&(a - b).unwrap()).to_scalar::<f32>().unwrap();
    difference / largest(b).to_scalar::<f32>().unwrap().max(1e-6)
}

/// Compares two functions of the same variables: values, and gradients of a loss that weighs
/// each output differently.
fn agree(
    variables: &[Var],
    ours: impl Fn(&[Var]) -> Result<Tensor>,
    theirs: impl Fn(&[Var]) -> Result<Tensor>,
) {
    let run = |f: &dyn Fn(&[Var]) -> Result<Tensor>| {
        let y = f(variables).unwrap();
        let weights = draw(99, y.dims());
        let loss = (&y * weights.as_tensor()).unwrap().sum_all().unwrap();
        (y, loss.backward().unwrap())
    };
    let (y, gradients) = run(&ours);
    let (expected, expected_gradients) = run(&theirs);
    assert!(
        distance(&y, &expected) < 1e-4,
        "values differ by {}",
        distance(&y, &expected)
    );
    for (index, variable) in variables.iter().enumerate() {
        let (a, b) = (
            gradients.get(variable).unwrap(),
            expected_gradients.get(variable).unwrap(),
        );
        assert!(
            distance(a, b) < 1e-3,
            "gradient {index} differs by {}",
            distance(a, b)
        );
    }
}

#[test]
fn convolutions_agree_with_candle() {
    // Square images where the stride is 2: candle's own gradient takes the width's output
    // padding from the height.
    for (out, kernel, stride, padding, (height, width)) in [
        (5, 3, 1, Padding::Reflect(1), (8, 11)),
        (5, 3, 1, Padding::Zero(1), (8, 11)),
        (4, 7, 1, Padding::Reflect(3), (9, 8)),
        (4, 3, 2, Padding::Zero(1), (8, 8)),
        (6, 7, 2, Padding::Zero(3), (12, 12)),
        (1, 7, 1, Padding::Reflect(3), (9, 12)),
        (1, 7, 1, Padding::Zero(3), (9, 12)),
    ] {
        let variables = [
            draw(1, &[3, 2, height, width]),
            draw(2, &[out, 2, kernel, kernel]),
        ];
        agree(
            &variables,
            |v| conv2d(&v[0], &v[1], stride, padding),
            |v| reference::conv2d(&v[0], &v[1], stride, padding),
        );
        agree(
            &variables,
            |v| composed::conv2d(&v[0], &v[1], [stride, 1], padding, DType::F32),
            |v| reference::conv2d(&v[0], &v[1], stride, padding),
        );
    }
}

#[test]
fn dilated_convolutions_agree_with_candle() {
    // A kernel of 5 × 5, and a layer whose convolution is filtered by tiles.
    for (channels, out, kernel, dilation, (height, width)) in [
        (2, 5, 3, 2, (8, 11)),
        (3, 1, 5, 2, (9, 12)),
        (1, 4, 3, 3, (10, 9)),
        (32, 33, 3, 2, (16, 21)),
    ] {
        let variables = [
            draw(14, &[2, channels, height, width]),
            draw(15, &[out, channels, kernel, kernel]),
        ];
        let padding = Padding::Zero(dilation * (kernel - 1) / 2);
        agree(
            &variables,
            |v| dilated_conv2d(&v[0], &v[1], dilation),
            |v| reference::dilated_conv2d(&v[0], &v[1], dilation),
        );
        agree(
            &variables,
            |v| composed::conv2d(&v[0], &v[1], [1, dilation], padding, DType::F32),
            |v| reference::dilated_conv2d(&v[0], &v[1], dilation),
        );
    }
}

#[test]
fn composed_convolutions_of_short_numbers_are_near() {
    // On the CPU candle multiplies f16, but not the bf16 that GPUs get.
    let variables = [draw(12, &[2, 3, 8, 8]), draw(13, &[4, 3, 3, 3])];
    let run = |kind| {
        let (x, kernel) = (&variables[0], &variables[1]);
        let y = composed::conv2d(x, kernel, [2, 1], Padding::Zero(1), kind).unwrap();
        let gradients = y.sum_all().unwrap().backward().unwrap();
        [
            y,
            gradients.get(&variables[0]).unwrap().clone(),
            gradients.get(&variables[1]).unwrap().clone(),
        ]
    };
    for (brief, full) in run(DType::F16).iter().zip(&run(DType::F32)) {
        let off = distance(brief, full);
        assert!(off > 0.0 && off < 0.03, "differs by {off}");
    }
}

#[test]
fn the_transposed_convolution_agrees_with_candle() {
    let variables = [draw(3, &[2, 3, 5, 7]), draw(4, &[3, 4, 3, 3])];
    agree(
        &variables,
        |v| conv_transpose2d(&v[0], &v[1]),
        |v| reference::conv_transpose2d(&v[0], &v[1]),
    );
    agree(
        &variables,
        |v| composed::conv_transpose2d(&v[0], &v[1], DType::F32),
        |v| reference::conv_transpose2d(&v[0], &v[1]),
    );
}

#[test]
fn activations_agree_with_candle() {
    let variables = [draw(10, &[2, 3, 5, 7]), draw(11, &[2, 3, 5, 7])];
    agree(
        &variables,
        |v| add_relu(&v[0], &v[1]),
        |v| (v[0].as_tensor() + v[1].as_tensor())?.relu(),
    );
    agree(
        &variables[..1],
        |v| leaky_relu(&v[0], 0.2),
        |v| candle_nn::ops::leaky_relu(&v[0], 0.2),
    );
}

#[test]
fn the_norm_agrees_with_candle() {
    for activation in [
        Activation::None,
        Activation::Relu,
        Activation::LeakyRelu(0.2),
    ] {
        // For all images, and for each its own.
        for shape in [&[3][..], &[2, 3]] {
            let variables = [draw(5, &[2, 3, 6, 7]), draw(6, shape), draw(7, shape)];
            agree(
                &variables,
                |v| norm_activation(&v[0], &v[1], &v[2], activation),
                |v| reference::norm_activation(&v[0], &v[1], &v[2], activation),
            );
        }
    }
}

#[test]
fn the_number_of_threads_does_not_show() {
    let variables = [draw(8, &[6, 3, 12, 10]), draw(9, &[5, 3, 3, 3])];
    let run = |threads| {
        let pool = crate::nn::pool(threads);
        pool.install(|| {
            let y = conv2d(&variables[0], &variables[1], 1, Padding::Reflect(1)).unwrap();
            let gradients = y.sqr().unwrap().sum_all().unwrap().backward().unwrap();
            let bits = |t: &Tensor| -> Vec<u32> {
                let values = t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                values.into_iter().map(f32::to_bits).collect()
            };
            (
                bits(&y),
                variables
                    .each_ref()
                    .map(|v| bits(gradients.get(v).unwrap())),
            )
        })
    };
    assert_eq!(run(1), run(3));
}
