//! A simulated user with random actions.

use anyhow::Result;
pub(crate) use third_stream_tests::dice::Dice;
use third_stream_tests::host::Instance;
use third_stream_tests::song::{ClipNote, HostSong, Passage, Script};

/// A script of at least this many seconds of random actions.
pub(crate) fn script(dice: &mut Dice, seconds: f64) -> Script {
    let notes = (0..20 + dice.draw(120)).map(|_| {
        let onset = dice.beats(60);
        let note = ClipNote::new(
            onset,
            onset + 1.0 / 48.0 + dice.beats(3),
            30 + dice.draw(70) as u8,
        );
        ClipNote {
            velocity: 1 + dice.draw(127) as u8,
            channel: [0, 0, 0, 1, 9][dice.draw(5) as usize],
            ..note
        }
    });
    let notes: Vec<_> = notes.collect();
    let tempo = [60.0, 97.0, 120.0, 180.0][dice.draw(4) as usize];
    let mut song = HostSong::new(tempo, notes);
    for _ in 0..dice.draw(20) {
        let knob = dice.place() * 2.0 - 1.0;
        song = song.knob([(dice.beats(60), knob)]);
    }
    for _ in 0..dice.draw(4) {
        let name = ["Quantise", "Bypass", "Melody lock", "Density"][dice.draw(4) as usize];
        song.automation
            .push((dice.beats(60), name, dice.place().round()));
    }
    song.automation.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut passages, mut length) = (Vec::new(), 0.0);
    while length < seconds {
        let passage = passage(dice);
        length += match passage {
            Passage::Stop { seconds } => seconds,
            Passage::Play { beats, .. } => beats * 60.0 / tempo,
        };
        passages.push(passage);
    }
    passages.push(Passage::Stop { seconds: 0.3 });
    Script::new(song, passages)
}

/// Actions on the transport.
fn passage(dice: &mut Dice) -> Passage {
    let from = dice.beats(48);
    match dice.draw(4) {
        0 => Passage::Stop {
            seconds: 0.2 + dice.place(),
        },
        1 => {
            let length = [1.0, 4.0, 8.0, 16.0][dice.draw(4) as usize];
            Passage::cycle(from.floor(), from.floor() + length, length + dice.beats(40))
        }
        _ => Passage::play(from, 1.0 + dice.beats(60)),
    }
}

/// Actions on an instance between two rounds.
pub(crate) fn fiddle(instance: &mut Instance, dice: &mut Dice) -> Result<()> {
    match dice.draw(8) {
        0 => instance.set("Mode", dice.place().round())?,
        1 => instance.set("Delay", [0.0, 0.5, 1.0][dice.draw(3) as usize])?,
        2 => instance.set("Quantise", dice.place())?,
        3 => {
            let saved = instance.save()?;
            instance.restore(&saved)?;
        }
        4 => instance.deactivate(),
        5 => instance.set("Pair", [0.0, 0.5, 1.0][dice.draw(3) as usize])?,
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use third_stream_tests::song::timeline::Timeline;

    #[test]
    fn the_same_seed_brings_the_same_users() {
        let scripts = |seed| {
            let mut dice = Dice::new(seed);
            [20.0, 60.0].map(|seconds| script(&mut dice, seconds))
        };
        assert_eq!(scripts(7), scripts(7));
        assert_ne!(scripts(7), scripts(8));
    }

    #[test]
    fn somebody_works_at_least_as_long_as_was_asked() {
        let mut dice = Dice::new(3);
        for seconds in [0.0, 20.0, 60.0] {
            let timeline = Timeline::new(&script(&mut dice, seconds), 48_000.0);
            assert!(timeline.frames() as f64 >= seconds * 48_000.0);
        }
    }
}
