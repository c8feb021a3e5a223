//! A recipe changed by `--set` and its shorthands.

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use third_stream_model::train::recipe::Recipe;

/// Changes one setting; `change` is `name=value`, with `.` for settings in settings, such as
/// `generator.base_channels=16`.
pub(crate) fn set(recipe: &mut Value, change: &str) -> Result<()> {
    let (name, value) = change
        .split_once('=')
        .ok_or_else(|| anyhow!("--set {change}: expected name=value"))?;
    let mut place = &mut *recipe;
    for part in name.split('.') {
        let known: Vec<&String> = place
            .as_object()
            .map_or(Vec::new(), |map| map.keys().collect());
        let known = known.into_iter().cloned().collect::<Vec<_>>().join(", ");
        place = place
            .get_mut(part)
            .ok_or_else(|| anyhow!("--set {change}: no setting {part:?}; there are: {known}"))?;
    }
    // A word such as `in-loss` is no JSON, but what a user types.
    *place = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    checked(recipe).with_context(|| format!("--set {change}"))?;
    Ok(())
}

/// Changes the number of steps, and with it the step from which the learning rate falls.
pub(crate) fn set_steps(recipe: &mut Value, steps: u64) -> Result<()> {
    let before = checked(recipe)?;
    let decay_from = u128::from(before.decay_from) * u128::from(steps);
    let decay_from = decay_from / u128::from(before.steps.max(1));
    set(recipe, &format!("steps={steps}"))?;
    set(recipe, &format!("decay_from={decay_from}"))
}

/// The recipe, if training can be done by it.
pub(crate) fn checked(recipe: &Value) -> Result<Recipe> {
    let recipe: Recipe = serde_json::from_value(recipe.clone()).context("not a recipe")?;
    if recipe.batch == 0 {
        bail!("batch is 0; expected at least 1 phrase");
    }
    if !(recipe.learning_rate.is_finite() && recipe.learning_rate > 0.0) {
        bail!(
            "learning_rate is {}; expected more than 0",
            recipe.learning_rate
        );
    }
    Ok(recipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_changed_by_name() {
        let mut recipe = serde_json::to_value(Recipe::ours()).unwrap();
        set(&mut recipe, "generator.base_channels=8").unwrap();
        set(&mut recipe, "mixed=none").unwrap();
        set_steps(&mut recipe, 400).unwrap();
        let recipe = checked(&recipe).unwrap();
        assert_eq!(recipe.generator.base_channels, 8);
        assert_eq!(
            recipe.mixed_genres(third_stream_model::genre::Pair::JAZZ_POP),
            []
        );
        let ours = Recipe::ours();
        assert_eq!(recipe.steps, 400);
        assert_eq!(recipe.decay_from, ours.decay_from * 400 / ours.steps);
    }

    #[test]
    fn wrong_settings_say_what_was_expected() {
        let recipe = serde_json::to_value(Recipe::smoke()).unwrap();
        let text = |change| format!("{:#}", set(&mut recipe.clone(), change).unwrap_err());
        insta::assert_snapshot!(text("batch"), @"--set batch: expected name=value");
        insta::assert_snapshot!(text("generator.depth=3"), @r#"--set generator.depth=3: no setting "depth"; there are: base_channels, residual_blocks, skip"#);
        insta::assert_snapshot!(text("batch=many"), @r#"--set batch=many: not a recipe: invalid type: string "many", expected usize"#);
        insta::assert_snapshot!(text("mixed=maybe"), @"--set mixed=maybe: not a recipe: unknown variant `maybe`, expected one of `none`, `released`, `in-loss`");
        insta::assert_snapshot!(text("batch=0"), @"--set batch=0: batch is 0; expected at least 1 phrase");
    }
}
