//! User weights and styles that cannot be used.

use std::num::NonZeroU32;

use super::*;

/// A model without styles that answers with silence.
struct NoStyles;

impl Model for NoStyles {
    fn device(&self) -> &'static str {
        "none"
    }

    fn edits(&mut self, asked: &Question, _: Wanted<'_>) -> Result<Edits, ModelError> {
        if let Some(number) = asked.weights.style(asked.direction) {
            let text = "no such style".into();
            return Err(ModelError::Own { number, text });
        }
        Ok(ranked(asked, &silence()))
    }
}

#[test]
fn where_a_style_cannot_be_used_the_pair_s_genre_plays_and_that_is_said() {
    let engine = InferenceWorker::start(Box::new(|| Ok(Box::new(NoStyles))));
    let end = attached(&engine, 1);
    let number = NonZeroU32::MIN;
    let mut weights = WeightsId::shipped(Pair::JAZZ_CLASSIC);
    let asked = request(&end, 0, Instant::now());
    weights.styles[asked.direction.index()] = Some(number);
    for _ in 0..2 {
        assert!(end.ask(Request { weights, ..asked }));
        let edits = answer(&end).outcome.unwrap();
        assert_ne!(edits.count(), 0);
        assert_eq!(engine.status().read().refused[&number], "no such style");
        assert_eq!(engine.status().state(), WorkerState::Ready);
    }
    // The other end of the knob leads to a genre.
    let other = asked.direction.reverse();
    weights.styles = [None; 2];
    weights.styles[other.index()] = Some(number);
    assert!(end.ask(Request { weights, ..asked }));
    assert!(answer(&end).outcome.is_ok());
}

#[test]
fn a_style_at_the_other_end_asks_for_nothing_new() {
    let engine = engine(|_, roll| Ok(identity(roll)));
    let end = attached(&engine, 1);
    let asked = request(&end, 3, Instant::now());
    let passes = |direction: Direction| {
        let mut weights = asked.weights;
        weights.styles[direction.index()] = Some(NonZeroU32::MIN);
        assert!(end.ask(Request { weights, ..asked }));
        answer(&end).outcome.unwrap();
        engine.status().read().passes
    };
    assert!(end.ask(asked));
    answer(&end).outcome.unwrap();
    assert_eq!(passes(asked.direction.reverse()), 1);
    assert_eq!(passes(asked.direction), 2);
}

#[test]
fn own_weights_that_are_refused_harm_nobody_and_play_once_they_can() {
    let number = NonZeroU32::MIN;
    let mut tries = 0;
    let engine = engine(move |_, roll| {
        tries += 1;
        if tries == 1 {
            let text = "no memory".into();
            return Err(ModelError::Own { number, text });
        }
        Ok(identity(roll))
    });
    let end = attached(&engine, 1);
    let asked = Request {
        weights: WeightsId {
            pair: Pair::JAZZ_CLASSIC,
            own: Some(number),
            styles: [None; 2],
        },
        ..request(&end, 0, Instant::now())
    };
    assert!(end.ask(asked));
    assert_eq!(answer(&end).outcome, Err(Failure::NoWeights));
    let Reading { state, refused, .. } = engine.status().read();
    assert_eq!(state, WorkerState::Ready);
    assert_eq!(refused[&number], "no memory");
    assert!(end.ask(asked));
    assert_eq!(answer(&end).outcome, Ok(Edits::NONE));
    assert!(engine.status().read().refused.is_empty());
}
