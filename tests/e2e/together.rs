//! Instances that play at the same moment, and what they count.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use third_stream_tests::clip;
use third_stream_tests::host::{
    self, Instance, InstancePart, Pace, Reader, Setup, Together, perform_together,
};
use third_stream_tests::song::{HostSong, Passage, Script};

use crate::stage::{Stage, knob, plugin};

fn script() -> Script {
    let passages = [Passage::play(0.0, 64.0), Passage::Stop { seconds: 0.5 }];
    Script::new(clip::song(), passages)
}

fn rushed() -> Setup {
    Setup::paced(Pace::Rushed)
}

/// Plays the same with all, on two audio threads.
fn together(
    instances: &mut [Instance],
    (script, setup): (&Script, &Setup),
    between: impl Fn() -> Result<()> + Sync,
) -> Together {
    let parts = instances.iter_mut().map(|instance| InstancePart {
        instance,
        script,
        setup,
    });
    perform_together(&mut parts.collect::<Vec<_>>(), 2, between).unwrap()
}

/// The counters; `None` where the plugin under test has none.
fn reader(plugin: &Stage) -> Option<Reader> {
    plugin.library.counters(&host::plugin_under_test()?)
}

/// Waits until the engine has answered all that was asked.
fn wait(reader: &Reader) -> Result<()> {
    let start = Instant::now();
    while reader.sum().open() > 0 {
        ensure!(start.elapsed() < Duration::from_secs(20), "no answer");
        std::thread::sleep(Duration::from_micros(200));
    }
    Ok(())
}

#[test]
fn each_plays_as_if_it_were_alone() {
    let Some(plugin) = plugin() else { return };
    let settings = [&[knob(1.0)][..], &[knob(-1.0)], &[("Delay", 0.0)]];
    let alone = settings.map(|set| plugin.bounce(set, &script()));
    let mut instances = settings.map(|set| plugin.instance(set));
    let played = together(&mut instances, (&script(), &Setup::default()), || Ok(()));
    assert_eq!(played.blocks, played.rounds * 3, "all at the same moment");
    for (index, (one, alone)) in played.recordings.iter().zip(&alone).enumerate() {
        assert!(!one.notes().is_empty());
        assert_eq!(one.events, alone.events, "instance {index}");
    }
}

#[test]
fn every_question_is_answered_and_nothing_is_late_where_the_host_waits() {
    let Some(plugin) = plugin() else { return };
    let Some(reader) = reader(&plugin) else {
        return;
    };
    let first = reader.sum().instances;
    let mut instances = [0.0, 1.0].map(|mode| plugin.instance(&[knob(1.0), ("Mode", mode)]));
    for pass in 0..2 {
        together(&mut instances, (&script(), &rushed()), || wait(&reader));
        for number in first..first + 2 {
            let counted = reader.of(number);
            assert!(counted.asked > 0, "pass {pass}: {counted:?}");
            assert_eq!(counted.answered, counted.asked, "pass {pass}: {counted:?}");
            assert_eq!(counted.taken, counted.asked, "pass {pass}: {counted:?}");
            let missed = [counted.late, counted.no_room, counted.dry, counted.refused];
            assert_eq!(missed, [0; 4], "pass {pass}: {counted:?}");
        }
    }
    assert_eq!(reader.sum().instances, first + 2);
}

#[test]
fn what_is_late_where_the_host_hurries_is_counted_and_lost_to_no_sum() {
    let Some(plugin) = plugin() else { return };
    let Some(reader) = reader(&plugin) else {
        return;
    };
    let before = reader.sum();
    let mut instances = [1.0, -1.0].map(|place| plugin.instance(&[knob(place)]));
    // So fast that it is over before the plugin could take the hurry for an export.
    let mut script = script();
    script.song = HostSong::new(6000.0, script.song.notes);
    together(&mut instances, (&script, &rushed()), || Ok(()));
    let late = reader.sum().late - before.late;
    assert!(late > 0, "{:?}", reader.sum());
    // They go while answers are pending, and what they have counted stays.
    drop(instances);
    let start = Instant::now();
    while reader.sum().open() + reader.sum().untaken() > 0 {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(1));
    }
    let sum = reader.sum();
    assert_eq!(sum.late - before.late, late);
    assert_eq!(sum.asked, sum.answered + sum.abandoned, "{sum:?}");
    assert_eq!(sum.answered, sum.taken + sum.unread, "{sum:?}");
    assert_eq!(sum.dry, sum.late + sum.unasked, "{sum:?}");
}
