//! An arranger that is ready to run: its network, and how a phrase goes through it.

use std::sync::{Mutex, PoisonError};

use candle_core::{Device, Result, Tensor};

use super::sampler::{Begun, Sample, SamplerSettings, sample};
use super::{
    ArrangerArena, ArrangerConfig, Canvas, FoldedNorms, NO_GENRE, Network, NormColumn,
    PreparedArranger, encoding,
};
use crate::nn::inference::Level;
use crate::roll::notes::NoteRoll;

/// An arranger ready to run. May be shared by threads.
#[derive(Debug)]
pub struct Arranger {
    config: ArrangerConfig,
    backend: Backend,
}

/// The network as its device runs it fastest.
#[derive(Debug)]
enum Backend {
    Cpu {
        network: Box<PreparedArranger>,
        /// Memory of passes that are over, for the next ones.
        arenas: Mutex<Vec<ArrangerArena>>,
    },
    Other {
        network: Box<Network>,
        device: Device,
    },
}

/// Which style a phrase goes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Styles<'s> {
    /// Shares of the norms' four columns.
    pub target: [f32; 4],
    /// A style of the user's own, which is wholly the target; then [`Self::target`] has no share.
    pub own: Option<&'s NormColumn>,
}

impl<'s> Styles<'s> {
    /// The genre in a column (0..4).
    pub fn of_column(column: usize) -> Self {
        Self {
            target: column_share(column),
            own: None,
        }
    }

    /// A style of the user's own.
    pub const fn of_own(columns: &'s NormColumn) -> Self {
        Self {
            target: [0.0; 4],
            own: Some(columns),
        }
    }
}

/// All of one column.
pub fn column_share(column: usize) -> [f32; 4] {
    std::array::from_fn(|other| if other == column { 1.0 } else { 0.0 })
}

impl Arranger {
    /// An arranger that runs `network`, whose weights are on `device`.
    ///
    /// # Errors
    /// If the weights cannot be read from the device.
    pub fn new(network: Network, device: Device) -> Result<Self> {
        if !device.is_cpu() {
            return Ok(Self::by_candle(network, device));
        }
        Ok(Self {
            config: *network.config(),
            backend: Backend::Cpu {
                network: Box::new(network.prepared(Level::best())?),
                arenas: Mutex::default(),
            },
        })
    }

    /// One whose passes are candle's operations on `device`.
    fn by_candle(network: Network, device: Device) -> Self {
        Self {
            config: *network.config(),
            backend: Backend::Other {
                network: Box::new(network),
                device,
            },
        }
    }

    /// Fills in a phrase around its tune and harmony. Takes as many passes as the settings say,
    /// each of them one evaluation of the network. On the CPU the current
    /// rayon pool does the work, and the notes are the same for any number of threads.
    ///
    /// # Errors
    /// If candle refuses an operation, on another device than the CPU.
    pub fn arrange(
        &self,
        phrase: &NoteRoll,
        styles: &Styles<'_>,
        settings: &SamplerSettings,
    ) -> Result<Sample> {
        let target = self.condition(styles, settings)?;
        sample(phrase, settings, None, |canvas, logits| {
            self.pass(canvas, &target, logits)
        })
    }

