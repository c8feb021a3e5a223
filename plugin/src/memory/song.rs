//! The memory as one song: the sections that were played, and their notes in the song's beats.

use super::document::Document;
use super::place::Meter;

/// The part of a phrase that was played, from its first bar to its last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Section {
    /// Start, in the song's beats.
    pub(crate) start: f64,
    /// End, in the song's beats.
    pub(crate) end: f64,
    /// The bar lines, counted from the phrase's first bar, number 0.
    meter: Meter,
}

/// A note as it was played, in the song's beats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SongNote {
    pub(crate) onset: f64,
    pub(crate) release: f64,
    pub(crate) channel: u8,
    pub(crate) key: u8,
    /// 0..=1.
    pub(crate) velocity: f32,
}

/// The whole memory in song order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Song {
    pub(crate) sections: Vec<Section>,
    pub(crate) notes: Vec<SongNote>,
}

impl Section {
    /// The bar lines at a position.
    pub(crate) fn meter_at(&self, position: f64) -> Meter {
        self.meter.at(position)
    }

    /// Bar length in beats.
    pub(crate) const fn bar(&self) -> f64 {
        self.meter.bar
    }
}

impl Song {
    /// The song of a document. Bars that were remembered in two meters are taken from the phrase
    /// that begins first.
    pub(super) fn of(document: &Document) -> Self {
        let mut song = Self::default();
        let mut of = None;
        for (key, index, bar) in document.bars().filter(|(.., bar)| bar.known != 0) {
            let Some((start, beats)) = key.slot(index) else {
                continue;
            };
            let start = key.first_beat() + start;
            if of != Some(key) {
                let free = song.sections.last().is_none_or(|last| last.end <= start);
                if !free {
                    continue;
                }
                of = Some(key);
                song.sections.push(Section {
                    start,
                    end: start,
                    meter: Meter {
                        bar: key.bar_beats(),
                        start: key.first_beat(),
                        number: 0,
                    },
                });
            }
            if let Some(section) = song.sections.last_mut() {
                section.end = start + beats;
            }
            song.notes.extend(bar.notes.iter().map(|note| {
                let onset = start + note.onset();
                SongNote {
                    onset,
                    release: onset + note.length(),
                    channel: note.channel,
                    key: note.key,
                    velocity: note.velocity,
                }
            }));
        }
        song.notes.sort_by(|a, b| a.onset.total_cmp(&b.onset));
        song
    }
}
