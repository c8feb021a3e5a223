//! A user's style: one more column of each norm's weights.
//!
//! A column is the numbers of one layer's norm, of all scales - 1, then of all offsets, as in the
//! columns of the genres.

use super::ArrangerConfig;

/// One more column of each norm, in the order of the layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns(Vec<Vec<f32>>);

impl Columns {
    /// How many numbers each layer has: first, two down, two a residual block, two up.
    pub fn sizes(config: &ArrangerConfig) -> Vec<usize> {
        let base = config.base_channels;
        let residual = std::iter::repeat_n(4 * base, 2 * config.residual_blocks);
        let down = [base, 2 * base, 4 * base].into_iter();
        let channels = down.chain(residual).chain([2 * base, base]);
        channels.map(|channels| 2 * channels).collect()
    }

    /// The columns whose numbers stand one after another in `values`; `None` where those are not
    /// as many as a network of this shape has.
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

    /// The columns, in the order of the layers.
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
        let count: usize = Columns::sizes(&config).iter().sum();
        assert_eq!(count, 3712);
        let values: Vec<f32> = (0..count as u16).map(f32::from).collect();
        let columns = Columns::of_values(&config, &values).unwrap();
        assert_eq!(columns.layers().len(), config.layers());
        assert_eq!(columns.layers()[1][0], 64.0);
        assert_eq!(columns.values(), values);
        assert_eq!(Columns::of_values(&config, &values[1..]), None);
    }
}
