//! Which part plays a new note.

use std::collections::BTreeMap;

use super::{Kind, Part, Parts, SAME};
use crate::song::{Note, Played, Rendition, Song};

impl Parts {
    /// Gives the rendition's new notes to the parts that can play them: the lowest at its time to
    /// a bass that is free, others to the part with chords that is nearest. What no part can play
    /// is left out. Parts that double others then play as those do.
    pub fn assign(&self, song: &Song, rendition: &mut Rendition) {
        let (mut played, mut added): (Vec<Played>, Vec<Played>) =
            std::mem::take(&mut rendition.played)
                .into_iter()
                .partition(|played| played.source.is_some());
        added.sort_by_key(|played| (played.note.start, played.note.key));
        for mut new in added {
            let Some(part) = self.part_for(&new, &played) else {
                continue;
            };
            (new.track, new.note.channel) = (part.track, part.channel);
            if part.kind == Kind::Bass {
                end_before(&mut played, part, new.note.start);
            }
            played.push(new);
        }
        self.keep_lines(&mut played);
        self.double(song, &mut played);
        played.sort_by_key(|played| (played.note.start, played.track, played.note.key));
        rendition.played = played;
        rendition.sources.extend(self.doubling(song));
        rendition.sources.sort_unstable();
    }

    /// The part that plays a new note, where there is one.
    fn part_for(&self, new: &Played, played: &[Played]) -> Option<&Part> {
        let (start, key) = (new.note.start, new.note.key);
        let sounds = |played: &&Played| (played.note.start..played.note.end).contains(&start);
        let lowest = played.iter().filter(sounds).all(|played| {
            let bass = self.is(Kind::Bass, played);
            played.note.key >= key || bass && played.note.start < start
        });
        let can = |part: &&Part| part.doubles.is_none() && part.keys.contains(&key);
        let bass = self.parts.iter().filter(can).find(|part| {
            let busy = played.iter().any(|played| {
                (played.track, played.note.channel) == (part.track, part.channel)
                    && played.note.start == start
            });
            part.kind == Kind::Bass && !busy
        });
        if lowest && bass.is_some() {
            return bass;
        }
        let chords = self
            .parts
            .iter()
            .filter(can)
            .filter(|p| p.kind == Kind::Chords);
        // The performer chose the track of the nearest note; another one where that has no chords.
        let near = |part: &&Part| (part.track, part.channel) == (new.track, new.note.channel);
        chords
            .clone()
            .find(near)
            .or_else(|| chords.max_by_key(|part| part.notes))
    }

    /// Ends each note of a part of one voice where the next of it begins.
    fn keep_lines(&self, played: &mut [Played]) {
        played.sort_by_key(|played| (played.note.start, played.note.key));
        let lines = |part: &&Part| matches!(part.kind, Kind::Voice | Kind::Bass);
        for part in self.parts.iter().filter(lines) {
            let mut before: Option<usize> = None;
            for index in 0..played.len() {
                let one = &played[index];
                if (one.track, one.note.channel) != (part.track, part.channel) {
                    continue;
                }
                let start = one.note.start;
                // Kept notes overlap as they did: only what is new is cut, or cuts.
                let new = one.source.is_none();
                if let Some(last) = before {
                    let last = &mut played[last];
                    if (new || last.source.is_none()) && last.note.end > start {
                        last.note.end = start.max(last.note.start + 1);
                    }
                }
                before = Some(index);
            }
        }
    }

    /// The notes of parts that double others.
    fn doubling(&self, song: &Song) -> Vec<usize> {
        let notes = song.notes().iter().enumerate();
        let doubles = |note: &Note| self.of_note(note).is_some_and(|(_, p)| p.doubles.is_some());
        notes
            .filter(|(_, note)| doubles(note))
            .map(|(index, _)| index)
            .collect()
    }

    /// Lets parts that double others play as those do.
    fn double(&self, song: &Song, played: &mut Vec<Played>) {
        for part in &self.parts {
            let Some((leader, interval)) = part.doubles else {
                continue;
            };
            let lead = &self.parts[leader];
            let own: BTreeMap<(i64, u8), usize> = song
                .notes()
                .iter()
                .enumerate()
                .filter(|(_, n)| (n.track, n.channel) == (part.track, part.channel))
                .map(|(index, note)| ((place(note.onset), note.key), index))
                .collect();
            let of_leader = |p: &&Played| (p.track, p.note.channel) == (lead.track, lead.channel);
            let follow = played.iter().filter(of_leader).filter_map(|led| {
                let key = led
                    .note
                    .key
                    .checked_add_signed(interval)
                    .filter(|key| *key < 128)?;
                let mut note = led.note;
                (note.key, note.channel) = (key, part.channel);
                let source = led.source.and_then(|index| {
                    let onset = song.notes()[index].onset;
                    [0, -1, 1]
                        .iter()
                        .find_map(|by| own.get(&(place(onset) + by, key)).copied())
                });
                if let (Some(mine), Some(theirs)) = (source, led.source) {
                    let (mine, theirs) = (&song.notes()[mine], &song.notes()[theirs]);
                    note.velocity = mine.velocity;
                    note.off_velocity = mine.off_velocity;
                    if (led.note.start, led.note.end) == (theirs.start, theirs.end) {
                        (note.start, note.end) = (mine.start, mine.end);
                    }
                }
                Some(Played {
                    source,
                    track: part.track,
                    note,
                })
            });
            let follow: Vec<Played> = follow.collect();
            played.extend(follow);
        }
    }

    fn is(&self, kind: Kind, played: &Played) -> bool {
        self.place(played.track, played.note.channel)
            .is_some_and(|index| self.parts[index].kind == kind)
    }
}

/// An onset in units of [`SAME`].
fn place(onset: f64) -> i64 {
    (onset / SAME).round() as i64
}

/// Ends what a part plays before `start`.
fn end_before(played: &mut [Played], part: &Part, start: u64) {
    for one in played {
        let of_part = (one.track, one.note.channel) == (part.track, part.channel);
        if of_part && one.note.start < start && one.note.end > start {
            one.note.end = start;
        }
    }
}
