//! The sustain pedal: until when a note rings for the networks.

use crate::smf::{Smf, SmfMessage};

/// The controller of the sustain pedal.
const SUSTAIN: u8 = 64;
/// From this value on the pedal is down.
const DOWN: u8 = 64;

/// The place of an event in a file: its tick, and which comes first at one tick (its track and
/// its number there).
pub(super) type Place = (u64, usize, usize);

/// When the pedals of a file's channels go down and up.
pub(super) struct Pedals {
    /// For each channel, in their order: where it goes down, up, down again.
    moves: [Vec<(Place, bool)>; 16],
}

impl Pedals {
    /// The pedals of all tracks together: a piano of two tracks has its pedal in one of them.
    pub(super) fn of(smf: &Smf) -> Self {
        let mut moves: [Vec<(Place, bool)>; 16] = Default::default();
        for (track, events) in smf.tracks().iter().enumerate() {
            for (number, event) in events.events().iter().enumerate() {
                if let SmfMessage::Controller {
                    channel,
                    number: SUSTAIN,
                    value,
                } = event.message
                {
                    let place = (event.tick, track, number);
                    moves[usize::from(channel & 15)].push((place, value >= DOWN));
                }
            }
        }
        for moves in &mut moves {
            moves.sort_unstable();
            moves.dedup_by_key(|(_, down)| *down);
        }
        Self { moves }
    }

    /// Until which tick a note of a channel rings that is let go at `end`: until then, or until
    /// the pedal goes up that is down there. `None` where that stays down.
    pub(super) fn ring(&self, channel: u8, end: Place) -> Option<u64> {
        let moves = &self.moves[usize::from(channel & 15)];
        let behind = moves.partition_point(|(place, _)| *place <= end);
        let down = behind.checked_sub(1).is_some_and(|last| moves[last].1);
        if down {
            moves.get(behind).map(|((tick, ..), _)| *tick)
        } else {
            Some(end.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::roll::{Roll, picture};
    use crate::smf::Smf;
    use crate::smf::tests::file;
    use crate::song::{PartSelection, Song};

    /// Phrases of one track; a quarter has 96 ticks.
    fn phrases(events: &[u8]) -> (Song, Vec<Roll>) {
        let track = [events, &[0, 0xff, 0x2f, 0]].concat();
        let song = Song::of(&Smf::read(&file(0, [0, 96], &[&track])).unwrap()).unwrap();
        let phrases = song.phrases(&PartSelection::default());
        let rolls = phrases.into_iter().map(|phrase| *phrase.roll()).collect();
        (song, rolls)
    }

    #[test]
    fn a_note_rings_in_the_roll_until_the_pedal_of_its_channel_is_up() {
        let (song, rolls) = phrases(&[
            0, 0xb0, 64, 127, 0, 0x90, 60, 80, 0, 0x91, 67, 80, 96, 0x80, 60, 0, 0, 0x81, 67, 0,
            0x81, 0x40, 0xb0, 64, 63, 96, 0x90, 62, 80, 96, 62, 0,
        ]);
        insta::assert_snapshot!(picture::draw(&rolls[0]), @r"
        67 |####............|................|................|................|
        62 |................|####............|................|................|
        60 |############....|................|................|................|
        ");
        let ends: Vec<u64> = song.notes().iter().map(|note| note.end).collect();
        assert_eq!(ends, [96, 96, 480], "the notes end as they were played");
        let learned = song.rolls()[0].sounding().count();
        assert_eq!(learned, 12, "training hears no pedal");
    }

    #[test]
    fn a_pedal_that_goes_up_and_down_at_once_damps_what_was_let_go() {
        let (_, rolls) = phrases(&[
            0, 0xb0, 64, 127, 0, 0x90, 60, 80, 48, 60, 0, 48, 0xb0, 64, 0, 0, 64, 127, 0, 0x90, 64,
            80, 24, 64, 0, 72, 0xb0, 64, 0,
        ]);
        insta::assert_snapshot!(picture::draw(&rolls[0]), @r"
        64 |....####........|................|................|................|
        60 |####............|................|................|................|
        ");
    }

    #[test]
    fn a_pedal_that_stays_down_holds_for_a_phrase() {
        let (song, rolls) = phrases(&[
            0, 0xb0, 64, 127, 0, 0x90, 60, 80, 96, 60, 0, 0x9c, 0x00, 62, 80, 96, 62, 0,
        ]);
        assert_eq!(song.notes()[0].ring, 17.0);
        let row = 60 - 24;
        let steps: Vec<usize> = rolls
            .iter()
            .map(|roll| {
                roll.steps()
                    .iter()
                    .filter(|step| *step >> row & 1 == 1)
                    .count()
            })
            .collect();
        assert_eq!(steps, [64, 4, 0]);
    }
}
