//! The page without networks, and with the shipped ones on one phrase.

use serde_json::{Value, json};
use third_stream_model::shipped;

use super::*;

const CLIP: &[u8] = include_bytes!("../../../docs/examples/01-jazz-to-classic-before.mid");

fn at(knob: i32) -> Value {
    json!({
        "pair": "jazz-classic", "knob": knob, "quantise": 100, "tune": 15,
        "harmony": 3, "variation": 1, "melody_lock": false,
    })
}

fn call(page: &mut Page, task: u32, sent: &Value) -> Result<Value, String> {
    let answer = page.call(task, sent.to_string().as_bytes());
    let answer = answer.map_err(|error| error.to_string())?;
    Ok(serde_json::from_slice(&answer).unwrap_or(Value::Null))
}

#[test]
fn the_middle_of_the_knob_is_the_file_and_asks_nothing() {
    let mut page = Page::default();
    page.call(1, CLIP).unwrap();
    assert_eq!(call(&mut page, 2, &at(0)), Ok(json!([])));
    let shown = call(&mut page, 4, &at(0)).unwrap();
    assert_eq!((&shown["removed"], &shown["added"]), (&json!(0), &json!(0)));
    assert_eq!(page.call(5, b"").unwrap(), CLIP);
}

#[test]
fn each_phrase_is_asked_once_and_then_played_at_any_amount() {
    let mut page = Page::default();
    page.call(0, shipped::arranger()).unwrap();
    page.call(1, CLIP).unwrap();
    assert_eq!(call(&mut page, 2, &at(100)), Ok(json!([0])));
    call(&mut page, 3, &json!({"settings": at(100), "phrase": 0})).unwrap();
    assert_eq!(call(&mut page, 2, &at(35)), Ok(json!([])));
    let changed = |page: &mut Page, knob| {
        let shown = call(page, 4, &at(knob)).unwrap();
        shown["removed"].as_u64().unwrap() + shown["added"].as_u64().unwrap()
    };
    let (some, all) = (changed(&mut page, 35), changed(&mut page, 100));
    assert!(some <= all && all > 0, "{some}, {all}");
    assert_ne!(page.call(5, b"").unwrap(), CLIP);
    // The other end is another question.
    assert_eq!(call(&mut page, 2, &at(-35)), Ok(json!([0])));
    let said = call(&mut page, 4, &at(-35)).unwrap_err();
    assert_eq!(said, "phrase 1 has no answer yet");
}

#[test]
fn what_is_missing_or_wrong_is_said() {
    let mut page = Page::default();
    assert!(call(&mut page, 2, &at(1)).unwrap_err().contains("open one"));
    assert!(page.call(1, b"no MIDI").is_err());
    page.call(1, CLIP).unwrap();
    let ask = json!({"settings": at(1), "phrase": 0});
    let said = call(&mut page, 3, &ask).unwrap_err();
    assert_eq!(said, "the networks are not loaded yet");
    let said = call(&mut page, 4, &at(200)).unwrap_err();
    assert_eq!(said, "the knob is at 200, expected -100 to 100");
    let said = page.call(0, b"short").unwrap_err().to_string();
    assert!(said.starts_with("the page's weights"), "{said}");
    assert!(page.call(9, b"").is_err());
}
