//! Memory of this process, as the system counts it.

/// Resident memory in KiB. `None` where the system does not say.
pub fn resident_kib() -> Option<u64> {
    field(
        &std::fs::read_to_string("/proc/self/status").ok()?,
        "VmRSS:",
    )
}

/// Heap of this process and all libraries in it that `malloc` gave and did not get back, in KiB:
/// unlike resident memory it does not grow where a block is filled that was there before. `None`
/// where the system does not say.
pub fn allocated_kib() -> Option<u64> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        #[expect(unsafe_code, reason = "glibc's own count has no safe name")]
        // SAFETY: it has no conditions; it locks and reads one arena after the other.
        let info = unsafe { libc::mallinfo2() };
        Some((info.uordblks as u64).saturating_add(info.hblkhd as u64) / 1024)
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    None
}

/// Address space in KiB. `None` where the system does not say.
pub fn virtual_kib() -> Option<u64> {
    field(
        &std::fs::read_to_string("/proc/self/status").ok()?,
        "VmSize:",
    )
}

/// Mappings, and how many of them are of files whose path holds `name`.
pub fn mappings(name: &str) -> Option<(usize, usize)> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let of_name = maps.lines().filter(|line| line.contains(name)).count();
    Some((maps.lines().count(), of_name))
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The slope of a straight line through the points (least squares); 0 for fewer than two.
pub fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let along: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    if spread > 0.0 { along / spread } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_that_of_the_line() {
        let line: Vec<_> = (0..9)
            .map(|x| (f64::from(x), 3.0 - 2.0 * f64::from(x)))
            .collect();
        assert!((slope(&line) + 2.0).abs() < 1e-12);
        assert_eq!(slope(&line[..1]), 0.0);
        assert_eq!(slope(&[]), 0.0);
    }

    #[test]
    fn the_system_s_words_are_read() {
        let status = "Name:\tx\nVmRSS:\t    1234 kB\nThreads:\t3\n";
        assert_eq!(field(status, "VmRSS:"), Some(1234));
        assert_eq!(field(status, "VmSwap:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_that_is_used_is_counted() {
        let before = resident_kib().unwrap();
        let held = vec![1_u8; 64 << 20];
        assert!(resident_kib().unwrap() > before + (32 << 10));
        drop(held);
        what_was_asked_for_is_counted();
        let (all, none) = mappings("no such library").unwrap();
        assert!(all > 1 && none == 0);
    }

    /// In the same test as above: they would count each other's memory.
    #[cfg(target_os = "linux")]
    fn what_was_asked_for_is_counted() {
        let mebibytes = || allocated_kib().map(|kibibytes| kibibytes / 1024);
        let Some(before) = mebibytes() else { return };
        let now = || mebibytes().unwrap();
        // Small blocks of another thread's arena, and one large one.
        let blocks = || (0..40_000).map(|_| vec![0_u8; 1024]).collect::<Vec<_>>();
        let small = std::thread::spawn(blocks).join().unwrap();
        let mut large = vec![0_u8; 64 << 20];
        let held = now();
        assert!((95..160).contains(&(held - before)), "{before}, {held}");
        large.fill(1);
        assert!(now() < held + 20, "filling a block asks for nothing");
        drop((small, large));
        assert!(now() < before + 20);
    }
}
