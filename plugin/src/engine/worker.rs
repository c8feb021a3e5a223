//! The worker's loop: takes requests, picks the most urgent, runs the networks, responds.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use third_stream_model::roll::edits::Edits;

use super::firsts::Firsts;
use super::memo::Memo;
use super::model::{Model, ModelError, Question, Wanted, caught};
use super::status::{Status, WorkerState};
use super::{Inbox, Load};
use crate::link::{Failure, Request, Response, Watch, WorkerEnd};
use crate::memory::Keeper;

/// Polling interval while instances ask. A beat is 200 ms or more.
const AWAKE: Duration = Duration::from_millis(4);
/// Polling interval after [`DROWSY`] without a request.
const ASLEEP: Duration = Duration::from_millis(25);
/// Time without a request after which the worker polls less often.
const DROWSY: Duration = Duration::from_secs(10);

/// The worker's main loop.
pub(super) fn run(inbox: &Inbox, status: &Status, load: Load) {
    // This is the only worker of its inbox, so the cell is empty.
    let _ = inbox.worker.set(std::thread::current());
    let mut work = Work {
        model: load_model(status, load),
        memo: Memo::default(),
        instances: BTreeMap::new(),
        waiting: Vec::new(),
        firsts: Firsts::default(),
        unsent: Vec::new(),
    };
    let mut keepers: Vec<Weak<Keeper>> = Vec::new();
    let mut last_request = Instant::now();
    while !inbox.stop.load(Ordering::Acquire) {
        for end in inbox.arrivals.lock().drain(..) {
            work.instances.insert(end.instance(), end);
        }
        keepers.append(&mut inbox.keepers.lock());
        keepers.retain(|keeper| keeper.upgrade().inspect(|keeper| keeper.file()).is_some());
        work.send_again();
        if work.collect() {
            last_request = Instant::now();
        }
        if !work.waiting.is_empty() {
            work.turn(status);
        } else if last_request.elapsed() < DROWSY {
            std::thread::park_timeout(AWAKE);
        } else {
            std::thread::park_timeout(ASLEEP);
        }
    }
    // A panic in the model's destructor must not reach the host.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(work)));
}

/// Loads the model and warms it up.
fn load_model(status: &Status, load: Load) -> Option<Box<dyn Model>> {
    let loaded = caught(|| {
        let mut model = load()?;
        model.warm_up()?;
        Ok(model)
    });
    match loaded {
        Ok(model) => {
            status.loaded(model.device());
            Some(model)
        }
        Err(error) => {
            tracing::error!("the engine cannot start: {error}; notes play dry");
            status.fail(error.to_string());
            None
        }
    }
}

/// State of the worker.
struct Work {
    /// `None` if loading failed or the model broke.
    model: Option<Box<dyn Model>>,
    memo: Memo,
    instances: BTreeMap<u64, WorkerEnd>,
    waiting: Vec<Request>,
    firsts: Firsts,
    /// Responses that found no room, by instance: a bounce asks more in one block than the channel
    /// holds.
    unsent: Vec<(u64, Response)>,
}

impl Work {
    /// Receives requests, removes instances that are gone and drops stale requests. True if
    /// anything was new.
    fn collect(&mut self) -> bool {
        let Self {
            instances,
            waiting,
            firsts,
            ..
        } = self;
        let before = waiting.len();
        instances.retain(|_, end| {
            loop {
                match end.next() {
                    Ok(Some(request)) => {
                        firsts.keep(&request);
                        waiting.push(request);
                    }
                    Ok(None) => return true,
                    Err(crate::link::Gone) => return false,
                }
            }
        });
        let new = waiting.len() > before;
        waiting.retain(|request| instances.contains_key(&request.instance));
        firsts.retain(|instance| instances.contains_key(&instance));
        self.drop_stale();
        new
    }

    /// Drops stale requests. Each is answered as stale, which tells a waiting core that there is
    /// room.
    fn drop_stale(&mut self) {
        let instances = &self.instances;
        let is_wanted = |request: &Request| {
            let end = instances.get(&request.instance);
            end.is_some_and(|end| end.watch(request).is_wanted())
        };
        let (wanted, stale): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(is_wanted);
        self.waiting = wanted;
        for request in stale {
            self.send(request.instance, &request.respond(Err(Failure::Stale)));
        }
    }

    /// Takes the request with the earliest deadline; among equals the group's first answer, then
    /// the oldest request.
    fn earliest(&mut self) -> Option<Request> {
        let order = |request: &Request| (request.deadline, request.group, request.answer);
        let (index, _) = self
            .waiting
            .iter()
            .enumerate()
            .min_by_key(|(_, request)| order(request))?;
        Some(self.waiting.remove(index))
    }

