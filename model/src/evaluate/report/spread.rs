//! Several seeds of one recipe: the mean of every figure, and how far apart the seeds are.

use serde_json::{Map, Number, Value};

use super::{EvaluatedModel, Group, JudgedRow, JudgedTransfer};

/// The groups of `models` that have the same name, in their order. `rows` begins with the rows
/// of the models.
pub(super) fn groups(models: &[EvaluatedModel], rows: &[JudgedRow]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for model in models {
        let own = models
            .iter()
            .zip(rows)
            .filter(|(m, _)| m.name == model.name);
        let own: Vec<&JudgedRow> = own.map(|(_, row)| row).collect();
        if own.len() < 2 || groups.iter().any(|group| group.name == model.name) {
            continue;
        }
        let measured: Vec<&JudgedTransfer> = own.iter().map(|row| &row.measured).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let folded = [
            fold(&measured, &mean),
            fold(&measured, &least),
            fold(&measured, &most),
        ];
        if let [Some(mean), Some(least), Some(most)] = folded {
            groups.push(Group {
                name: model.name.to_owned(),
                rows: own.iter().map(|row| row.name.clone()).collect(),
                mean,
                least,
                most,
            });
        }
    }
    groups
}

/// Figures of the same shape with each number folded into one. It goes by the JSON form, so that
/// no figure can be forgotten; figures have a JSON form, so this always succeeds.
fn fold(measured: &[&JudgedTransfer], by: &dyn Fn(&[f64]) -> f64) -> Option<JudgedTransfer> {
    let values: Result<Vec<Value>, _> = measured.iter().map(serde_json::to_value).collect();
    let values = values.ok()?;
    let values: Vec<&Value> = values.iter().collect();
    serde_json::from_value(fold_values(&values, by)).ok()
}

fn fold_values(values: &[&Value], by: &dyn Fn(&[f64]) -> f64) -> Value {
    match values {
        // Counts of phrases are the same everywhere, and stay whole.
        [first, rest @ ..] if rest.iter().all(|other| other == first) => (*first).clone(),
        [Value::Number(_), ..] => {
            let numbers: Vec<f64> = values.iter().filter_map(|value| value.as_f64()).collect();
            Number::from_f64(by(&numbers)).map_or(Value::Null, Value::Number)
        }
        [Value::Array(first), ..] => {
            let at =
                |index| -> Vec<&Value> { values.iter().filter_map(|v| v.get(index)).collect() };
            (0..first.len())
                .map(|index| fold_values(&at(index), by))
                .collect()
        }
        [Value::Object(first), ..] => {
            let at = |key: &String| -> Vec<&Value> {
                values.iter().filter_map(|value| value.get(key)).collect()
            };
            let folded = first
                .keys()
                .map(|key| (key.clone(), fold_values(&at(key), by)));
            Value::Object(folded.collect::<Map<_, _>>())
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_number_is_folded_and_all_else_stays() {
        let one = json!({"name": "x", "n": 400, "soft": null, "list": [{"f": 0.25}, {"f": 1.0}]});
        let two = json!({"name": "x", "n": 400, "soft": null, "list": [{"f": 0.75}, {"f": 2.0}]});
        let most = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
        let folded = fold_values(&[&one, &two], &most);
        assert_eq!(folded, two);
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let folded = fold_values(&[&one, &two], &mean);
        let expected =
            json!({"name": "x", "n": 400, "soft": null, "list": [{"f": 0.5}, {"f": 1.5}]});
        assert_eq!(folded, expected);
    }
}
