//! The note dialect of a host: CLAP note events or MIDI messages.

use std::ffi::c_void;
use std::mem::size_of;
use std::sync::atomic::{AtomicU8, Ordering};

use clap_sys::events::{
    CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_MIDI, CLAP_EVENT_NOTE_CHOKE, CLAP_EVENT_NOTE_EXPRESSION,
    CLAP_EVENT_NOTE_OFF, CLAP_EVENT_NOTE_ON, CLAP_NOTE_EXPRESSION_PRESSURE, clap_event_header,
    clap_event_midi, clap_event_note, clap_event_note_expression, clap_input_events,
    clap_output_events,
};
use clap_sys::ext::note_ports::{
    CLAP_EXT_NOTE_PORTS, CLAP_NOTE_DIALECT_CLAP, CLAP_NOTE_DIALECT_MIDI, clap_host_note_ports,
    clap_note_dialect,
};
use clap_sys::host::clap_host;

/// CLAP note events, until notes come in as MIDI.
const CLAP: u8 = 0;
/// MIDI, until notes come in as CLAP events.
const MIDI: u8 = 1;
/// MIDI only: the host accepts no other dialect.
const MIDI_ALONE: u8 = 2;

const NOTE_OFF: u8 = 0x80;
const NOTE_ON: u8 = 0x90;
const KEY_PRESSURE: u8 = 0xA0;

/// The dialect in which an instance sends its notes. Written on the main thread before the first
/// block, then on the audio thread only.
#[derive(Default)]
pub(super) struct Dialect(AtomicU8);

impl Dialect {
    /// Sets the dialects that the host accepts; 0 where it does not say.
    pub(super) fn ask(&self, spoken: clap_note_dialect) {
        let midi_alone =
            spoken & CLAP_NOTE_DIALECT_MIDI != 0 && spoken & CLAP_NOTE_DIALECT_CLAP == 0;
        self.0.store(
            if midi_alone { MIDI_ALONE } else { CLAP },
            Ordering::Relaxed,
        );
    }

    /// Follows the dialect of the last note that comes in.
    pub(super) fn hear(&self, events: Option<&clap_input_events>) {
        let dialect = self.0.load(Ordering::Relaxed);
        let Some(list) = events.filter(|_| dialect != MIDI_ALONE) else {
            return;
        };
        let (Some(size), Some(get)) = (list.size, list.get) else {
            return;
        };
        // SAFETY: the host's list, valid during its call.
        let count = unsafe { size(list) };
        for index in (0..count).rev() {
            // SAFETY: as above; null, or an event that lives as long as the call.
            let Some(header) = (unsafe { get(list, index).as_ref() }) else {
                continue;
            };
            if header.space_id != CLAP_CORE_EVENT_SPACE_ID {
                continue;
            }
            let heard = match header.type_ {
                CLAP_EVENT_NOTE_ON => CLAP,
                // SAFETY: the header says that it is a MIDI event.
                CLAP_EVENT_MIDI if is_note_on(unsafe { &*(&raw const *header).cast() }) => MIDI,
                _ => continue,
            };
            self.0.store(heard, Ordering::Relaxed);
            return;
        }
    }

    /// True if notes are sent as MIDI messages.
    pub(super) fn is_midi(&self) -> bool {
        self.0.load(Ordering::Relaxed) != CLAP
    }
}

fn is_note_on(event: &clap_event_midi) -> bool {
    event.data[0] & 0xF0 == NOTE_ON && event.data[2] > 0
}

/// The dialects that the host accepts, by its `note-ports` extension; 0 without it.
///
/// # Safety
/// `host` may be asked for its extensions.
pub(super) unsafe fn spoken_by(host: *const clap_host) -> clap_note_dialect {
    // SAFETY: promised.
    let Some(ask) = (unsafe { host.as_ref() }).and_then(|host| host.get_extension) else {
        return 0;
    };
    // SAFETY: null, or the `note-ports` extension, which lives as long as the host.
    let ports = unsafe {
        ask(host, CLAP_EXT_NOTE_PORTS.as_ptr())
            .cast::<clap_host_note_ports>()
            .as_ref()
    };
    let dialects = ports.and_then(|ports| ports.supported_dialects);
    // SAFETY: the host's function.
    dialects.map_or(0, |dialects| unsafe { dialects(host) })
}

