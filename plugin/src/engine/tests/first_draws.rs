//! Second requests carry their group's first one to the model.

use third_stream_model::transfer::Earlier;

use super::*;

/// A model that records what each question goes on from.
struct Recorder {
    earlier: mpsc::Sender<Option<Earlier>>,
    heeds: bool,
}

impl Model for Recorder {
    fn device(&self) -> &'static str {
        "recorder"
    }

    fn edits(&mut self, asked: &Question, _: Wanted<'_>) -> Result<Edits, ModelError> {
        if !asked.roll.is_empty() {
            self.earlier.send(asked.earlier).unwrap();
        }
        Ok(ranked(asked, &silence()))
    }

    fn heeds_wishes(&self, _: WeightsId) -> bool {
        self.heeds
    }
}

fn recorder(heeds: bool) -> (InferenceWorker, mpsc::Receiver<Option<Earlier>>) {
    let (earlier, asked) = mpsc::channel();
    let model = Recorder { earlier, heeds };
    let engine = InferenceWorker::start(Box::new(move || Ok(Box::new(model))));
    (engine, asked)
}

/// A group's first and second request, which has one more note.
fn both(end: &AudioEnd, group: u32) -> [Request; 2] {
    let first = request(end, group, Instant::now());
    let notes = [first.roll, note(40)];
    let roll = notes.iter().flat_map(NoteRoll::notes).collect();
    let second = Request {
        answer: Answer::Second,
        roll,
        place: (first.place + 1) % PLACES,
        ..first
    };
    [first, second]
}

#[test]
fn a_second_request_is_asked_with_its_group_s_first() {
    let (engine, asked) = recorder(true);
    let end = attached(&engine, 1);
    let [first, second] = both(&end, 2);
    for request in [first, second] {
        assert!(end.ask(request));
        assert!(answer(&end).outcome.is_ok());
    }
    assert_eq!(asked.recv_timeout(LONG).unwrap(), None);
    let earlier = Earlier {
        phrase: first.roll,
        wish: first.wish,
    };
    assert_eq!(asked.recv_timeout(LONG).unwrap(), Some(earlier));
    // After a jump nothing is gone on from.
    let generation = end.renew();
    let second = Request {
        generation,
        ..second
    };
    assert!(end.ask(second));
    assert!(answer(&end).outcome.is_ok());
    assert_eq!(asked.recv_timeout(LONG).unwrap(), None);
}

#[test]
fn a_network_that_only_hears_the_phrase_goes_on_from_nothing() {
    let (engine, asked) = recorder(false);
    let end = attached(&engine, 1);
    for request in both(&end, 2) {
        assert!(end.ask(request));
        assert!(answer(&end).outcome.is_ok());
        assert_eq!(asked.recv_timeout(LONG).unwrap(), None);
    }
}
