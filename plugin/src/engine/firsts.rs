//! First requests of the groups whose second is still to come: the second's answer goes on from
//! the first's draw.

use std::collections::{BTreeMap, VecDeque};

use third_stream_model::transfer::Earlier;

use crate::link::{Answer, Request};

/// Maximum number for an instance: both directions of six groups.
const KEPT: usize = 12;

/// First requests by instance, oldest first. A request comes after its group's first one, so what
/// is found here does not depend on the machine's speed.
#[derive(Debug, Default)]
pub(super) struct Firsts(BTreeMap<u64, VecDeque<Request>>);

impl Firsts {
    /// Keeps a first request, in place of those of older generations. Of silence there is no draw.
    pub(super) fn keep(&mut self, request: &Request) {
        if request.answer != Answer::First || request.roll.is_empty() {
            return;
        }
        let kept = self.0.entry(request.instance).or_default();
        kept.retain(|other| other.generation == request.generation);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(*request);
    }

    /// Forgets the instances that are gone.
    pub(super) fn retain(&mut self, is_there: impl Fn(u64) -> bool) {
        self.0.retain(|instance, _| is_there(*instance));
    }

    /// The first request of the group of a second one, if it was made for the same networks with
    /// the same taste.
    pub(super) fn earlier(&self, request: &Request) -> Option<Earlier> {
        if request.answer != Answer::Second {
            return None;
        }
        let of_group = |first: &&Request| {
            let key = |request: &Request| (request.generation, request.group, request.direction);
            let networks = |request: &Request| request.weights.towards(request.direction);
            let taste = |Request { wish, .. }: &Request| {
                (
                    wish.variation,
                    wish.freedom,
                    wish.pitch_classes,
                    wish.one_voice,
                )
            };
            key(first) == key(request)
                && networks(first) == networks(request)
                && taste(first) == taste(request)
        };
        let first = self.0.get(&request.instance)?.iter().rev().find(of_group)?;
        Some(Earlier {
            phrase: first.roll,
            wish: first.wish,
        })
    }
}
