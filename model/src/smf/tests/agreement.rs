//! Files that hold to the standard, as `midly` writes and reads them.

use midly::num::{u4, u7, u14, u15, u24, u28};
use midly::{
    Format, Header, MetaMessage, MidiMessage, PitchBend, Timing, TrackEvent, TrackEventKind,
};

use super::*;

/// Status nibble from 8 on for channel messages, then meta events and system exclusive messages.
fn kind(which: u8, channel: u8, a: u8, b: u8) -> TrackEventKind<'static> {
    let (first, second) = (u7::new(a & 127), u7::new(b & 127));
    let message = match which {
        0 => MidiMessage::NoteOff {
            key: first,
            vel: second,
        },
        1 => MidiMessage::NoteOn {
            key: first,
            vel: second,
        },
        2 => MidiMessage::Aftertouch {
            key: first,
            vel: second,
        },
        3 => MidiMessage::Controller {
            controller: first,
            value: second,
        },
        4 => MidiMessage::ProgramChange { program: first },
        5 => MidiMessage::ChannelAftertouch { vel: first },
        6 => MidiMessage::PitchBend {
            bend: PitchBend(u14::new(u16::from(a & 127) | u16::from(b & 127) << 7)),
        },
        7 => return TrackEventKind::Meta(MetaMessage::Tempo(u24::new(u32::from(a) << 8 | 1))),
        8 => return TrackEventKind::Meta(MetaMessage::Text(b"text")),
        9 => return TrackEventKind::SysEx(&[0x7e, 0x7f, 0xf7]),
        _ => return TrackEventKind::Escape(&[0xf3, 1]),
    };
    let channel = u4::new(channel & 15);
    TrackEventKind::Midi { channel, message }
}

/// Status and data bytes, as far as there are any.
fn short(kind: &TrackEventKind) -> Option<[u8; 3]> {
    let live = kind.as_live_event()?;
    let mut bytes = Vec::new();
    live.write_std(&mut bytes).unwrap();
    bytes.resize(3, 0);
    let short = [bytes[0], bytes[1], bytes[2]];
    matches!(kind, TrackEventKind::Midi { .. }).then_some(short)
}

proptest! {
    #[test]
    fn whole_files_are_read_as_midly_reads_them(
        events in prop::collection::vec((0..300_000u32, 0..11u8, any::<(u8, u8, u8)>()), 0..40),
    ) {
        let event = |delta, kind| TrackEvent { delta: u28::new(delta), kind };
        let mut track: Vec<TrackEvent> = events
            .into_iter()
            .map(|(delta, which, (channel, a, b))| event(delta, kind(which, channel, a, b)))
            .collect();
        track.push(event(5, TrackEventKind::Meta(MetaMessage::EndOfTrack)));
        let mut whole = midly::Smf::new(Header::new(Format::Parallel, Timing::Metrical(u15::new(96))));
        whole.tracks = vec![track.clone(), track.clone()];
        let mut bytes = Vec::new();
        whole.write_std(&mut bytes).unwrap();
        let smf = Smf::read(&bytes).unwrap();
        prop_assert_eq!(smf.flaws(), []);
        prop_assert_eq!(smf.write(), bytes);
        for read in smf.tracks() {
            prop_assert_eq!(read.events().len(), track.len());
            let mut tick = 0;
            for (ours, theirs) in read.events().iter().zip(&track) {
                tick += u64::from(theirs.delta.as_int());
                prop_assert_eq!((ours.tick, ours.channel_message()), (tick, short(&theirs.kind)));
            }
        }
    }
}
