//! A recipe changed by `--set` and its shorthands.

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use third_stream_model::train::recipe::Family;
use third_stream_model::train::recipe::arranger::ArrangerRecipe;
use third_stream_model::train::recipe::cyclegan::CycleGanRecipe;
use third_stream_model::train::schedule::Schedule;

/// A recipe of either family.
pub(crate) enum AnyRecipe {
    Cyclegan(Box<CycleGanRecipe>),
    Arranger(Box<ArrangerRecipe>),
}

impl AnyRecipe {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Cyclegan(recipe) => &recipe.name,
            Self::Arranger(recipe) => &recipe.name,
        }
    }

    pub(crate) const fn batch(&self) -> usize {
        match self {
            Self::Cyclegan(recipe) => recipe.settings.batch,
            Self::Arranger(recipe) => recipe.settings.batch,
        }
    }

    pub(crate) fn schedule(&self) -> Schedule {
        match self {
            Self::Cyclegan(recipe) => Schedule {
                rate: recipe.settings.learning_rate,
                decay_from: recipe.settings.decay_from,
                steps: recipe.settings.steps,
                ..Schedule::default()
            },
            Self::Arranger(recipe) => recipe.settings.schedule(),
        }
    }
}

/// Changes one setting; `change` is `name=value`, with `.` for settings in settings, such as
/// `generator.base_channels=16`. Settings are named without their family.
pub(crate) fn set(recipe: &mut Value, change: &str) -> Result<()> {
    let (name, value) = change
        .split_once('=')
        .ok_or_else(|| anyhow!("--set {change}: expected name=value"))?;
    let mut place = if name == "name" {
        &mut *recipe
    } else {
        let family = Family::of(recipe).to_string();
        &mut recipe["family"][family]
    };
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
    any(recipe).with_context(|| format!("--set {change}"))?;
    Ok(())
}

/// Changes the number of steps, and with it the step from which the learning rate falls.
pub(crate) fn set_steps(recipe: &mut Value, steps: u64) -> Result<()> {
    let AnyRecipe::Cyclegan(before) = any(recipe)? else {
        // There the fall is a share of the steps.
        return set(recipe, &format!("steps={steps}"));
    };
    let before = before.settings;
    let decay_from = u128::from(before.decay_from) * u128::from(steps);
    let decay_from = decay_from / u128::from(before.steps.max(1));
    set(recipe, &format!("steps={steps}"))?;
    set(recipe, &format!("decay_from={decay_from}"))
}

/// The recipe, if training can be done by it.
pub(crate) fn any(recipe: &Value) -> Result<AnyRecipe> {
    match Family::of(recipe) {
        Family::Cyclegan => Ok(AnyRecipe::Cyclegan(Box::new(checked(recipe)?))),
        Family::Arranger => Ok(AnyRecipe::Arranger(Box::new(arranger(recipe)?))),
    }
}

/// The CycleGAN's recipe, if training can be done by it.
pub(crate) fn checked(recipe: &Value) -> Result<CycleGanRecipe> {
    let recipe: CycleGanRecipe = serde_json::from_value(recipe.clone()).context("not a recipe")?;
    check(recipe.settings.batch, recipe.settings.learning_rate)?;
    Ok(recipe)
}

fn arranger(recipe: &Value) -> Result<ArrangerRecipe> {
    let recipe: ArrangerRecipe = serde_json::from_value(recipe.clone()).context("not a recipe")?;
    let settings = &recipe.settings;
    check(settings.batch, settings.learning_rate)?;
    if settings.network.base_channels == 0 {
        bail!("network.base_channels is 0; expected at least 1");
    }
    let shares = [
        settings.shares.jazz,
        settings.shares.classic,
        settings.shares.pop,
    ];
    if !shares.iter().all(|share| share.is_finite() && *share > 0.0) {
        bail!("a share of a genre is not above 0; leave its folder out instead");
    }
    Ok(recipe)
}

fn check(batch: usize, rate: f64) -> Result<()> {
    if batch == 0 {
        bail!("batch is 0; expected at least 1 phrase");
    }
    if !(rate.is_finite() && rate > 0.0) {
        bail!("learning_rate is {rate}; expected more than 0");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_changed_by_name() {
        let mut recipe = serde_json::to_value(CycleGanRecipe::usual()).unwrap();
        set(&mut recipe, "generator.base_channels=8").unwrap();
        set(&mut recipe, "mixed=none").unwrap();
        set_steps(&mut recipe, 400).unwrap();
        let recipe = checked(&recipe).unwrap();
        assert_eq!(
            recipe.mixed_genres(third_stream_model::genre::Pair::JAZZ_POP),
            []
        );
        let (recipe, usual) = (recipe.settings, CycleGanRecipe::usual().settings);
        assert_eq!(recipe.generator.base_channels, 8);
        assert_eq!(recipe.steps, 400);
        assert_eq!(recipe.decay_from, usual.decay_from * 400 / usual.steps);
    }

    #[test]
    fn the_arranger_s_settings_are_changed_without_their_family() {
        let mut recipe = serde_json::to_value(ArrangerRecipe::usual()).unwrap();
        set(&mut recipe, "network.base_channels=8").unwrap();
        set(&mut recipe, "name=mine").unwrap();
        set_steps(&mut recipe, 400).unwrap();
        let recipe = any(&recipe).unwrap();
        let AnyRecipe::Arranger(changed) = &recipe else {
            panic!("another family");
        };
        assert_eq!(changed.settings.network.base_channels, 8);
        assert_eq!(recipe.name(), "mine");
        assert_eq!(recipe.schedule().steps, 400);
        assert_eq!(recipe.schedule().decay_from, 200);
    }

    #[test]
    fn wrong_settings_say_what_was_expected() {
        let recipe = serde_json::to_value(CycleGanRecipe::smoke()).unwrap();
        let text = |change| format!("{:#}", set(&mut recipe.clone(), change).unwrap_err());
        insta::assert_snapshot!(text("batch"), @"--set batch: expected name=value");
        insta::assert_snapshot!(text("generator.depth=3"), @r#"--set generator.depth=3: no setting "depth"; there are: base_channels, residual_blocks, skip"#);
        insta::assert_snapshot!(text("batch=many"), @r#"--set batch=many: not a recipe: invalid type: string "many", expected usize"#);
        insta::assert_snapshot!(text("mixed=maybe"), @"--set mixed=maybe: not a recipe: unknown variant `maybe`, expected one of `none`, `released`, `in-loss`");
        insta::assert_snapshot!(text("batch=0"), @"--set batch=0: batch is 0; expected at least 1 phrase");
        let recipe = serde_json::to_value(ArrangerRecipe::smoke()).unwrap();
        let text = |change| format!("{:#}", set(&mut recipe.clone(), change).unwrap_err());
        insta::assert_snapshot!(text("shares.pop=0"), @"--set shares.pop=0: a share of a genre is not above 0; leave its folder out instead");
        insta::assert_snapshot!(text("network.depth=3"), @r#"--set network.depth=3: no setting "depth"; there are: attributes, base_channels, harmony, residual_blocks"#);
    }
}
