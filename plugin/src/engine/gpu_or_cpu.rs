//! A GPU model with a CPU model as fallback.

use third_stream_model::roll::edits::Edits;

use super::model::caught;
use super::{Load, Model, ModelError, Question, Wanted};
use crate::link::WeightsId;

/// True if the model must not be used again after this error.
const fn is_failure(error: &ModelError) -> bool {
    match error {
        ModelError::NoWeights(_) | ModelError::Own { .. } | ModelError::Unwanted => false,
        ModelError::Weights(_) | ModelError::Pass(_) => true,
    }
}

/// A model opened at the first question, and the one that replaces it for good when it cannot be
/// opened, fails or panics.
pub(crate) struct GpuOrCpu {
    first: First,
    second: Box<dyn Model>,
    /// Device name for the editor.
    device: String,
}

enum First {
    Unopened(Load),
    Open(Box<dyn Model>),
    Gone,
}

impl GpuOrCpu {
    /// Opens nothing yet.
    pub(crate) fn new(first: Load, second: Box<dyn Model>) -> Self {
        Self {
            device: second.device().to_owned(),
            first: First::Unopened(first),
            second,
        }
    }

    /// The first model's answer; `None` once it is replaced.
    fn ask(&mut self, asked: &Question, wanted: Wanted<'_>) -> Option<Result<Edits, ModelError>> {
        let mut model = match std::mem::replace(&mut self.first, First::Gone) {
            First::Open(model) => model,
            First::Unopened(load) => caught(load)
                .inspect(|model| model.device().clone_into(&mut self.device))
                .inspect_err(|error| self.lost(error))
                .ok()?,
            First::Gone => return None,
        };
        match caught(|| model.edits(asked, wanted)) {
            Err(error) if is_failure(&error) => {
                // Its destructor may panic, too.
                let dropped = caught(|| {
                    drop(model);
                    Ok(())
                });
                self.lost(dropped.as_ref().err().unwrap_or(&error));
                None
            }
            answer => {
                self.first = First::Open(model);
                Some(answer)
            }
        }
    }

    fn lost(&mut self, why: &ModelError) {
        let second = self.second.device();
        tracing::warn!("no GPU: {why}; the networks run on the {second} until the host is closed");
        self.device = format!("{second}, for the GPU failed");
    }
}

impl Model for GpuOrCpu {
    fn device(&self) -> &str {
        &self.device
    }

    fn edits(&mut self, asked: &Question, wanted: Wanted<'_>) -> Result<Edits, ModelError> {
        if let Some(answer) = self.ask(asked, wanted) {
            return answer;
        }
        self.second.edits(asked, wanted)
    }

    fn at_once(&self) -> usize {
        match &self.first {
            First::Open(model) => model.at_once(),
            First::Unopened(_) | First::Gone => self.second.at_once(),
        }
    }

