//! The instruction sets that a pass can be computed with.

use crate::nn::kernels::Isa;

/// An instruction set that this CPU has: each is made only after the CPU was asked.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// AVX-512.
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    /// AVX2 with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    /// NEON.
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
    /// WebAssembly's vectors of 128 bits.
    #[cfg(target_arch = "wasm32")]
    Simd128(pulp::wasm::Simd128),
    /// Whatever the compiler makes of plain loops.
    Portable(pulp::Scalar),
}

impl Level {
    /// The instruction sets of this CPU, fastest first.
    pub fn all() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let own = [
            pulp::x86::V4::try_new().map(Self::Avx512),
            pulp::x86::V3::try_new().map(Self::Avx2),
        ];
        #[cfg(target_arch = "aarch64")]
        let own = [pulp::aarch64::Neon::try_new().map(Self::Neon)];
        #[cfg(target_arch = "wasm32")]
        let own = [pulp::wasm::Simd128::try_new().map(Self::Simd128)];
        #[cfg(not(any(
            target_arch = "x86_64",
            target_arch = "aarch64",
            target_arch = "wasm32"
        )))]
        let own: [Option<Self>; 0] = [];
        let portable = Some(Self::Portable(pulp::Scalar));
        own.into_iter().chain([portable]).flatten()
    }

    /// The fastest of them that asks for no more than `isa`.
    pub(in crate::nn) fn of(isa: Isa) -> Self {
        let within = |level: &Self| match level {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => matches!(isa, Isa::Avx512 | Isa::Avx512Bf16),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => isa != Isa::Portable,
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => true,
            #[cfg(target_arch = "wasm32")]
            Self::Simd128(_) => isa != Isa::Portable,
            Self::Portable(_) => true,
        };
        let level = Self::all().find(within);
        level.unwrap_or(Self::Portable(pulp::Scalar))
    }

    /// The fastest of them.
    pub fn best() -> Self {
        Self::all().next().unwrap_or(Self::Portable(pulp::Scalar))
    }

    /// The name that figures and messages use.
    pub const fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "neon",
            #[cfg(target_arch = "wasm32")]
            Self::Simd128(_) => "simd128",
            Self::Portable(_) => "portable",
        }
    }

    /// Output channels that are computed side by side.
    pub(crate) const fn panel(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => 32,
            _ => 16,
        }
    }
}
