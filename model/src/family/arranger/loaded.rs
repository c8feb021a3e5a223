//! An arranger that is ready to run: its network, and how a phrase goes through it.

use candle_core::{Device, Tensor};

use super::sampler::{Sample, Settings, sample};
use super::{Network, encoding};

/// A network with the device that it runs on.
#[derive(Debug)]
pub struct Arranger {
    network: Network,
    device: Device,
}

/// The columns of the norms that a phrase goes to, and leads away from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Styles {
    /// Shares of the columns in the target.
    pub target: [f32; 4],
    /// Those of the style that guidance leads away from, and how strongly (Ho and Salimans 2022);
    /// it takes a second evaluation in each pass.
    pub away: Option<([f32; 4], f32)>,
}

impl Styles {
    /// The genre in a column (0..4).
    pub fn of_column(column: usize) -> Self {
        Self {
            target: column_share(column),
            away: None,
        }
    }
}

/// All of one column.
pub fn column_share(column: usize) -> [f32; 4] {
    std::array::from_fn(|other| if other == column { 1.0 } else { 0.0 })
}

impl Arranger {
    /// An arranger that runs `network`, whose weights are on `device`.
    pub const fn new(network: Network, device: Device) -> Self {
        Self { network, device }
    }

    /// Fills in a phrase around its tune and harmony. Takes as many passes as the settings say,
    /// each of them one evaluation of the network, or two with guidance.
    ///
    /// # Errors
    /// If candle refuses an operation.
    pub fn arrange(
        &self,
        phrase: &crate::roll::notes::NoteRoll,
        styles: &Styles,
        settings: &Settings,
    ) -> candle_core::Result<Sample> {
        let condition = |style| {
            let values = encoding::condition(style, settings.freedom);
            Tensor::from_slice(&values, (1, values.len()), &self.device)
        };
        let target = condition(styles.target)?;
        let away = styles
            .away
            .map(|(style, by)| Ok::<_, candle_core::Error>((condition(style)?, by)));
        let away = away.transpose()?;
        sample(phrase, settings, |canvas, logits| {
            let planes = encoding::planes(&[*canvas], &self.device)?;
            let evaluate = |condition| {
                self.network
                    .logits(&planes, condition)?
                    .flatten_all()?
                    .to_vec1::<f32>()
            };
            logits.copy_from_slice(&evaluate(&target)?);
            if let Some((away, by)) = &away {
                guide(logits, &evaluate(away)?, *by);
            }
            Ok(())
        })
    }
}

/// Leads away from what another style says; half as strongly for lengths.
fn guide(logits: &mut [f32], away: &[f32], by: f32) {
    let cells = crate::roll::CELLS;
    for (index, (logit, away)) in logits.iter_mut().zip(away).enumerate() {
        let by = if index < cells { by } else { by / 2.0 };
        *logit += by * (*logit - away);
    }
}