    fn answers(&mut self, questions: &[(Question, Wanted<'_>)]) -> Vec<Result<Edits, ModelError>> {
        if let First::Gone = self.first {
            return self.second.answers(questions);
        }
        // One by one: the GPU may fail at any of them.
        let each = questions.iter();
        each.map(|(asked, wanted)| caught(|| self.edits(asked, wanted)))
            .collect()
    }

    fn heeds_wishes(&self, weights: WeightsId) -> bool {
        self.second.heeds_wishes(weights)
    }

    fn warm_up(&mut self) -> Result<(), ModelError> {
        self.second.warm_up()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use third_stream_model::genre::{Direction, Pair};
    use third_stream_model::roll::notes::NoteRoll;

    use super::*;

    /// A test model: answers with no edits for a number of passes, then fails as configured.
    struct Device {
        name: &'static str,
        passes: usize,
        asked: Rc<Cell<usize>>,
        at_once: usize,
        /// Questions in the last call of `answers`.
        together: Rc<Cell<usize>>,
        end: End,
    }

    type End = fn() -> Result<Edits, ModelError>;

    impl Device {
        fn gpu(passes: usize, end: End) -> Self {
            Self {
                name: "GPU",
                passes,
                asked: Rc::default(),
                at_once: 1,
                together: Rc::default(),
                end,
            }
        }

        /// A CPU that counts its questions in `asked`, and never fails.
        fn cpu(asked: &Rc<Cell<usize>>) -> Self {
            Self {
                name: "CPU",
                asked: Rc::clone(asked),
                at_once: 2,
                ..Self::gpu(usize::MAX, || unreachable!())
            }
        }
    }

    impl Model for Device {
        fn device(&self) -> &str {
            self.name
        }

        fn edits(&mut self, _: &Question, _: Wanted<'_>) -> Result<Edits, ModelError> {
            self.asked.set(self.asked.get() + 1);
            if self.asked.get() > self.passes {
                return (self.end)();
            }
            Ok(Edits::NONE)
        }

        fn at_once(&self) -> usize {
            self.at_once
        }

        fn answers(
            &mut self,
            questions: &[(Question, Wanted<'_>)],
        ) -> Vec<Result<Edits, ModelError>> {
            self.together.set(questions.len());
            let each = questions.iter();
            each.map(|(asked, wanted)| self.edits(asked, wanted))
                .collect()
        }
    }

    fn question() -> Question {
        Question {
            weights: WeightsId::shipped(Pair::JAZZ_CLASSIC),
            direction: Direction::AToB,
            roll: NoteRoll::EMPTY,
            wish: crate::link::Wish::default(),
            earlier: None,
        }
    }

    fn ask(model: &mut GpuOrCpu) -> Result<Edits, ModelError> {
        model.edits(&question(), &|| true)
    }

    /// A GPU that fails after `passes` before a CPU, and a counter of the CPU's questions.
    fn fallback(passes: usize, end: End) -> (GpuOrCpu, Rc<Cell<usize>>) {
        let asked = Rc::new(Cell::new(0));
        let cpu = Device::cpu(&asked);
        let gpu: Load = Box::new(move || Ok(Box::new(Device::gpu(passes, end))));
        (GpuOrCpu::new(gpu, Box::new(cpu)), asked)
    }

    #[test]
    fn the_gpu_is_opened_at_the_first_question_and_answers_alone() {
        let (mut model, cpu) = fallback(usize::MAX, || unreachable!());
        model.warm_up().unwrap();
        assert_eq!((model.device(), cpu.get()), ("CPU", 1));
        ask(&mut model).unwrap();
        assert_eq!((model.device(), cpu.get()), ("GPU", 1));
    }

    #[test]
    fn what_fails_or_panics_is_asked_no_more() {
        let ends: [End; 2] = [
            || Err(ModelError::Pass("out of memory".into())),
            || panic!("the driver is gone"),
        ];
        for end in ends {
            let (mut model, cpu) = fallback(2, end);
            for _ in 0..5 {
                ask(&mut model).unwrap();
            }
            assert_eq!(cpu.get(), 3);
            assert_eq!(model.device(), "CPU, for the GPU failed");
        }
    }

    #[test]
    fn questions_go_together_to_a_cpu_that_took_over_and_one_by_one_to_a_gpu() {
        let fails: Load = Box::new(|| Err(ModelError::Pass("no driver".into())));
        let works: Load = Box::new(|| Ok(Box::new(Device::gpu(usize::MAX, || unreachable!()))));
        for (gpu, at_once, together) in [(works, 1, 0), (fails, 2, 2)] {
            let cpu = Device::cpu(&Rc::default());
            let seen = Rc::clone(&cpu.together);
            let mut model = GpuOrCpu::new(gpu, Box::new(cpu));
            ask(&mut model).unwrap();
            assert_eq!(model.at_once(), at_once);
            let waits: Wanted<'_> = &|| true;
            let answers = model.answers(&vec![(question(), waits); 2]);
            assert_eq!(answers, [Ok(Edits::NONE), Ok(Edits::NONE)]);
            assert_eq!(seen.get(), together);
        }
    }

    #[test]
    fn a_gpu_that_cannot_be_opened_is_tried_once() {
        let ways: [Load; 2] = [
            Box::new(|| Err(ModelError::Pass("no driver".into()))),
            Box::new(|| panic!("libcuda is missing")),
        ];
        for way in ways {
            let cpu = Rc::default();
            let mut model = GpuOrCpu::new(way, Box::new(Device::cpu(&cpu)));
            ask(&mut model).unwrap();
            ask(&mut model).unwrap();
            assert_eq!(cpu.get(), 2);
            assert_eq!(model.device(), "CPU, for the GPU failed");
        }
    }

    #[test]
    fn a_pair_without_weights_is_no_failure_of_the_gpu() {
        let (mut model, cpu) = fallback(0, || Err(ModelError::NoWeights(Pair::JAZZ_POP)));
        assert!(matches!(ask(&mut model), Err(ModelError::NoWeights(_))));
        assert_eq!((model.device(), cpu.get()), ("GPU", 0));
    }

    #[test]
    fn a_question_that_was_given_up_is_no_failure_of_the_gpu() {
        let (mut model, cpu) = fallback(0, || Err(ModelError::Unwanted));
        assert_eq!(ask(&mut model), Err(ModelError::Unwanted));
        assert_eq!((model.device(), cpu.get()), ("GPU", 0));
    }
}
