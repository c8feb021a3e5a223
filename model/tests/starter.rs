//! From a fresh clone: training and measuring with nothing said about the music, as a user types
//! it.

#![expect(
    clippy::unwrap_used,
    reason = "what a test builds on is a test's own failure"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use third_stream_model::genre::Pair;
use third_stream_model::transfer::Transfer;

/// Runs `third-stream` in a folder; fails with what it said unless it ends well.
fn done(dir: &Path, line: &str) -> Output {
    let output = run(dir, line);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {said}");
    output
}

fn run(dir: &Path, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_third-stream"))
        .current_dir(dir)
        // A user's own folder of weights and styles is left alone.
        .env("XDG_DATA_HOME", dir)
        .env("HOME", dir)
        .args(line.split_whitespace())
        .output()
        .unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn weights_are_trained_and_measured_with_no_music_named() {
    let dir = tempfile::tempdir().unwrap();
    let trained = done(dir.path(), "train --smoke");
    let said = errors(&trained);
    assert!(
        said.contains("the starter corpus, early jazz and ragtime"),
        "{said}"
    );
    assert!(said.contains("a smoke test only"), "{said}");
    let place = String::from_utf8(trained.stdout).unwrap();
    assert_eq!(place.trim(), "runs/arranger-1/weights.safetensors");

    let bytes = fs::read(dir.path().join(place.trim())).unwrap();
    let transfer = Transfer::from_bytes(&bytes).unwrap();
    assert_eq!(transfer.header().pairs(), [Pair::JAZZ_CLASSIC]);
    assert_eq!(transfer.header().recipe, "arranger-smoke");

    let line = format!(
        "evaluate --weights {} --phrases 8 --seeds 1 --stranger-steps 8 --out report --quiet",
        place.trim()
    );
    let measured = done(dir.path(), &line);
    assert!(errors(&measured).contains("a quick look, and no measure"));
    let table = String::from_utf8(measured.stdout).unwrap();
    assert!(table.contains("jazz-classic"), "{table}");
    let figures = fs::read(dir.path().join("report/figures.json")).unwrap();
    let figures: serde_json::Value = serde_json::from_slice(&figures).unwrap();
    // One pair: there is no pop.
    assert_eq!(figures["measures"]["panel"]["steps"], 8, "{figures}");
    assert!(dir.path().join("report/report.html").is_file());
}

#[test]
fn a_pair_that_the_starter_corpus_lacks_is_an_error_that_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    for (line, why) in [
        (
            "train --pair jazz-pop --dry-run",
            "error: --pair jazz-pop: the starter corpus has no pop; name a corpus folder with \
             --data, or two folders of MIDI files with --a and --b\n",
        ),
        (
            "evaluate --pair jazz-pop --quiet",
            "error: jazz-pop: the starter corpus has no such music; give --data, or --a and --b\n",
        ),
    ] {
        let output = run(dir.path(), line);
        assert!(!output.status.success(), "{line}");
        assert_eq!(errors(&output), why, "{line}");
    }
}

#[test]
fn a_paper_s_pair_is_trained_on_the_starter_corpus_too() {
    let dir = tempfile::tempdir().unwrap();
    let line = "train --family cyclegan --smoke --steps 1 --run pair --quiet";
    done(dir.path(), line);
    let record = fs::read_to_string(dir.path().join("pair/run.json")).unwrap();
    assert!(record.contains("\"starter\": \"\""), "{record}");
    // It goes on with the same music.
    done(dir.path(), "train --resume pair --quiet --validate-every 0");
}

#[test]
fn a_style_is_learned_from_the_starter_corpus_s_ragtime() {
    let dir = tempfile::tempdir().unwrap();
    done(dir.path(), "train --smoke --run run --quiet");
    let line =
        "learn-style --name Rag --weights run/weights.safetensors --steps 40 --out rag.style";
    let output = run(dir.path(), line);
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(
        said.starts_with("music: mutopia-ragtime of the starter corpus\n"),
        "{said}"
    );
    // All eighteen rags, some of them kept back.
    let counts = said.lines().nth(1).unwrap().split(' ');
    let counts: Vec<usize> = counts.filter_map(|word| word.parse().ok()).collect();
    assert_eq!(counts[0] + counts[2], 431, "{said}");
    assert_eq!(counts[1] + counts[3], 18, "{said}");
    // So small a network may be no better for it, which is said, and nothing is written.
    let better = said.lines().any(|line| line.starts_with("wrote rag.style"));
    assert_eq!(output.status.success(), better, "{}", errors(&output));
    assert_eq!(dir.path().join("rag.style").exists(), better);

    let line = "learn-style --name Rag --collection nowhere";
    let why = errors(&run(dir.path(), line));
    assert!(why.starts_with("error: --collection nowhere: "), "{why}");
    assert!(why.contains("mutopia-ragtime, openewld"), "{why}");
}