    /// The same while `wanted` says so, which is asked before each pass: `None` where the draw was
    /// left. It goes on from `begun`, if there is one.
    ///
    /// # Errors
    /// As [`Self::arrange`].
    pub fn arrange_while(
        &self,
        phrase: &NoteRoll,
        styles: &Styles<'_>,
        (settings, begun): (&SamplerSettings, Option<Begun<'_>>),
        wanted: &dyn Fn() -> bool,
    ) -> Result<Option<Sample>> {
        let target = self.condition(styles, settings)?;
        let drawn = sample(phrase, settings, begun, |canvas, logits| {
            if wanted() {
                self.pass(canvas, &target, logits).map_err(Some)
            } else {
                Err(None)
            }
        });
        match drawn {
            Ok(sample) => Ok(Some(sample)),
            Err(None) => Ok(None),
            Err(Some(error)) => Err(error),
        }
    }

    /// One pass.
    fn pass(&self, canvas: &Canvas, target: &Condition, logits: &mut [f32]) -> Result<()> {
        self.evaluate(canvas, target, logits)?;
        if logits.iter().any(|logit| logit.is_nan()) {
            candle_core::bail!("a value is not a number; the weights may be damaged");
        }
        Ok(())
    }

    fn condition(&self, styles: &Styles<'_>, settings: &SamplerSettings) -> Result<Condition> {
        let SamplerSettings {
            freedom,
            attributes,
            ..
        } = settings;
        let values = |style| encoding::condition(&self.config, style, *freedom, attributes);
        match (&self.backend, styles.own) {
            (Backend::Cpu { network, .. }, own) => {
                let folded = network.fold(&values(styles.target), own);
                Ok(Condition::Folded(folded))
            }
            (Backend::Other { network, device }, own) => {
                let (network, style) = match own {
                    Some(own) => (restyled(network, own, device)?, column_share(NO_GENRE)),
                    None => ((**network).clone(), styles.target),
                };
                let values = Tensor::new(values(style), device)?.unsqueeze(0)?;
                Ok(Condition::Tensor(Box::new(network), values))
            }
        }
    }

    fn evaluate(&self, canvas: &Canvas, condition: &Condition, logits: &mut [f32]) -> Result<()> {
        match (&self.backend, condition) {
            (Backend::Cpu { network, arenas }, Condition::Folded(norms)) => {
                let arenas = || arenas.lock().unwrap_or_else(PoisonError::into_inner);
                let kept = arenas().pop();
                let mut arena = kept.map_or_else(|| arena(network), Ok)?;
                network.logits(&mut arena, canvas, norms, logits);
                arenas().push(arena);
                Ok(())
            }
            (Backend::Other { device, .. }, Condition::Tensor(network, condition)) => {
                let planes = encoding::planes(&[*canvas], device)?;
                let values = network
                    .logits(&planes, condition)?
                    .flatten_all()?
                    .to_vec1()?;
                logits.copy_from_slice(&values);
                Ok(())
            }
            _ => candle_core::bail!("a condition of another device"),
        }
    }
}

/// Memory for a pass. It is asked for first: an allocation that fails ends the process.
fn arena(network: &PreparedArranger) -> Result<ArrangerArena> {
    let bytes = network.arena_bytes(rayon::current_num_threads());
    if Vec::<u8>::new().try_reserve_exact(bytes).is_err() {
        candle_core::bail!(
            "a pass needs {} MB of memory, more than the system gives",
            bytes.div_ceil(1_000_000)
        );
    }
    Ok(network.arena())
}

/// A condition as the device wants it.
enum Condition {
    Folded(FoldedNorms),
    /// With the network that it is for.
    Tensor(Box<Network>, Tensor),
}

/// The network with a style of the user's own.
fn restyled(network: &Network, own: &NormColumn, device: &Device) -> Result<Network> {
    let columns = own.layers().iter();
    let columns = columns.map(|column| Tensor::new(column.as_slice(), device));
    network.restyled(&columns.collect::<Result<Vec<_>>>()?)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::family::arranger::ArrangerConfig;
    use crate::nn::init::Store;
    use crate::nn::ops::as_on_other_devices;
    use crate::roll::PITCHES;
    use crate::roll::notes::GridNote;
    use crate::shipped;
    use crate::weights::read_network;

    /// Sixteen beats of chords over a bass below a tune, others for each number.
    fn music(number: u8) -> NoteRoll {
        let beats = (0..16u8).flat_map(|beat| {
            let root = 24 + (beat / 4 * 5 + number % 12 * 7) % 12;
            let tune = 48 + (beat * (3 + number % 5) + number % 17) % 17;
            [
                (0, root),
                (1, root + 12),
                (1, root + 16),
                (0, tune),
                (2, tune + 2),
            ]
            .map(|(off, row)| (4 * beat + off, row, 2 + (beat + number % 3) % 3))
        });
        let notes = beats.map(|(start, row, length)| GridNote { start, row, length });
        notes
            .filter(|note| usize::from(note.row) < PITCHES)
            .collect()
    }

    /// What a GPU does, on the CPU: the operations that it runs, with sums in their order.
    /// `THIRD_STREAM_ANSWERS=120` compares so many answers.
    #[test]
    fn the_notes_of_another_device_are_those_of_the_cpu() {
        let answers = std::env::var("THIRD_STREAM_ANSWERS").map_or(3, |text| text.parse().unwrap());
        let (_, network) = read_network(shipped::arranger(), &Device::Cpu).unwrap();
        let other = Arranger::by_candle(network.clone(), Device::Cpu);
        let cpu = Arranger::new(network, Device::Cpu).unwrap();
        let (mut count, mut changed, mut whole) = (0, 0, 0_u8);
        for answer in 0..answers {
            let phrase = music(answer);
            let styles = Styles::of_column(usize::from(answer % 3));
            let settings = SamplerSettings {
                seed: u64::from(answer),
                freedom: f32::from(answer % 2) / 2.0,
                ..SamplerSettings::default()
            };
            let of_cpu = cpu.arrange(&phrase, &styles, &settings).unwrap().notes;
            let of_other = as_on_other_devices(|| other.arrange(&phrase, &styles, &settings));
            let of_other = of_other.unwrap().notes;
            let missing = |from: &NoteRoll, to: &NoteRoll| {
                let note_at = |note: &GridNote| {
                    to.note_at(usize::from(note.start), usize::from(note.row)) != Some(*note)
                };
                from.notes().filter(note_at).count() as u32
            };
            let differ = missing(&of_cpu, &of_other).max(missing(&of_other, &of_cpu));
            count += of_cpu.count();
            changed += differ;
            whole += u8::from(differ == 0);
        }
        println!("{changed} of {count} notes differ; {whole} of {answers} answers are the same");
        assert!(
            count > 40 * u32::from(answers) && changed * 200 <= count,
            "{changed} of {count} notes"
        );
    }

    #[test]
    fn the_cpu_s_way_gives_what_candle_gives() {
        let config = ArrangerConfig::new(4, 2);
        let store = Store::new(3);
        let network = Network::new(&config, &store.builder(&Device::Cpu)).unwrap();
        let (slow, fast) = (
            Arranger::by_candle(network.clone(), Device::Cpu),
            Arranger::new(network, Device::Cpu).unwrap(),
        );
        let note = |beat: u8| GridNote::new(4 * beat, 30 + beat, 4);
        let phrase: NoteRoll = (0..16).map(note).collect();
        let styles = Styles::of_column(0);
        let settings = SamplerSettings {
            passes: 3,
            ..SamplerSettings::default()
        };
        let both = [&slow, &fast];
        let alike = |styles: &Styles<'_>| {
            let [slow, fast] = both.map(|one| one.arrange(&phrase, styles, &settings).unwrap());
            let difference = slow.notes.onsets().difference(fast.notes.onsets()).count();
            assert!(difference <= slow.notes.count() / 50, "{difference} notes");
            for (slow, fast) in slow.confidence.iter().zip(&fast.confidence) {
                assert!((slow - fast).abs() < 0.05, "{slow} {fast}");
            }
            fast
        };
        let genre = alike(&styles);
        let count = NormColumn::sizes(&config).iter().sum();
        let values: Vec<f32> = (0..count).map(|place| (place % 7) as f32 / 7.0).collect();
        let own = NormColumn::of_values(&config, &values).unwrap();
        assert_ne!(alike(&Styles::of_own(&own)), genre);
    }

