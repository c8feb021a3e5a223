//! Which instructions this CPU has, and the tile sizes that follow.

use std::sync::OnceLock;

/// How the operands of a convolution are multiplied; sums are always f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// f32 operands, everywhere: what the transfer uses.
    #[default]
    Full,
    /// bf16 operands where the CPU multiplies them faster than f32, else f32: for training.
    Bf16,
}

/// The instruction set that a product runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// AVX-512 with bf16 dot products.
    Avx512Bf16,
    /// AVX-512, f32.
    Avx512,
    /// AVX2 with fused multiply-add, f32.
    Avx2,
    /// Whatever the compiler makes of plain loops, f32.
    Portable,
}

impl Isa {
    /// The best instruction set of this CPU for `precision`.
    pub fn of(precision: Precision) -> Self {
        static FULL: OnceLock<Isa> = OnceLock::new();
        static BF16: OnceLock<Isa> = OnceLock::new();
        match precision {
            Precision::Full => *FULL.get_or_init(|| Self::all()[1..].first_present()),
            Precision::Bf16 => *BF16.get_or_init(|| Self::all().first_present()),
        }
    }

    /// All of them, fastest first.
    pub fn all() -> [Self; 4] {
        [Self::Avx512Bf16, Self::Avx512, Self::Avx2, Self::Portable]
    }

    /// True if this CPU has it.
    pub fn is_present(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            match self {
                Self::Avx512Bf16 => avx512 && is_x86_feature_detected!("avx512bf16"),
                Self::Avx512 => avx512,
                Self::Avx2 => avx2,
                Self::Portable => true,
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            self == Self::Portable
        }
    }

    /// Values in one unit: 2 where operands are bf16 pairs.
    pub(super) fn pack(self) -> usize {
        if self == Self::Avx512Bf16 { 2 } else { 1 }
    }

    /// The instruction set for the same CPU with f32 operands.
    pub(super) fn full(self) -> Self {
        if self == Self::Avx512Bf16 {
            Self::Avx512
        } else {
            self
        }
    }

    /// f32 lanes of one vector of the product.
    pub(super) fn lanes(self) -> usize {
        match self {
            Self::Avx512Bf16 | Self::Avx512 => 16,
            Self::Avx2 | Self::Portable => 8,
        }
    }

    /// Rows of the largest register tile.
    pub(super) fn rows(self) -> usize {
        match self {
            Self::Avx512Bf16 | Self::Avx512 => 12,
            Self::Avx2 | Self::Portable => 6,
        }
    }
}

trait FirstPresent {
    fn first_present(&self) -> Isa;
}

impl FirstPresent for [Isa] {
    fn first_present(&self) -> Isa {
        self.iter()
            .copied()
            .find(|isa| isa.is_present())
            .unwrap_or(Isa::Portable)
    }
}

/// Defines functions that are compiled once for each instruction set and take it as their first
/// argument. (A closure handed to a function with the instructions would do if it were sure to be
/// inlined there; it is not.)
macro_rules! for_each_isa {
    ($(
        $(#[$meta:meta])*
        $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block
    )*) => {$(
        $(#[$meta])*
        $vis fn $name(isa: $crate::nn::kernels::Isa, $($arg: $type),*) $(-> $result)? {
            #[inline(always)]
            fn body($($arg: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            fn avx512($($arg: $type),*) $(-> $result)? {
                body($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($arg: $type),*) $(-> $result)? {
                body($($arg),*)
            }

            assert!(isa.is_present(), "this CPU lacks {isa:?}");
            match isa {
                #[cfg(target_arch = "x86_64")]
                $crate::nn::kernels::Isa::Avx512Bf16 | $crate::nn::kernels::Isa::Avx512 => {
                    #[expect(unsafe_code, reason = "the CPU has been asked above")]
                    // SAFETY: the CPU has AVX-512 with the extensions that `is_present` asks for.
                    unsafe {
                        avx512($($arg),*)
                    }
                }
                #[cfg(target_arch = "x86_64")]
                $crate::nn::kernels::Isa::Avx2 => {
                    #[expect(unsafe_code, reason = "the CPU has been asked above")]
                    // SAFETY: the CPU has AVX2.
                    unsafe {
                        avx2($($arg),*)
                    }
                }
                _ => body($($arg),*),
            }
        }
    )*};
}
pub(crate) use for_each_isa;
