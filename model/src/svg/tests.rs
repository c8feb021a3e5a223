//! Pictures as runs and as text.

use super::*;
use crate::smf::Smf;
use crate::smf::tests::file;

/// Eight 4/4 bars and then a bar of 3/4.
fn song() -> Song {
    let track = [
        0x98, 0x00, 0xff, 0x58, 4, 3, 2, 24, 8, 0x82, 0x20, 0xff, 0x2f, 0,
    ];
    let mut smf = Smf::read(&file(0, [0, 96], &[&track])).unwrap();
    let note = crate::smf::NewNote {
        start: 0,
        end: 96 * 35,
        channel: 0,
        key: 60,
        velocity: 80,
        off_velocity: 0,
    };
    smf.tracks_mut()[0].replace_notes(&[], &[note]);
    Song::of(&smf).unwrap()
}

fn mark(key: u8, onset: f64, release: f64) -> Mark {
    Mark {
        key,
        onset,
        release,
    }
}

#[test]
fn cells_are_kept_removed_or_added() {
    let before = [mark(60, 0.0, 1.0), mark(60, 1.0, 2.0), mark(64, 3.5, 4.5)];
    let after = [mark(60, 0.0, 1.0), mark(60, 1.02, 1.5), mark(67, 3.0, 3.2)];
    let cells = Cells::of(song().grid(), &before, &after);
    let runs: Vec<_> = cells
        .runs(0..16)
        .iter()
        .map(|run| format!("{run:?}"))
        .collect();
    insta::assert_snapshot!(runs.join("\n"), @r"
    Run { key: 60, start: 0, end: 4, kind: Kept, onset: true }
    Run { key: 60, start: 4, end: 6, kind: Kept, onset: true }
    Run { key: 60, start: 6, end: 8, kind: Removed, onset: false }
    Run { key: 64, start: 14, end: 16, kind: Removed, onset: true }
    Run { key: 67, start: 12, end: 13, kind: Added, onset: true }
    ");
    assert_eq!(cells.count(Kind::Kept), 6);
    assert_eq!(cells.count(Kind::Removed), 6);
    assert_eq!(cells.count(Kind::Added), 1);
}

#[test]
fn the_picture_is_one_file_with_every_bar_and_its_legend() {
    let song = song();
    let before = marks(&song, &PartSelection::default());
    let svg = draw(&Picture {
        title: "Blues & <more>",
        subtitle: "jazz to classical, 80 %",
        grid: song.grid(),
        before: &before,
        after: &[mark(60, 0.0, 20.0), mark(72, 32.0, 36.0)],
    });
    assert!(svg.contains("Blues &amp; &lt;more&gt;"));
    for bar in 1..=9 {
        assert!(svg.contains(&format!(">{bar}</text>")));
    }
    for legend in ["80 kept", "60 removed", "12 added"] {
        assert!(svg.contains(legend), "{legend}");
    }
    // The legend, and one run in each of the two rows of bars.
    assert_eq!(svg.matches("class=\"removed\"").count(), 3);
    assert_eq!(svg.matches("class=\"cross\"").count(), 3);
    assert!(!svg.contains("href"), "nothing is loaded from elsewhere");
    assert_eq!(svg.matches("<svg").count(), 1);
}

#[test]
fn a_song_without_notes_is_drawn_empty() {
    let song = song();
    let svg = draw(&Picture {
        title: "",
        subtitle: "",
        grid: song.grid(),
        before: &[],
        after: &[],
    });
    assert!(svg.contains("0 kept"));
}
