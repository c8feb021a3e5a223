//! Seeded initial weights and the store of a network's variables.
//!
//! candle's CPU random numbers cannot be seeded and its `VarMap` has no order, so training has
//! its own store: each tensor is drawn from a generator seeded by the run's seed and the
//! tensor's name. The draw therefore does not depend on the order in which layers are made.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{DType, Device, Result, Shape, Tensor, Var};
use candle_nn::var_builder::{SimpleBackend, VarBuilder, VarBuilderArgs};
use candle_nn::{Init, init::NormalOrUniform};

/// The variables of a network by name, in the order of their names.
pub type Variables = BTreeMap<String, Var>;

/// A store that makes each variable at its first use.
#[derive(Clone)]
pub struct Store {
    seed: u64,
    variables: Arc<Mutex<Variables>>,
}

impl Store {
    /// An empty store whose tensors will be drawn from `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            variables: Arc::default(),
        }
    }

    /// A builder that makes and keeps variables in this store.
    pub fn builder(&self, device: &Device) -> VarBuilder<'static> {
        let backend: Box<dyn SimpleBackend> = Box::new(self.clone());
        VarBuilderArgs::from_backend(backend, DType::F32, device.clone())
    }

    /// The variables made so far.
    pub fn variables(&self) -> Variables {
        self.variables
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl SimpleBackend for Store {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        init: Init,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        let mut variables = self
            .variables
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(variable) = variables.get(name) {
            return Ok(variable.as_tensor().clone());
        }
        let mut draw = Normal::new(self.seed ^ hash(name.bytes(), 0));
        let values: Vec<f32> = match init {
            Init::Const(value) => vec![value as f32; shape.elem_count()],
            Init::Randn { mean, stdev } => (0..shape.elem_count())
                .map(|_| (mean + stdev * draw.next_truncated()) as f32)
                .collect(),
            Init::Uniform { lo, up } => (0..shape.elem_count())
                .map(|_| (lo + (up - lo) * draw.next_uniform()) as f32)
                .collect(),
            Init::Kaiming {
                dist,
                fan,
                non_linearity,
            } => {
                let stdev = non_linearity.gain() / (fan.for_shape(&shape) as f64).sqrt();
                let normal = matches!(dist, NormalOrUniform::Normal);
                (0..shape.elem_count())
                    .map(|_| {
                        let unit = if normal {
                            draw.next_truncated()
                        } else {
                            (draw.next_uniform() * 2.0 - 1.0) * 3f64.sqrt()
                        };
                        (unit * stdev) as f32
                    })
                    .collect()
            }
        };
        let tensor = Tensor::from_vec(values, shape, device)?.to_dtype(dtype)?;
        let variable = Var::from_tensor(&tensor)?;
        let tensor = variable.as_tensor().clone();
        variables.insert(name.to_owned(), variable);
        Ok(tensor)
    }

    fn get_unchecked(&self, name: &str, _dtype: DType, _device: &Device) -> Result<Tensor> {
        let variables = self
            .variables
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match variables.get(name) {
            Some(variable) => Ok(variable.as_tensor().clone()),
            None => candle_core::bail!("no variable is named {name}"),
        }
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.variables
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains_key(name)
    }
}

/// FNV-1a: the same number for the same bytes and seed, everywhere.
pub(crate) fn hash(bytes: impl IntoIterator<Item = u8>, seed: u64) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed;
    bytes.into_iter().fold(start, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Normal numbers from a seed (SplitMix64 and Box–Muller): initial weights and the noise on the
/// discriminators' inputs need no more than reproducible numbers.
pub struct Normal {
    state: u64,
    spare: Option<f64>,
}

impl Normal {
    /// A generator seeded with `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed,
            spare: None,
        }
    }

    fn next_bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in 0..1.
    pub fn next_uniform(&mut self) -> f64 {
        (self.next_bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number in 0..`bound`.
    pub fn next_below(&mut self, bound: usize) -> usize {
        (self.next_uniform() * bound as f64) as usize
    }

    /// Normal with mean 0 and deviation 1.
    pub fn next_normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * (1.0 - self.next_uniform()).ln()).sqrt();
        let angle = std::f64::consts::TAU * self.next_uniform();
        self.spare = Some(radius * angle.sin());
        radius * angle.cos()
    }

    /// Normal, drawn again beyond two deviations, as TensorFlow's truncated normal.
    pub fn next_truncated(&mut self) -> f64 {
        loop {
            let value = self.next_normal();
            if value.abs() <= 2.0 {
                return value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_depends_on_seed_and_name_alone() {
        let draw = |seed, names: [&str; 2]| {
            let store = Store::new(seed);
            let builder = store.builder(&Device::Cpu);
            let init = Init::Randn {
                mean: 0.0,
                stdev: 0.02,
            };
            for name in names {
                builder.get_with_hints(8, name, init).unwrap();
            }
            store.variables()["a"].to_vec1::<f32>().unwrap()
        };
        assert_eq!(draw(1, ["a", "b"]), draw(1, ["b", "a"]));
        assert_ne!(draw(1, ["a", "b"]), draw(2, ["a", "b"]));
    }

    #[test]
    fn normal_numbers_have_their_moments() {
        let mut draw = Normal::new(7);
        let values: Vec<f64> = (0..20_000).map(|_| draw.next_normal()).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64;
        assert!(
            mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05,
            "{mean} {variance}"
        );
    }
}
