//! Writes new Standard MIDI files from events at absolute ticks. A file that was read is written
//! by [`Smf::write`](super::Smf::write) instead, which keeps all of its bytes.

use std::io;

use midly::num::{u15, u28};
use midly::{
    Format, Header, MetaMessage, MidiMessage, Smf, Timing, Track, TrackEvent, TrackEventKind,
};

/// An event at its tick, counted from the start of the track.
pub type TimedEvent<'a> = (u32, TrackEventKind<'a>);

/// A track of `events` in any order; those of one tick keep theirs, but notes end before others
/// begin. It ends at tick `end`, or with the last event.
pub fn track(mut events: Vec<TimedEvent<'_>>, end: u32) -> Track<'_> {
    let order = |kind: &TrackEventKind<'_>| match kind {
        TrackEventKind::Meta(_) => 0,
        TrackEventKind::Midi { message, .. } => match message {
            MidiMessage::NoteOff { .. } => 2,
            MidiMessage::NoteOn { .. } => 3,
            _ => 1,
        },
        _ => 1,
    };
    events.sort_by_key(|(tick, kind)| (*tick, order(kind)));
    let last = events.last().map_or(0, |(tick, _)| *tick);
    let end_of_track = TrackEventKind::Meta(MetaMessage::EndOfTrack);
    events.push((end.max(last), end_of_track));
    let mut now = 0;
    let timed = events.into_iter().map(|(tick, kind)| {
        let delta = u28::new(tick - now);
        now = tick;
        TrackEvent { delta, kind }
    });
    timed.collect()
}

/// The bytes of a file with `quarter` ticks in a quarter note.
///
/// # Errors
/// A track is longer than a chunk can be, 4 GiB.
pub fn bytes(format: Format, quarter: u16, tracks: Vec<Track<'_>>) -> io::Result<Vec<u8>> {
    let header = Header::new(format, Timing::Metrical(u15::new(quarter)));
    let mut bytes = Vec::new();
    Smf { header, tracks }.write_std(&mut bytes)?;
    Ok(bytes)
}
