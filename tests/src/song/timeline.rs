//! A script in samples: stretches of constant tempo, and what enters the plugin at which sample.

use super::{ClipNote, HostSong, Passage, Script, loudness};

/// A stretch of samples during which the transport changes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// First sample, counted from the script's start.
    pub start: u64,
    /// Samples in it.
    pub frames: u64,
    /// True if the song plays.
    pub playing: bool,
    /// Position in the song at the first sample, in beats.
    pub beat: f64,
    /// Quarter notes a minute.
    pub tempo: f64,
    /// Start and end of the loop in beats, where looping is on.
    pub cycle: Option<(f64, f64)>,
}

impl Span {
    /// The sample after the last.
    pub const fn end(&self) -> u64 {
        self.start + self.frames
    }

    /// Beats that pass in one sample; 0 while the song stands.
    pub fn beats_per_sample(&self, sample_rate: f64) -> f64 {
        if self.playing {
            self.tempo / 60.0 / sample_rate
        } else {
            0.0
        }
    }
}

/// An input event of a plugin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// A note starts.
    On {
        /// MIDI channel, 0..=15.
        channel: u8,
        /// MIDI key.
        key: u8,
        /// 0..=1.
        velocity: f64,
        /// The host's number of this one strike.
        id: u32,
    },
    /// A note ends.
    Off {
        /// MIDI channel, 0..=15.
        channel: u8,
        /// MIDI key.
        key: u8,
        /// The number that its start had.
        id: u32,
    },
    /// A short MIDI message.
    Message([u8; 3]),
    /// A parameter, by its name, goes to a place in its range (0..=1).
    Parameter(&'static str, f64),
}

/// A script in samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// Samples a second.
    pub sample_rate: f64,
    /// The stretches, without gaps from sample 0.
    pub spans: Vec<Span>,
    /// Input events, in order of time.
    pub inputs: Vec<(u64, Input)>,
}

impl Timeline {
    /// The script at a sample rate.
    pub fn new(script: &Script, sample_rate: f64) -> Self {
        let mut maker = Maker {
            sample_rate,
            spans: Vec::new(),
            inputs: Vec::new(),
            held: Vec::new(),
            strikes: 0,
        };
        for passage in &script.passages {
            match *passage {
                Passage::Play { from, beats, cycle } => {
                    maker.play(&script.song, from, beats, cycle, script.ends_held_notes);
                }
                Passage::Stop { seconds } => maker.stop(&script.song, seconds),
            }
            // A jump or a stop follows; a host ends what it holds.
            maker.release_held(script.ends_held_notes);
        }
        maker.release_held(true);
        for note in &script.live {
            maker.live(*note);
        }
        // Stable: what was put in first at a sample stays first; ends come before starts.
        let order = |input: &Input| match input {
            Input::Parameter(..) => 0,
            Input::Off { .. } => 1,
            Input::Message(_) => 2,
            Input::On { .. } => 3,
        };
        maker
            .inputs
            .sort_by_key(|(sample, input)| (*sample, order(input)));
        Self {
            sample_rate,
            spans: maker.spans,
            inputs: maker.inputs,
        }
    }

    /// Samples in all.
    pub fn frames(&self) -> u64 {
        self.spans.last().map_or(0, Span::end)
    }

    /// How many beats of play have passed at a sample, over loops and jumps.
    pub fn beats_played(&self, sample: u64) -> f64 {
        self.spans
            .iter()
            .map(|span| {
                let frames = sample.clamp(span.start, span.end()) - span.start;
                frames as f64 * span.beats_per_sample(self.sample_rate)
            })
            .sum()
    }

    /// The (fractional) sample at which that many beats of play have passed.
    pub fn sample_of_beats_played(&self, beats: f64) -> f64 {
        let mut left = beats;
        for span in self.spans.iter().filter(|span| span.playing) {
            let length = span.frames as f64 * span.beats_per_sample(self.sample_rate);
            if left < length {
                return span.start as f64 + left / span.beats_per_sample(self.sample_rate);
            }
            left -= length;
        }
        self.frames() as f64
    }
}

/// A note that is held, and where its off would come.
#[derive(Clone, Copy)]
struct Held {
    note: ClipNote,
    id: u32,
}

struct Maker {
    sample_rate: f64,
    spans: Vec<Span>,
    inputs: Vec<(u64, Input)>,
    held: Vec<Held>,
    strikes: u32,
}

impl Maker {
    fn now(&self) -> u64 {
        self.spans.last().map_or(0, Span::end)
    }

    fn play(
        &mut self,
        song: &HostSong,
        from: f64,
        beats: f64,
        cycle: Option<(f64, f64)>,
        ends_held_notes: bool,
    ) {
        let (mut position, mut nominal, mut left) = (from, from, beats);
        while left > 1e-6 {
            let changes = song.tempo.iter().map(|t| t.0);
            let changes = changes.chain(song.meter.iter().map(|m| m.0));
            let ahead = changes.filter(|beat| *beat > position + 1e-9);
            let mut until = ahead.fold(position + left, f64::min);
            let wraps = cycle.is_some_and(|(_, end)| position < end && end <= until);
            if let (true, Some((_, end))) = (wraps, cycle) {
                until = end;
            }
            let mut span = Span {
                start: self.now(),
                frames: 0,
                playing: true,
                beat: position,
                tempo: song.tempo_at(position),
                cycle,
            };
            let per_sample = span.beats_per_sample(self.sample_rate);
            span.frames = ((until - position) / per_sample - 1e-6).ceil().max(1.0) as u64;
            self.spans.push(span);
            self.enter(song, &span, nominal, until);
            let passed = span.frames as f64 * per_sample;
            left -= passed;
            position += passed;
            nominal = until;
            if let (true, Some((start, end))) = (wraps, cycle) {
                self.release_held(ends_held_notes);
                position = start + (position - end);
                nominal = start;
            }
        }
    }