/// An output event list in front of the host's: converts note events to MIDI and forwards them.
pub(super) struct Answers {
    host: *const clap_output_events,
}

impl Answers {
    pub(super) const fn in_front_of(host: *const clap_output_events) -> Self {
        Self { host }
    }

    /// The list as CLAP has it; it must not outlive `self`.
    pub(super) const fn list(&self) -> clap_output_events {
        clap_output_events {
            ctx: (&raw const *self).cast_mut().cast::<c_void>(),
            try_push: Some(try_push),
        }
    }
}

unsafe extern "C" fn try_push(
    list: *const clap_output_events,
    event: *const clap_event_header,
) -> bool {
    // SAFETY: the list is from [`Self::list`], so its context is an `Answers`.
    let answers = unsafe { &*(*list).ctx.cast::<Answers>() };
    // SAFETY: the host's list, valid during its call.
    let Some(push) = (unsafe { (*answers.host).try_push }) else {
        return false;
    };
    // SAFETY: the framework's event, valid during its call.
    match unsafe { as_midi(event) } {
        Answer::Same => {
            // SAFETY: the host's list, and the event as it came.
            unsafe { push(answers.host, event) }
        }
        Answer::Midi(midi) => {
            // SAFETY: the host's list, and an event that lives until the host has copied it.
            unsafe { push(answers.host, &raw const midi.header) }
        }
        Answer::Unsaid => true,
    }
}

/// An event converted to MIDI.
enum Answer {
    /// Forwarded unchanged.
    Same,
    /// Converted to this message.
    Midi(clap_event_midi),
    /// Dropped: MIDI has no such message.
    Unsaid,
}

/// # Safety
/// `event` has the type and size that its header says.
unsafe fn as_midi(event: *const clap_event_header) -> Answer {
    // SAFETY: promised by the caller.
    let header = unsafe { *event };
    if header.space_id != CLAP_CORE_EVENT_SPACE_ID {
        return Answer::Same;
    }
    let message = match header.type_ {
        CLAP_EVENT_NOTE_ON | CLAP_EVENT_NOTE_OFF | CLAP_EVENT_NOTE_CHOKE => {
            // SAFETY: the header says that it is a note event.
            let note = unsafe { event.cast::<clap_event_note>().read_unaligned() };
            let value = byte(note.velocity);
            match header.type_ {
                // A note-on of velocity 0 would be a note-off.
                CLAP_EVENT_NOTE_ON => message(NOTE_ON, note.channel, note.key, value.max(1)),
                CLAP_EVENT_NOTE_OFF => message(NOTE_OFF, note.channel, note.key, value),
                _ => message(NOTE_OFF, note.channel, note.key, 0),
            }
        }
        CLAP_EVENT_NOTE_EXPRESSION => {
            // SAFETY: as above.
            let said = unsafe { event.cast::<clap_event_note_expression>().read_unaligned() };
            if said.expression_id == CLAP_NOTE_EXPRESSION_PRESSURE {
                message(KEY_PRESSURE, said.channel, said.key, byte(said.value))
            } else {
                None
            }
        }
        _ => return Answer::Same,
    };
    let Some(data) = message else {
        return Answer::Unsaid;
    };
    Answer::Midi(clap_event_midi {
        header: clap_event_header {
            size: size_of::<clap_event_midi>() as u32,
            type_: CLAP_EVENT_MIDI,
            ..header
        },
        port_index: 0,
        data,
    })
}

/// A channel message with a key; `None` where channel or key is missing or a wildcard.
fn message(status: u8, channel: i16, key: i16, value: u8) -> Option<[u8; 3]> {
    let channel = u8::try_from(channel).ok().filter(|channel| *channel < 16)?;
    let key = u8::try_from(key).ok().filter(|key| *key < 128)?;
    Some([status | channel, key, value])
}

