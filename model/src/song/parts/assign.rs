//! Which part plays a new note.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kind, Parts, SAME, SongPart};
use crate::song::{Played, Rendition, Song, SongNote};

impl Parts {
    /// Gives the rendition's new notes to the parts that can play them: the lowest at its time to
    /// a bass that is free, others to the part with chords that is nearest. What no part can play
    /// is left out. A part of one voice that would fall silent altogether plays on as it was. Parts
    /// that double others then play as those do.
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
            if part.kind != Kind::Chords {
                end_before(&mut played, part, new.note.start);
            }
            played.push(new);
        }
        self.keep_lines(song, &mut played);
        self.keep_sounding(song, &rendition.sources, &mut played);
        self.double(song, &mut played);
        played.sort_by_key(|played| (played.note.start, played.track, played.note.key));
        rendition.played = played;
        rendition.sources.extend(self.doubling(song));
        rendition.sources.sort_unstable();
    }

    /// The part that plays a new note, where there is one.
    fn part_for(&self, new: &Played, played: &[Played]) -> Option<&SongPart> {
        let (start, key) = (new.note.start, new.note.key);
        let sounds = |played: &&Played| (played.note.start..played.note.end).contains(&start);
        let lowest = played.iter().filter(sounds).all(|played| {
            let bass = self.is(Kind::Bass, played);
            played.note.key >= key || bass && played.note.start < start
        });
        let can = |part: &&SongPart| part.doubles.is_none() && part.keys.contains(&key);
        let bass = self.parts.iter().filter(can).find(|part| {
            let busy = played.iter().any(|played| {
                (played.track, played.note.channel) == (part.track, part.channel)
                    && played.note.start == start
            });
            part.kind == Kind::Bass && !part.is_line_of_chords() && !busy
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
        let near = |part: &&SongPart| (part.track, part.channel) == (new.track, new.note.channel);
        chords
            .clone()
            .find(near)
            .or_else(|| chords.max_by_key(|part| part.notes))
            .or_else(|| self.voice_for(new, played))
    }

    /// Where no part has chords: the part of one voice nearest in register that has a rest there.
    fn voice_for(&self, new: &Played, played: &[Played]) -> Option<&SongPart> {
        if self.parts.iter().any(|part| part.kind == Kind::Chords) {
            return None;
        }
        let (start, key) = (new.note.start, new.note.key);
        let rests = |part: &&SongPart| {
            let mut own = played
                .iter()
                .filter(|p| (p.track, p.note.channel) == (part.track, part.channel));
            !own.any(|p| (p.note.start..p.note.end.max(p.note.start + 1)).contains(&start))
        };
        let can = |part: &&SongPart| {
            let voice = matches!(part.kind, Kind::Voice | Kind::Bass) && part.doubles.is_none();
            voice && !part.is_line_of_chords() && part.keys.contains(&key)
        };
        let voices = self.parts.iter().filter(can).filter(rests);
        voices.min_by_key(|part| part.median.abs_diff(key))
    }

    /// Ends each note of a part of one voice where the next of it begins; of two that begin
    /// together the one that was not there, or was changed, is left out.
    fn keep_lines(&self, song: &Song, played: &mut Vec<Played>) {
        played.sort_by_key(|played| {
            (
                played.note.start,
                is_as_it_was(song, played),
                played.note.key,
            )
        });
        let mut gone = vec![false; played.len()];
        let lines = |part: &&SongPart| {
            matches!(part.kind, Kind::Voice | Kind::Bass) && !part.is_line_of_chords()
        };
        for part in self.parts.iter().filter(lines) {
            let mut before: Option<usize> = None;
            for index in 0..played.len() {
                let one = &played[index];
                if (one.track, one.note.channel) != (part.track, part.channel) {
                    continue;
                }
                let start = one.note.start;
                // Notes as they were overlap as they did: only what is changed is cut, or cuts.
                let new = !is_as_it_was(song, one);
                if let Some(last) = before {
                    let changed = new || !is_as_it_was(song, &played[last]);
                    if changed && played[last].note.start == start {
                        gone[last] = true;
                    } else if changed && played[last].note.end > start {
                        played[last].note.end = start;
                    }
                }
                before = Some(index);
            }
        }
        let mut gone = gone.into_iter();
        played.retain(|_| !gone.next().unwrap_or_default());
    }

    /// Lets the parts of one voice that have no note left play theirs among `sources`, which are
    /// sorted, as they were: a texture without a bass is one for a piano, not for a band.
    fn keep_sounding(&self, song: &Song, sources: &[usize], played: &mut Vec<Played>) {
        for part in &self.parts {
            let of_part = |p: &Played| (p.track, p.note.channel) == (part.track, part.channel);
            let line = matches!(part.kind, Kind::Voice | Kind::Bass);
            if !line || played.iter().any(of_part) {
                continue;
            }
            let own = notes_of(song, part).filter(|index| sources.binary_search(index).is_ok());
            played.extend(own.map(|index| song.untouched(index)));
        }
    }

    /// The notes of parts that double others.
    fn doubling(&self, song: &Song) -> Vec<usize> {
        let notes = song.notes().iter().enumerate();
        let doubles =
            |note: &SongNote| self.of_note(note).is_some_and(|(_, p)| p.doubles.is_some());
        notes
            .filter(|(_, note)| doubles(note))
            .map(|(index, _)| index)
            .collect()
    }

    /// Lets parts that double others play as those do. A note that doubles none stays as it is.
    fn double(&self, song: &Song, played: &mut Vec<Played>) {
        for part in &self.parts {
            let Some((leader, interval)) = part.doubles else {
                continue;
            };
            let pairs = pairs(song, &self.parts[leader], part, interval);
            let of_leader = |p: &&Played| {
                (p.track, p.note.channel) == (self.parts[leader].track, self.parts[leader].channel)
            };
            let mut follow: Vec<Played> = played
                .iter()
                .filter(of_leader)
                .filter_map(|led| follower(song, part, interval, led, &pairs))
                .collect();
            let paired: BTreeSet<usize> = pairs.into_values().collect();
            let alone = notes_of(song, part).filter(|index| !paired.contains(index));
            follow.extend(alone.map(|index| song.untouched(index)));
            played.append(&mut follow);
        }
    }

    fn is(&self, kind: Kind, played: &Played) -> bool {
        self.place(played.track, played.note.channel)
            .is_some_and(|index| self.parts[index].kind == kind)
    }
}

/// True if a source note is played at its own time.
fn is_as_it_was(song: &Song, played: &Played) -> bool {
    played.source.is_some_and(|index| {
        let note = &song.notes()[index];
        (note.start, note.end) == (played.note.start, played.note.end)
    })
}

/// Notes of a doubling part that go with a note of the leading part.
fn follower(
    song: &Song,
    part: &SongPart,
    interval: i8,
    led: &Played,
    pairs: &BTreeMap<usize, usize>,
) -> Option<Played> {
    let key = led.note.key.checked_add_signed(interval);
    let key = key.filter(|key| *key < 128)?;
    let mut note = led.note;
    (note.key, note.channel) = (key, part.channel);
    let source = led.source.and_then(|index| pairs.get(&index).copied());
    if let (Some(mine), Some(theirs)) = (source, led.source) {
        let (mine, theirs) = (&song.notes()[mine], &song.notes()[theirs]);
        (note.velocity, note.off_velocity) = (mine.velocity, mine.off_velocity);
        if (led.note.start, led.note.end) == (theirs.start, theirs.end) {
            (note.start, note.end) = (mine.start, mine.end);
        }
    }
    Some(Played {
        source,
        track: part.track,
        note,
    })
}

/// For each note of a leading part, the notes that double it: indices into the song's notes.
fn pairs(song: &Song, lead: &SongPart, part: &SongPart, interval: i8) -> BTreeMap<usize, usize> {
    let place = |onset: f64| (onset / SAME).round() as i64;
    let own: BTreeMap<(i64, u8), usize> = notes_of(song, part)
        .map(|index| {
            let note = &song.notes()[index];
            ((place(note.onset), note.key), index)
        })
        .collect();
    let pair = |index: usize| {
        let note = &song.notes()[index];
        let key = note.key.checked_add_signed(interval)?;
        let near = [0, -1, 1].into_iter();
        let mut near = near.filter_map(|by| own.get(&(place(note.onset) + by, key)));
        near.next().map(|found| (index, *found))
    };
    notes_of(song, lead).filter_map(pair).collect()
}

/// The notes of a part, as indices into the song's notes.
fn notes_of(song: &Song, part: &SongPart) -> impl Iterator<Item = usize> {
    let of_part = |note: &SongNote| (note.track, note.channel) == (part.track, part.channel);
    let notes = song.notes().iter().enumerate();
    notes
        .filter(move |(_, note)| of_part(note))
        .map(|(index, _)| index)
}

/// Ends what a part plays before `start`.
fn end_before(played: &mut [Played], part: &SongPart, start: u64) {
    for one in played {
        let of_part = (one.track, one.note.channel) == (part.track, part.channel);
        if of_part && one.note.start < start && one.note.end > start {
            one.note.end = start;
        }
    }
}
