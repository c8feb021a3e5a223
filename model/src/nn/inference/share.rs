//! How a pass is shared out to the threads of the current pool, or is not.

use std::cell::Cell;

use rayon::prelude::*;

thread_local! {
    static UNDIVIDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls `f`; the passes that it makes stay on this thread, whatever the pool. So passes that go
/// on side by side do not wait for each other at the end of every layer: on a machine with other
/// work that is most of their time.
pub fn undivided<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            UNDIVIDED.set(self.0);
        }
    }
    let _restore = Restore(UNDIVIDED.replace(true));
    f()
}

fn is_divided() -> bool {
    !UNDIVIDED.get() && rayon::current_num_threads() > 1
}

/// Shares the chunks of `values` out to the threads of the current pool.
pub(crate) fn chunks(values: &mut [f32], len: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    if is_divided() {
        let chunks = values.par_chunks_exact_mut(len).enumerate();
        chunks.for_each(|(index, values)| work(index, values));
    } else {
        for (index, values) in values.chunks_exact_mut(len).enumerate() {
            work(index, values);
        }
    }
}

/// Shares the chunks of two at once out to the threads of the current pool.
pub(crate) fn chunks_of(
    first: &mut [f32],
    first_len: usize,
    second: &mut [f32],
    second_len: usize,
    work: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) {
    if is_divided() {
        let first = first.par_chunks_exact_mut(first_len);
        let second = second.par_chunks_exact_mut(second_len);
        let both = first.zip(second).enumerate();
        both.for_each(|(index, (first, second))| work(index, first, second));
    } else {
        let first = first.chunks_exact_mut(first_len);
        let both = first.zip(second.chunks_exact_mut(second_len)).enumerate();
        both.for_each(|(index, (first, second))| work(index, first, second));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;
    use std::thread::ThreadId;
    use std::time::Duration;

    use super::*;

    /// The threads of a pool of two that worked on sixteen chunks.
    fn threads(share: impl Fn(&(dyn Fn() + Sync)) + Sync) -> usize {
        let seen: Mutex<BTreeSet<String>> = Mutex::default();
        let note = || {
            std::thread::sleep(Duration::from_millis(2));
            let thread: ThreadId = std::thread::current().id();
            seen.lock().unwrap().insert(format!("{thread:?}"));
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2);
        pool.build().unwrap().install(|| share(&note));
        seen.into_inner().unwrap().len()
    }

    #[test]
    fn what_is_undivided_stays_on_its_thread_and_what_comes_after_is_shared_again() {
        let share = |note: &(dyn Fn() + Sync)| {
            let (mut one, mut other) = ([0.0; 16], [0.0; 16]);
            chunks(&mut one, 1, |_, _| note());
            chunks_of(&mut one, 1, &mut other, 1, |_, _, _| note());
        };
        assert_eq!(threads(share), 2);
        assert_eq!(threads(|note| undivided(|| share(note))), 1);
        let after = |note: &(dyn Fn() + Sync)| {
            let panic = std::panic::catch_unwind(|| undivided::<()>(|| panic!("in a pass")));
            assert!(panic.is_err());
            share(note);
        };
        assert_eq!(threads(after), 2);
    }
}
