//! The threads of this process, as the system lists them.

use std::time::{Duration, Instant};

/// How many threads there are. `None` where the system does not list them.
pub fn count() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/task").ok()?.count())
}

/// Waits until there are no more than `expected` threads; the last count. A thread that was
/// joined may be listed for a moment longer.
pub fn settle(expected: usize, patience: Duration) -> Option<usize> {
    let start = Instant::now();
    loop {
        let now = count()?;
        if now <= expected || start.elapsed() > patience {
            return Some(now);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// How often threads of that name have gone to sleep by themselves. `None` where the system does
/// not say.
pub fn rests(name: &str) -> Option<u64> {
    let mut rests = 0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let status = std::fs::read_to_string(task.ok()?.path().join("status")).unwrap_or_default();
        let field = |key: &str| status.lines().find_map(|line| line.strip_prefix(key));
        if field("Name:").is_some_and(|found| found.trim() == name) {
            rests += field("voluntary_ctxt_switches:")?
                .trim()
                .parse::<u64>()
                .ok()?;
        }
    }
    Some(rests)
}

/// Waits until the plugin's worker has done what it was asked: it must be seen asleep several
/// times in a row. Where threads cannot be listed, waits for `fallback`.
pub fn wait_for_worker(name: &str, patience: Duration, fallback: Duration) {
    // Time for the worker to notice that it was asked.
    std::thread::sleep(Duration::from_millis(60));
    let start = Instant::now();
    let mut quiet = 0;
    while quiet < 6 && start.elapsed() < patience {
        match busy(name) {
            None => return std::thread::sleep(fallback),
            Some(true) => quiet = 0,
            Some(false) => quiet += 1,
        }
        std::thread::sleep(Duration::from_millis(4));
    }
}

/// True if a thread of that name runs or wants to run.
fn busy(name: &str) -> Option<bool> {
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let stat = std::fs::read_to_string(task.ok()?.path().join("stat")).unwrap_or_default();
        // `id (name) state …`, and the name may hold anything.
        let Some((start, rest)) = stat.rsplit_once(')') else {
            continue;
        };
        let named = start
            .split_once('(')
            .is_some_and(|(_, n)| name.starts_with(n));
        if named && rest.trim_start().starts_with(['R', 'D']) {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_at_work_is_seen_while_it_lives() {
        let stop = std::sync::atomic::AtomicBool::new(false);
        let order = std::sync::atomic::Ordering::Relaxed;
        let spin = || {
            while !stop.load(order) {
                std::hint::spin_loop();
            }
        };
        let seen = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("spinning thread".into());
            thread.spawn_scoped(scope, spin).unwrap();
            // It takes a moment until the thread has its name.
            let seen = (0..2000).any(|_| {
                std::thread::sleep(Duration::from_millis(1));
                busy("spinning thread") == Some(true)
            });
            stop.store(true, order);
            seen
        });
        assert!(seen);
        // The system lists a thread for a moment after its end.
        let gone = (0..2000).any(|_| {
            std::thread::sleep(Duration::from_millis(1));
            busy("spinning thread") == Some(false)
        });
        assert!(gone);
    }

    #[test]
    fn a_thread_that_goes_to_sleep_is_counted() {
        let sleep = || {
            let before = rests("sleepy").unwrap();
            for _ in 0..5 {
                std::thread::sleep(Duration::from_millis(1));
            }
            rests("sleepy").unwrap() - before
        };
        let thread = std::thread::Builder::new().name("sleepy".into());
        assert!(thread.spawn(sleep).unwrap().join().unwrap() >= 5);
    }

    #[test]
    fn settling_ends_when_the_threads_have() {
        let now = count().unwrap();
        assert!(now >= 1);
        assert!(settle(now + 100, Duration::from_secs(5)).unwrap() <= now + 100);
        let start = Instant::now();
        assert!(settle(0, Duration::from_millis(20)).unwrap() >= 1);
        assert!(start.elapsed() >= Duration::from_millis(20));
    }
}
