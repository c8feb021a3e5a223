//! First requests of the last groups: the answer to a group's second request goes on from the draw
//! for its first.

use std::collections::{BTreeMap, VecDeque};

use third_stream_model::transfer::Earlier;

use crate::link::{Answer, Request};

/// Maximum number for an instance: both directions of six groups.
const KEPT: usize = 12;

/// First requests by instance, oldest first. A group's second request comes after its first one and
/// is stale before [`KEPT`] others came, so what is found does not depend on the machine's speed.
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

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Instant;

    use third_stream_model::genre::{Direction, Pair};
    use third_stream_model::roll::notes::{GridNote, NoteRoll};

    use super::*;
    use crate::link::{WeightsId, Wish};

    /// A first request of group 3.
    fn first() -> Request {
        let answer = Answer::First;
        Request {
            instance: 1,
            generation: 5,
            place: 0,
            group: 3,
            answer,
            deadline: Instant::now(),
            weights: WeightsId::shipped(Pair::JAZZ_CLASSIC),
            direction: Direction::AToB,
            roll: [GridNote::new(8, 40, 4)].into_iter().collect(),
            wish: Wish {
                passes: answer.passes(),
                ..Wish::default()
            },
        }
    }

    /// The second request of that group, with one more note.
    fn second() -> Request {
        let notes = [GridNote::new(8, 40, 4), GridNote::new(60, 43, 2)];
        let answer = Answer::Second;
        Request {
            place: 1,
            answer,
            roll: notes.into_iter().collect(),
            wish: Wish {
                passes: answer.passes(),
                decided: 0b1111,
                ..Wish::default()
            },
            ..first()
        }
    }

    fn firsts(requests: &[Request]) -> Firsts {
        let mut firsts = Firsts::default();
        for request in requests {
            firsts.keep(request);
        }
        firsts
    }

    #[test]
    fn a_second_request_goes_on_from_its_group_s_first() {
        let other = |group: u32| Request {
            group,
            roll: second().roll,
            ..first()
        };
        let firsts = firsts(&[other(2), first(), other(4)]);
        let earlier = firsts.earlier(&second()).unwrap();
        assert_eq!((earlier.phrase, earlier.wish), (first().roll, first().wish));
        // A first one, and In place's, which has no first, begin anew.
        assert_eq!(firsts.earlier(&first()), None);
        let in_place = Request {
            generation: 6,
            ..second()
        };
        assert_eq!(firsts.earlier(&in_place), None);
    }

    #[test]
    fn what_was_asked_of_other_networks_or_with_another_taste_is_not_gone_on_from() {
        let firsts = firsts(&[first()]);
        let mut styles = [None; 2];
        styles[Direction::AToB.index()] = Some(NonZeroU32::MIN);
        let of_weights = |weights: WeightsId| Request {
            weights,
            ..second()
        };
        let shipped = WeightsId::shipped(Pair::JAZZ_CLASSIC);
        let tasting = |change: fn(&mut Wish)| {
            let mut request = second();
            change(&mut request.wish);
            request
        };
        let others = vec![
            Request {
                instance: 2,
                ..second()
            },
            Request {
                generation: 4,
                ..second()
            },
            Request {
                group: 4,
                ..second()
            },
            Request {
                direction: Direction::BToA,
                ..second()
            },
            of_weights(WeightsId::shipped(Pair::JAZZ_POP)),
            of_weights(WeightsId { styles, ..shipped }),
            of_weights(WeightsId {
                own: Some(NonZeroU32::MIN),
                ..shipped
            }),
            tasting(|wish| wish.variation = 2),
            tasting(|wish| wish.freedom = 0.0),
            tasting(|wish| wish.pitch_classes = 4),
            tasting(|wish| wish.one_voice = false),
        ];
        for request in others {
            assert_eq!(firsts.earlier(&request), None, "{request:?}");
        }
        // A style at the other end of the knob is none of this direction's.
        styles.reverse();
        let other_end = of_weights(WeightsId { styles, ..shipped });
        assert!(firsts.earlier(&other_end).is_some());
    }

    #[test]
    fn silence_older_generations_and_instances_that_are_gone_leave_nothing() {
        let silent = Request {
            roll: NoteRoll::EMPTY,
            ..first()
        };
        assert!(firsts(&[silent]).0.is_empty());
        let newer = Request {
            generation: 6,
            ..first()
        };
        let mut firsts = firsts(&[first(), newer]);
        assert_eq!(firsts.earlier(&second()), None);
        assert_eq!(firsts.0[&1].len(), 1);
        firsts.retain(|instance| instance != 1);
        assert!(firsts.0.is_empty());
    }

    #[test]
    fn both_directions_of_the_last_six_groups_are_kept() {
        let of = |number: u32, request: Request| Request {
            group: number / 2,
            direction: Direction::BOTH[number as usize % 2],
            ..request
        };
        let all: Vec<Request> = (0..40).map(|number| of(number, first())).collect();
        let firsts = firsts(&all);
        let found = (0..40).filter(|number| firsts.earlier(&of(*number, second())).is_some());
        assert!(found.eq(28..40));
    }
}
