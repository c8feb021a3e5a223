//! Maps bar slots to the song's phrases.
//!
//! Phrases are counted in bars from the song's start: four bars of one slot, two bars of two, one
//! bar of three or four; a longer bar is split into several phrases. All bars of a phrase have one
//! length, so a change of meter starts a new phrase.

use third_stream_model::roll::{SLOTS, STEPS_PER_SLOT};

/// Length of a full slot in beats.
pub(crate) const SLOT: f64 = 4.0;
/// Tolerance of equal positions, in beats.
pub(crate) const SAME: f64 = 1e-3;
/// Resolution of positions, in parts of a beat.
const GRAIN: f64 = 960.0;

/// A phrase's position in the song; the key of the memory's index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PhraseKey {
    /// Start of its first bar, in 960ths of a beat.
    pub(crate) start: i64,
    /// Length of its bars, in 960ths of a beat.
    pub(crate) bar: u32,
    /// Part of a bar of more than four slots, from 0.
    pub(crate) part: u8,
}

/// Bar lines as the host reports them, in the song's beats or on the unwrapped clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Meter {
    /// Bar length in beats.
    pub(crate) bar: f64,
    /// Start of a bar.
    pub(crate) start: f64,
    /// Number of that bar in the song.
    pub(crate) number: i64,
}

impl Meter {
    /// The bar at a position, with the same meter.
    pub(crate) fn at(&self, position: f64) -> Self {
        let bars = ((position - self.start + SAME) / self.bar).floor();
        Self {
            start: self.start + bars * self.bar,
            number: self.number + bars as i64,
            ..*self
        }
    }
}

/// A bar slot of the song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// Its phrase.
    pub(crate) key: PhraseKey,
    /// Index of the slot in the phrase.
    pub(crate) index: usize,
    /// Start, in the song's beats.
    pub(crate) start: f64,
    /// End, in the song's beats.
    pub(crate) end: f64,
    meter: Meter,
    slot_in_bar: usize,
}

impl Place {
    /// The slot at a position.
    pub(crate) fn at(position: f64, meter: &Meter) -> Self {
        let meter = meter.at(position);
        let slot = ((position - meter.start + SAME) / SLOT).floor().max(0.0) as usize;
        Self::of(meter, slot.min(slots_of(meter.bar) - 1))
    }

    /// The next slot, in the same meter.
    pub(crate) fn next(&self) -> Self {
        if self.slot_in_bar + 1 < slots_of(self.meter.bar) {
            return Self::of(self.meter, self.slot_in_bar + 1);
        }
        let meter = Meter {
            start: self.meter.start + self.meter.bar,
            number: self.meter.number + 1,
            ..self.meter
        };
        Self::of(meter, 0)
    }

    /// True for the same slot of the same phrase.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.key == other.key && self.index == other.index
    }

    /// Number of steps, a partial one included.
    pub(crate) fn steps(&self) -> usize {
        steps_of(self.end - self.start)
    }

    /// Slot `slot` of the bar at `meter`.
    fn of(meter: Meter, slot: usize) -> Self {
        let slots = slots_of(meter.bar);
        let start = meter.start + slot as f64 * SLOT;
        let (phrase_start, part, index) = if slots > SLOTS {
            let part = slot / SLOTS;
            (meter.start, part as u8, slot % SLOTS)
        } else {
            let phase = meter.number.rem_euclid((SLOTS / slots) as i64);
            let phrase_start = meter.start - phase as f64 * meter.bar;
            (phrase_start, 0, phase as usize * slots + slot)
        };
        Self {
            key: PhraseKey {
                start: (phrase_start * GRAIN).round() as i64,
                bar: (meter.bar * GRAIN).round() as u32,
                part,
            },
            index,
            start,
            end: (start + SLOT).min(meter.start + meter.bar),
            meter,
            slot_in_bar: slot,
        }
    }
}