    #[test]
    fn a_draw_that_nobody_waits_for_ends_before_its_next_pass() {
        let config = ArrangerConfig::new(4, 1);
        let store = Store::new(9);
        let network = Network::new(&config, &store.builder(&Device::Cpu)).unwrap();
        let arranger = Arranger::new(network, Device::Cpu).unwrap();
        let phrase = NoteRoll::from_iter([GridNote::new(8, 40, 4)]);
        let (styles, settings) = (Styles::of_column(0), SamplerSettings::default());
        let passes = Cell::new(0);
        let while_below = |most: u8| {
            passes.set(0);
            let wanted = || {
                passes.set(passes.get() + 1);
                passes.get() <= most
            };
            arranger.arrange_while(&phrase, &styles, (&settings, None), &wanted)
        };
        let whole = arranger.arrange(&phrase, &styles, &settings).unwrap();
        for most in 0..settings.passes {
            assert_eq!(while_below(most).unwrap(), None);
            assert_eq!(passes.get(), most + 1, "asked once more, and left");
            assert_eq!(while_below(u8::MAX).unwrap().as_ref(), Some(&whole));
            assert_eq!(passes.get(), settings.passes);
        }
    }

    #[test]
    fn a_style_with_a_genre_s_numbers_is_that_genre() {
        let config = ArrangerConfig::new(4, 1);
        let store = Store::new(5);
        let network = Network::new(&config, &store.builder(&Device::Cpu)).unwrap();
        let own = network.columns(1).unwrap();
        let arranger = Arranger::new(network, Device::Cpu).unwrap();
        let phrase = NoteRoll::from_iter([GridNote::new(8, 40, 4)]);
        let arranged = |styles: Styles<'_>| {
            let arranged = arranger.arrange(&phrase, &styles, &SamplerSettings::default());
            arranged.unwrap().notes
        };
        assert_eq!(
            arranged(Styles::of_own(&own)),
            arranged(Styles::of_column(1))
        );
        assert_ne!(
            arranged(Styles::of_own(&own)),
            arranged(Styles::of_column(0))
        );
    }
}
