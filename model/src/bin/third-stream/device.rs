//! Where the networks run.

use anyhow::{Context, Result};
use candle_core::Device;

/// Value of `--device`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DeviceName {
    /// A GPU where this program was built for one and one is there, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// The first NVIDIA GPU.
    Cuda,
    /// The Apple GPU.
    Metal,
}

/// Opens a device.
pub(crate) fn open(name: DeviceName) -> Result<Device> {
    match name {
        DeviceName::Cpu => Ok(Device::Cpu),
        DeviceName::Cuda => Device::new_cuda(0).context(
            "no CUDA device; build with --features cuda on a machine with an NVIDIA GPU, \
             or take --device cpu",
        ),
        DeviceName::Metal => Device::new_metal(0)
            .context("no Metal device; build with --features metal on a Mac, or take --device cpu"),
        DeviceName::Auto => {
            let gpu = if cfg!(feature = "cuda") {
                Device::new_cuda(0)
            } else if cfg!(feature = "metal") {
                Device::new_metal(0)
            } else {
                return Ok(Device::Cpu);
            };
            Ok(gpu.unwrap_or_else(|why| {
                eprintln!("no GPU ({why}); training on the CPU");
                Device::Cpu
            }))
        }
    }
}

/// The device's name for the user.
pub(crate) fn name(device: &Device) -> &'static str {
    match device {
        Device::Cpu => "CPU",
        Device::Cuda(_) => "CUDA",
        Device::Metal(_) => "Metal",
    }
}
