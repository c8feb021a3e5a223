//! A roll as a Standard MIDI file.

use midly::Format;

use crate::roll::midi::{PHRASE, QUARTER, events, head};
use crate::roll::notes::NoteRoll;
use crate::smf::new_file;

/// The roll as a file of type 0 with one track of this name: four bars of 4/4 at 120 beats a
/// minute, channel 1, all notes as loud.
pub fn write(roll: &NoteRoll, name: &str) -> Vec<u8> {
    let mut all = head(name);
    all.extend(events(roll, 0));
    let track = new_file::track(all, PHRASE);
    // Four bars are far below a chunk's largest size.
    new_file::bytes(Format::SingleTrack, QUARTER, vec![track]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::notes::tests::any_notes;
    use crate::song::Song;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_written_is_read_again(roll in any_notes()) {
            let smf = crate::smf::Smf::read(&write(&roll, "phrase")).unwrap();
            let song = Song::of(&smf).unwrap();
            prop_assert_eq!(song.grid().slots().len(), 4);
            let expected = if roll.is_empty() { vec![] } else { vec![roll] };
            prop_assert_eq!(song.rolls(), expected);
        }
    }
}
