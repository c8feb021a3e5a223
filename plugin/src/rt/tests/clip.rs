//! A clip on the song's timeline, and a host that plays it: in a loop, from any position.

use super::super::{Body, Note, PlayMode, Settings, Transport};
use super::song::{Scene, Script, note, transport};

/// Ticks per beat of the test host.
pub(super) const BEAT: f64 = 24_000.0;

/// A note of a clip: onset and release in the song's beats, key, velocity.
pub(super) type ClipNote = (f64, f64, u8, f32);

/// A passage of the transport.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Passage {
    /// Plays from a position for a number of beats.
    Play(f64, f64),
    /// Plays a loop from its start for a number of beats.
    Cycle((f64, f64), f64),
    /// Stops for the duration of a number of beats.
    Stop(f64),
}

pub(super) fn in_place(knob: f32) -> Settings {
    Settings {
        knob,
        mode: PlayMode::InPlace,
        ..Settings::default()
    }
}

/// Live with the knob at a place.
pub(super) fn live(knob: f32) -> Settings {
    Settings {
        knob,
        ..Settings::default()
    }
}

/// Eighths, each bar different.
pub(super) fn eighths(beats: f64) -> Vec<ClipNote> {
    let one = |i: u32| {
        let onset = f64::from(i) * 0.5;
        (onset, onset + 0.375, 48 + (i * 7 % 24) as u8, 0.5)
    };
    (0..(beats * 2.0) as u32).map(one).collect()
}

/// A script of a host that plays passages of a clip. Positions must fall on ticks. The host ends
/// held notes where the song jumps or stops.
pub(super) fn script(clip: &[ClipNote], settings: Settings, passages: &[Passage]) -> Script {
    let mut made = Maker {
        clip,
        input: Vec::new(),
        scenes: Vec::new(),
        now: 0,
        id: 0,
    };
    for passage in passages {
        match *passage {
            Passage::Play(from, beats) => made.play(settings, (from, beats), from, None),
            Passage::Cycle(cycle, beats) => made.cycle(settings, cycle, beats),
            Passage::Stop(beats) => made.scene(settings, 0.0, beats, false, None),
        }
    }
    made.input
        .sort_by_key(|(tick, body)| (*tick, !matches!(body, Body::Off(_))));
    let mut script = Script::new(transport(), settings, made.input);
    script.scenes = made.scenes;
    script.end = made.now;
    script
}

struct Maker<'a> {
    clip: &'a [ClipNote],
    input: Vec<(i64, Body)>,
    scenes: Vec<Scene>,
    now: i64,
    id: i32,
}

impl Maker<'_> {
    fn scene(
        &mut self,
        settings: Settings,
        position: f64,
        beats: f64,
        playing: bool,
        cycle: Option<(f64, f64)>,
    ) {
        let transport = Transport {
            playing,
            position: Some(position),
            loop_range: cycle,
            ..transport()
        };
        self.scenes.push(Scene {
            tick: self.now,
            transport,
            settings,
        });
        self.now += (beats * BEAT) as i64;
    }

    /// The clip's events while the song runs from `from` for `beats`.
    fn play(
        &mut self,
        settings: Settings,
        (from, beats): (f64, f64),
        position: f64,
        cycle: Option<(f64, f64)>,
    ) {
        let start = self.now;
        let end = from + beats;
        let tick = |beat: f64| start + ((beat - from) * BEAT).round() as i64;
        for &(onset, release, key, velocity) in self.clip {
            let inside = start..tick(end);
            if onset >= from && inside.contains(&tick(onset)) {
                let note = note(0, key, Some(self.id), velocity);
                self.id += 1;
                self.input.push((tick(onset), Body::On(note)));
                let off = Body::Off(Note {
                    velocity: 0.0,
                    ..note
                });
                self.input.push((tick(release.min(end)), off));
            }
        }
        self.scene(settings, position, beats, true, cycle);
    }

    fn cycle(&mut self, settings: Settings, (start, end): (f64, f64), beats: f64) {
        let mut left = beats;
        while left > 0.0 {
            let lap = left.min(end - start);
            self.play(settings, (start, lap), start, Some((start, end)));
            left -= lap;
        }
    }
}