    fn stop(&mut self, song: &HostSong, seconds: f64) {
        let start = self.now();
        let beat = self.spans.last().map_or(0.0, |span| {
            span.beat + span.frames as f64 * span.beats_per_sample(self.sample_rate)
        });
        self.spans.push(Span {
            start,
            frames: (seconds * self.sample_rate).round().max(1.0) as u64,
            playing: false,
            beat,
            tempo: song.tempo_at(beat),
            cycle: None,
        });
    }

    /// The clip's events while the playhead goes from beat `from` to `until` in `span`.
    fn enter(&mut self, song: &HostSong, span: &Span, from: f64, until: f64) {
        let per_sample = span.beats_per_sample(self.sample_rate);
        let within = |beat: f64| beat >= from - 1e-9 && beat < until - 1e-9;
        let sample =
            |beat: f64| span.start + ((beat - span.beat) / per_sample).round().max(0.0) as u64;
        for &(beat, name, place) in song.automation.iter().filter(|step| within(step.0)) {
            self.inputs
                .push((sample(beat), Input::Parameter(name, place)));
        }
        for &(beat, message) in song.messages.iter().filter(|message| within(message.0)) {
            self.inputs.push((sample(beat), Input::Message(message)));
        }
        let mut notes: Vec<ClipNote> = song.notes.clone();
        notes.sort_by(|a, b| a.onset.total_cmp(&b.onset).then(a.key.cmp(&b.key)));
        for note in notes.into_iter().filter(|note| within(note.onset)) {
            let id = self.strikes;
            self.strikes += 1;
            self.inputs.push((
                sample(note.onset),
                Input::On {
                    channel: note.channel,
                    key: note.key,
                    velocity: note.loudness(),
                    id,
                },
            ));
            self.held.push(Held { note, id });
        }
        let ended = |held: &Held| within(held.note.release);
        for held in self.held.extract_if(.., |held| ended(held)) {
            self.inputs.push((sample(held.note.release), held.off()));
        }
    }

    /// The host ends what it holds, or forgets that it held it.
    fn release_held(&mut self, ends: bool) {
        let now = self.now();
        for held in self.held.drain(..) {
            if ends {
                self.inputs.push((now, held.off()));
            }
        }
    }

    fn live(&mut self, note: super::LiveNote) {
        let sample = |seconds: f64| (seconds * self.sample_rate).round() as u64;
        let (channel, key, id) = (0, note.key, self.strikes);
        let velocity = loudness(90);
        self.inputs.push((
            sample(note.on),
            Input::On {
                channel,
                key,
                velocity,
                id,
            },
        ));
        let off = Input::Off { channel, key, id };
        self.inputs.push((sample(note.off), off));
        self.strikes += 1;
    }
}

impl Held {
    const fn off(&self) -> Input {
        Input::Off {
            channel: self.note.channel,
            key: self.note.key,
            id: self.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;

    fn offs_and_ons(timeline: &Timeline) -> Vec<(u64, bool)> {
        let notes = timeline
            .inputs
            .iter()
            .filter_map(|(sample, input)| match input {
                Input::On { .. } => Some((*sample, true)),
                Input::Off { .. } => Some((*sample, false)),
                _ => None,
            });
        notes.collect()
    }

    #[test]
    fn a_tempo_change_starts_a_span() {
        let mut song = HostSong::new(120.0, [ClipNote::new(3.0, 5.0, 60)]);
        song.tempo.push((4.0, 60.0));
        let timeline = Timeline::new(&Script::new(song, [Passage::play(0.0, 8.0)]), RATE);
        let frames: Vec<u64> = timeline.spans.iter().map(|span| span.frames).collect();
        assert_eq!(frames, [96_000, 192_000]);
        assert_eq!(offs_and_ons(&timeline), [(72_000, true), (144_000, false)]);
        assert_eq!(timeline.sample_of_beats_played(5.0), 144_000.0);
        assert_eq!(timeline.beats_played(144_000), 5.0);
    }

    #[test]
    fn a_loop_plays_its_notes_each_time_and_ends_what_is_held() {
        let song = HostSong::new(
            120.0,
            [ClipNote::new(0.0, 1.0, 60), ClipNote::new(1.5, 9.0, 62)],
        );
        let script = Script::new(song, [Passage::cycle(0.0, 2.0, 4.0)]);
        let timeline = Timeline::new(&script, RATE);
        let one = [(0, true), (24_000, false), (36_000, true), (48_000, false)];
        let two = one.map(|(sample, on)| (sample + 48_000, on));
        assert_eq!(offs_and_ons(&timeline), [one, two].concat());
        assert_eq!(timeline.spans[1].beat, 0.0);
    }

    #[test]
    fn a_stop_ends_what_is_held_and_stands_still() {
        let song = HostSong::new(120.0, [ClipNote::new(1.0, 9.0, 60)]);
        let passages = [Passage::play(0.0, 2.0), Passage::Stop { seconds: 1.0 }];
        let timeline = Timeline::new(&Script::new(song, passages), RATE);
        assert_eq!(offs_and_ons(&timeline), [(24_000, true), (48_000, false)]);
        assert_eq!(timeline.spans[1].beat, 2.0);
        assert_eq!(timeline.frames(), 96_000);
        assert_eq!(timeline.beats_played(96_000), 2.0);
    }
}