    /// Answers the requests that need no pass, until enough of the others for one batch are found;
    /// then answers those.
    fn turn(&mut self, status: &Status) {
        let most = self.model.as_ref().map_or(1, |model| model.at_once());
        let mut asked: Vec<Request> = Vec::new();
        while asked.len() < most
            && let Some(request) = self.earliest()
        {
            if asked
                .iter()
                .any(|other| self.question(other) == self.question(&request))
            {
                // A repeated question: its answer will be in the memo after this turn.
                self.waiting.push(request);
                break;
            }
            match self.known(&self.question(&request)) {
                Some(outcome) => self.send(request.instance, &request.respond(outcome)),
                None => asked.push(request),
            }
        }
        let watches: Vec<Option<Watch>> = asked.iter().map(|request| self.watch(request)).collect();
        // Requests of an instance that is gone are stale.
        let watches: Vec<_> = watches
            .iter()
            .map(|watch| || watch.as_ref().is_some_and(Watch::is_wanted))
            .collect();
        let questions: Vec<(Question, Wanted<'_>)> = asked
            .iter()
            .zip(&watches)
            .map(|(request, wanted)| (self.question(request), wanted as Wanted<'_>))
            .collect();
        let outcomes = self.work_out(&questions, status);
        for (request, outcome) in asked.iter().zip(outcomes) {
            self.send(request.instance, &request.respond(outcome));
        }
    }

    fn watch(&self, request: &Request) -> Option<Watch> {
        let end = self.instances.get(&request.instance)?;
        Some(end.watch(request))
    }

    /// Sends a response, after the pending ones of its instance.
    fn send(&mut self, instance: u64, response: &Response) {
        let Some(end) = self.instances.get(&instance) else {
            return;
        };
        let is_queued = self.unsent.iter().any(|(other, _)| *other == instance);
        let left = if is_queued {
            Some(*response)
        } else {
            end.respond(*response)
        };
        self.unsent
            .extend(left.map(|response| (instance, response)));
    }

    /// Retries the responses that found no room.
    fn send_again(&mut self) {
        for (instance, response) in std::mem::take(&mut self.unsent) {
            self.send(instance, &response);
        }
    }

    /// The question of a request, without what makes no difference to its answer.
    fn question(&self, request: &Request) -> Question {
        let Request {
            weights,
            direction,
            roll,
            wish,
            ..
        } = *request;
        let model = self.model.as_ref();
        let heeds = model.is_some_and(|model| model.heeds_wishes(weights));
        Question {
            weights: weights.towards(direction),
            direction,
            roll,
            wish: if heeds { wish } else { wish.of_the_phrase() },
            earlier: self.firsts.earlier(request).filter(|_| heeds),
        }
    }

    /// The answer without a pass, if the memo or the question itself gives one.
    fn known(&self, asked: &Question) -> Option<Result<Edits, Failure>> {
        // An empty phrase stays empty, whatever the network would answer.
        if asked.roll.is_empty() {
            return Some(Ok(Edits::NONE));
        }
        let edits = self.memo.get(asked);
        edits.map(Ok).or(match self.model {
            Some(_) => None,
            None => Some(Err(Failure::NoWeights)),
        })
    }

    fn work_out(
        &mut self,
        questions: &[(Question, Wanted<'_>)],
        status: &Status,
    ) -> Vec<Result<Edits, Failure>> {
        let Some(model) = self.model.as_mut().filter(|_| !questions.is_empty()) else {
            return Vec::new();
        };
        let start = Instant::now();
        let outcomes = model.answers(questions);
        let took = start.elapsed();
        status.runs_on(model.device());
        let each = questions.iter().zip(outcomes);
        each.map(|(question, outcome)| self.judge(question, outcome, took, status))
            .collect()
    }

    /// The answer in the pair's genre, where a user style cannot be used.
    fn without_style(
        &mut self,
        (asked, wanted): &(Question, Wanted<'_>),
        status: &Status,
    ) -> Result<Edits, Failure> {
        let plain = Question {
            weights: asked.weights.without_style(asked.direction),
            ..*asked
        };
        if let Some(known) = self.known(&plain) {
            return known;
        }
        let Some(model) = self.model.as_mut() else {
            return Err(Failure::NoWeights);
        };
        let start = Instant::now();
        let outcome = caught(|| model.edits(&plain, wanted));
        self.judge(&(plain, wanted), outcome, start.elapsed(), status)
    }

    /// Turns an answer into an outcome; an error is reported in the status.
    fn judge(
        &mut self,
        question: &(Question, Wanted<'_>),
        outcome: Result<Edits, ModelError>,
        took: Duration,
        status: &Status,
    ) -> Result<Edits, Failure> {
        let (asked, _) = question;
        match outcome {
            Err(ModelError::Unwanted) => Err(Failure::Stale),
            Ok(edits) => {
                status.passed(took);
                if status.state() == WorkerState::Failed {
                    status.set(WorkerState::Ready);
                }
                let style = asked.weights.style(asked.direction);
                for number in [asked.weights.own, style].into_iter().flatten() {
                    status.accept(number);
                }
                self.memo.put(asked, &edits);
                Ok(edits)
            }
            Err(ModelError::NoWeights(pair)) => {
                tracing::warn!("no weights for {pair}: notes play dry");
                Err(Failure::NoWeights)
            }
            Err(ModelError::Own { number, text })
                if asked.weights.style(asked.direction) == Some(number) =>
            {
                tracing::warn!("{text}: the pair's genre plays in its place");
                status.refuse(number, text);
                self.without_style(question, status)
            }
            Err(ModelError::Own { number, text }) => {
                tracing::warn!("{text}: notes play dry");
                status.refuse(number, text);
                Err(Failure::NoWeights)
            }
            Err(error) => {
                tracing::error!("{error}: notes play dry");
                status.fail(error.to_string());
                Err(Failure::Network)
            }
        }
    }
}