impl PhraseKey {
    /// Start and length in beats of slot `index`, from the start of the phrase's first bar; `None`
    /// beyond the last slot.
    pub(crate) fn slot(&self, index: usize) -> Option<(f64, f64)> {
        let bar = self.bar_beats();
        let slots = slots_of(bar);
        let (number, slot) = if slots > SLOTS {
            (0, usize::from(self.part) * SLOTS + index)
        } else {
            (index / slots, index % slots)
        };
        if index >= SLOTS || slot >= slots || number >= (SLOTS / slots).max(1) {
            return None;
        }
        let start = slot as f64 * SLOT;
        Some((number as f64 * bar + start, SLOT.min(bar - start)))
    }

    /// Start of its first bar, in the song's beats.
    pub(crate) fn first_beat(&self) -> f64 {
        self.start as f64 / GRAIN
    }

    /// Bar length in beats.
    pub(crate) fn bar_beats(&self) -> f64 {
        f64::from(self.bar) / GRAIN
    }

    /// Number of steps of slot `index`; 0 beyond the last slot.
    pub(crate) fn steps(&self, index: usize) -> usize {
        self.slot(index).map_or(0, |(_, beats)| steps_of(beats))
    }

    /// The phrase before it, in the same meter.
    pub(crate) fn before(&self) -> Option<Self> {
        let bars = SLOTS / slots_of(self.bar_beats());
        (self.part == 0 && bars > 0).then(|| Self {
            start: self.start - bars as i64 * i64::from(self.bar),
            ..*self
        })
    }
}

/// Number of slots in a bar of `bar` beats, at least one.
pub(crate) fn slots_of(bar: f64) -> usize {
    (((bar - SAME) / SLOT).ceil() as usize).max(1)
}

/// Number of steps in `beats`, a partial one included.
pub(crate) fn steps_of(beats: f64) -> usize {
    let steps = (beats * SLOT - SAME).ceil().max(1.0) as usize;
    steps.min(STEPS_PER_SLOT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(bar: f64) -> Meter {
        Meter {
            bar,
            start: 0.0,
            number: 0,
        }
    }

    #[test]
    fn four_bars_of_four_are_a_phrase() {
        let place = Place::at(21.5, &meter(4.0));
        assert_eq!((place.key.start, place.index), (16 * 960, 1));
        assert_eq!((place.start, place.end, place.steps()), (20.0, 24.0, 16));
        assert_eq!(place.key.before().unwrap().start, 0);
        assert_eq!(Place::at(-0.5, &meter(4.0)).index, 3);
    }

    #[test]
    fn other_meters_fill_phrases_with_whole_bars() {
        // Beats in a bar, position, phrase start, index, steps.
        for (bar, position, start, index, steps) in [
            (3.0, 10.0, 0.0, 3, 12),
            (3.0, 12.0, 12.0, 0, 12),
            (3.5, 7.0, 0.0, 2, 14),
            (5.0, 9.5, 0.0, 3, 4),
            (5.0, 10.0, 10.0, 0, 16),
            (9.0, 17.5, 9.0, 2, 4),
            (17.0, 16.5, 0.0, 0, 4),
        ] {
            let place = Place::at(position, &meter(bar));
            assert_eq!(place.key.start as f64 / 960.0, start, "{bar} at {position}");
            assert_eq!(
                (place.index, place.steps()),
                (index, steps),
                "{bar} at {position}"
            );
        }
        assert_eq!(Place::at(16.5, &meter(17.0)).key.part, 1);
    }

    #[test]
    fn a_key_knows_its_slots() {
        for bar in [4.0, 3.0, 3.5, 5.0, 9.0, 14.0, 17.0] {
            let mut place = Place::at(0.0, &meter(bar));
            for _ in 0..40 {
                let (start, beats) = place.key.slot(place.index).unwrap();
                let start = place.key.start as f64 / GRAIN + start;
                assert_eq!((start, start + beats), (place.start, place.end), "{bar}");
                assert_eq!(place.key.steps(place.index), place.steps());
                let next = place.next();
                assert!(next.is(&Place::at(place.end, &meter(bar))), "{bar}");
                place = next;
            }
        }
        let three = Place::at(0.0, &meter(9.0)).key;
        assert_eq!(three.slot(3), None);
    }
}
