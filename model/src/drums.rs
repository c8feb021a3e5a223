//! Which channels are drums, and when: not channel 10 alone.
//!
//! A part becomes drums by Roland's GS part mode or Yamaha's XG part mode (system exclusive), and
//! by a kit: a program under XG's banks 126 and 127 or General MIDI 2's bank 120. GS has melodic
//! sounds under these banks, so they count only where no GS reset came before. Channel 10 is
//! always drums: what is kept from the networks by mistake stays as it was.

use crate::smf::{Exclusive, SmfMessage};

/// The channel (of 0..=15) that is always drums.
pub const DRUM_CHANNEL: u8 = 9;
/// Bank select, the part of it that chooses kits.
pub(crate) const BANK: u8 = 0;

/// The channels that are drums after what was heard so far. Pure, of fixed size, without
/// allocation: a file's reader and the audio thread may use it alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrumParts {
    /// The bank that the next program of each channel is taken from.
    banks: [u8; 16],
    /// Channels with a kit, one bit each.
    kits: u16,
    /// Channels whose part mode is drums, one bit each.
    modes: u16,
    /// True if the banks are those of GS.
    gs: bool,
}

impl DrumParts {
    /// True if the channel (0..=15) is drums.
    pub const fn is_drum(&self, channel: u8) -> bool {
        let bit = 1 << (channel & 15);
        channel & 15 == DRUM_CHANNEL || (self.kits | self.modes) & bit != 0
    }

    /// A controller moves. A kits' bank counts at once, another with its first program.
    pub const fn controller(&mut self, channel: u8, number: u8, value: u8) {
        if number == BANK {
            let channel = channel & 15;
            self.banks[channel as usize] = value;
            if self.is_kits(value) {
                self.kits |= 1 << channel;
            }
        }
    }

    /// A program is chosen.
    pub const fn program(&mut self, channel: u8) {
        let channel = channel & 15;
        if self.is_kits(self.banks[channel as usize]) {
            self.kits |= 1 << channel;
        } else {
            self.kits &= !(1 << channel);
        }
    }

    /// A system exclusive message.
    pub const fn exclusive(&mut self, message: Exclusive) {
        match message {
            Exclusive::Reset | Exclusive::GsReset => {
                *self = Self {
                    banks: [0; 16],
                    kits: 0,
                    modes: 0,
                    gs: matches!(message, Exclusive::GsReset),
                };
            }
            Exclusive::Part { channel, drums } => {
                let bit = 1 << (channel & 15);
                self.modes = if drums {
                    self.modes | bit
                } else {
                    self.modes & !bit
                };
            }
        }
    }

    /// Reads the drum message in an event of a file.
    pub const fn hear(&mut self, message: &SmfMessage) {
        match *message {
            SmfMessage::Controller {
                channel,
                number,
                value,
            } => self.controller(channel, number, value),
            SmfMessage::Program { channel, .. } => self.program(channel),
            SmfMessage::Exclusive(message) => self.exclusive(message),
            _ => {}
        }
    }

    const fn is_kits(&self, bank: u8) -> bool {
        !self.gs && matches!(bank, 120 | 126 | 127)
    }
}
