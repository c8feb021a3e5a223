//! The norms' numbers for one style: for each layer all scales - 1, then all offsets, laid out as
//! a genre's column in the network's weights.

use super::ArrangerConfig;

/// The norms' scales - 1 and offsets for one style, in the order of the layers.
#[derive(Clone, Debug, PartialEq)]
pub struct NormColumn(Vec<Vec<f32>>);

impl NormColumn {
    /// Numbers of each layer: the first, two down, two for each residual block, two up.
    pub fn sizes(config: &ArrangerConfig) -> Vec<usize> {
        let base = config.base_channels;
        let residual = std::iter::repeat_n(4 * base, 2 * config.residual_blocks);
        let down = [base, 2 * base, 4 * base].into_iter();
        let channels = down.chain(residual).chain([2 * base, base]);
        channels.map(|channels| 2 * channels).collect()
    }

    /// Splits `values` into layers; `None` unless their number is that of a network of this shape.
    pub fn of_values(config: &ArrangerConfig, values: &[f32]) -> Option<Self> {
        let sizes = Self::sizes(config);
        if sizes.iter().sum::<usize>() != values.len() {
            return None;
        }
        let mut left = values;
        let columns = sizes.into_iter().map(|size| {
            let (column, rest) = left.split_at(size);
            left = rest;
            column.to_vec()
        });
        Some(Self(columns.collect()))
    }

    /// All numbers, one layer after another.
    pub fn values(&self) -> Vec<f32> {
        self.0.concat()
    }

    /// The numbers of each layer, in order.
    pub fn layers(&self) -> &[Vec<f32>] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_dealt_to_the_layers_and_come_back() {
        let config = ArrangerConfig::default();
        let count: usize = NormColumn::sizes(&config).iter().sum();
        assert_eq!(count, 3712);
        let values: Vec<f32> = (0..count as u16).map(f32::from).collect();
        let columns = NormColumn::of_values(&config, &values).unwrap();
        assert_eq!(columns.layers().len(), config.layers());
        assert_eq!(columns.layers()[1][0], 64.0);
        assert_eq!(columns.values(), values);
        assert_eq!(NormColumn::of_values(&config, &values[1..]), None);
    }
}
