//! Comparison of a clip's input and output: which notes were kept, which removed, which added.

pub use third_stream_model::song::Counts;

use crate::song::ClipNote;

/// A note counts as kept when it starts within this many beats of where it was (half a step of
/// quantising and a little more).
const NEAR: f64 = 0.13;

/// Compares the notes that start in `from..until` (beats).
pub fn count(before: &[ClipNote], after: &[ClipNote], from: f64, until: f64) -> Counts {
    // A quantised note may move over a bar line: it counts where the grid has it.
    let within = |note: &&ClipNote| {
        let on_grid = (note.onset * 4.0).round() / 4.0;
        (from..until).contains(&on_grid)
    };
    let before: Vec<&ClipNote> = before.iter().filter(within).collect();
    let mut left: Vec<&ClipNote> = after.iter().filter(within).collect();
    let counts = Counts {
        before: before.len(),
        after: left.len(),
        kept: 0,
    };
    let kept = before.iter().filter(|note| {
        let same = left.iter().position(|other| {
            other.key == note.key
                && other.channel == note.channel
                && (other.onset - note.onset).abs() <= NEAR
        });
        same.map(|index| left.swap_remove(index)).is_some()
    });
    Counts {
        kept: kept.count(),
        ..counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moved_a_little_is_kept_and_moved_far_is_not() {
        let before = [
            ClipNote::new(0.0, 1.0, 60),
            ClipNote::new(1.0, 2.0, 62),
            ClipNote::new(2.0, 3.0, 64),
        ];
        let after = [
            ClipNote::new(0.1, 1.0, 60),
            ClipNote::new(1.5, 2.0, 62),
            ClipNote::new(5.0, 6.0, 64),
        ];
        let counts = count(&before, &after, 0.0, 4.0);
        assert_eq!((counts.kept, counts.removed(), counts.added()), (1, 2, 1));
        assert_eq!(count(&before, &before, 0.0, 4.0).kept, 3);
    }

    #[test]
    fn one_note_cannot_keep_two() {
        let twice = [ClipNote::new(0.0, 1.0, 60), ClipNote::new(0.05, 1.0, 60)];
        let counts = count(&twice, &twice[..1], 0.0, 4.0);
        assert_eq!((counts.kept, counts.removed()), (1, 1));
    }
}