/// 0..=1 to 0..=127.
fn byte(value: f64) -> u8 {
    (value * 127.0).round().clamp(0.0, 127.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: u16, size: usize) -> clap_event_header {
        clap_event_header {
            size: size as u32,
            time: 77,
            space_id: CLAP_CORE_EVENT_SPACE_ID,
            type_: kind,
            flags: 1,
        }
    }

    fn note(kind: u16, channel: i16, key: i16, velocity: f64) -> clap_event_note {
        clap_event_note {
            header: header(kind, size_of::<clap_event_note>()),
            note_id: 5,
            port_index: 0,
            channel,
            key,
            velocity,
        }
    }

    /// The MIDI messages that a host gets when the framework pushes `event`; none where it has no
    /// room.
    fn pushed(event: *const clap_event_header, room: bool) -> (bool, Vec<(u16, u32, [u8; 3])>) {
        struct Host(bool, Vec<(u16, u32, [u8; 3])>);
        unsafe extern "C" fn take(
            list: *const clap_output_events,
            event: *const clap_event_header,
        ) -> bool {
            // SAFETY: the list below, and an event built here.
            unsafe {
                let host = &mut *(*list).ctx.cast::<Host>();
                let data = match (*event).type_ {
                    CLAP_EVENT_MIDI => (*event.cast::<clap_event_midi>()).data,
                    _ => [0; 3],
                };
                if host.0 {
                    host.1.push(((*event).type_, (*event).time, data));
                }
                host.0
            }
        }
        let mut host = Host(room, Vec::new());
        let list = clap_output_events {
            ctx: (&raw mut host).cast(),
            try_push: Some(take),
        };
        let answers = Answers::in_front_of(&raw const list);
        let list = answers.list();
        // SAFETY: list and event live here.
        let taken = unsafe { try_push(&raw const list, event) };
        (taken, host.1)
    }

    #[test]
    fn notes_become_midi_messages_at_their_time() {
        let on = note(CLAP_EVENT_NOTE_ON, 3, 60, 100.0 / 127.0);
        let midi = |data| (true, vec![(CLAP_EVENT_MIDI, 77, data)]);
        assert_eq!(pushed(&raw const on.header, true), midi([0x93, 60, 100]));
        let soft = note(CLAP_EVENT_NOTE_ON, 0, 127, 0.001);
        assert_eq!(pushed(&raw const soft.header, true), midi([0x90, 127, 1]));
        let off = note(CLAP_EVENT_NOTE_OFF, 15, 0, 0.5);
        assert_eq!(pushed(&raw const off.header, true), midi([0x8F, 0, 64]));
        let choke = note(CLAP_EVENT_NOTE_CHOKE, 1, 2, 0.5);
        assert_eq!(pushed(&raw const choke.header, true), midi([0x81, 2, 0]));
        // The host's buffer is full, and the framework is told so.
        assert_eq!(pushed(&raw const on.header, false), (false, vec![]));
    }

    #[test]
    fn what_midi_has_no_word_for_is_left_out_and_the_rest_stays() {
        let mut said = clap_event_note_expression {
            header: header(
                CLAP_EVENT_NOTE_EXPRESSION,
                size_of::<clap_event_note_expression>(),
            ),
            expression_id: CLAP_NOTE_EXPRESSION_PRESSURE,
            note_id: -1,
            port_index: 0,
            channel: 2,
            key: 64,
            value: 1.0,
        };
        let pressure = (true, vec![(CLAP_EVENT_MIDI, 77, [0xA2, 64, 127])]);
        assert_eq!(pushed(&raw const said.header, true), pressure);
        said.expression_id = 0;
        assert_eq!(pushed(&raw const said.header, true), (true, vec![]));
        let controller = clap_event_midi {
            header: header(CLAP_EVENT_MIDI, size_of::<clap_event_midi>()),
            port_index: 0,
            data: [0xB0, 64, 127],
        };
        let same = (true, vec![(CLAP_EVENT_MIDI, 77, [0xB0, 64, 127])]);
        assert_eq!(pushed(&raw const controller.header, true), same);
    }

    #[test]
    fn a_host_that_speaks_midi_alone_gets_nothing_else() {
        let dialect = Dialect::default();
        for (spoken, midi) in [
            (0, false),
            (CLAP_NOTE_DIALECT_CLAP, false),
            (CLAP_NOTE_DIALECT_CLAP | CLAP_NOTE_DIALECT_MIDI, false),
            (CLAP_NOTE_DIALECT_MIDI, true),
        ] {
            dialect.ask(spoken);
            assert_eq!(dialect.is_midi(), midi, "{spoken}");
        }
    }
}
