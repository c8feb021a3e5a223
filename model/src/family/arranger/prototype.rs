//! Weights that were trained in PyTorch, by the names that they have there.
//!
//! | here | there |
//! |---|---|
//! | `input.kernel`, `input.norm.*` | `i.weight`, `ni.f.*` |
//! | `down1.…`, `down2.…` | `d1.weight`, `n1.f.*`; `d2.weight`, `n2.f.*` |
//! | `residual3.first.…`, `residual3.second.…` | `r.3.a.weight`, `r.3.n.f.*`; `r.3.b.weight`, `r.3.m.f.*` |
//! | `up1.…`, `up2.…` | `u1.weight`, `n3.f.*`; `u2.weight`, `n4.f.*` |
//! | `output.kernel` | `o.weight` |
//! | `output.onset_bias`, `output.length_bias` | `o.bias`, the first value and the other ten |
//!
//! `*` is `weight` and `bias`. The planes of place (`pos`) are no weights here.

use std::collections::HashMap;

use candle_core::{Result, Tensor};

use super::config::LOGITS;

/// The tensors of a [`super::Network`] by name from those of the same network in PyTorch.
///
/// # Errors
/// If a name is not one of that network's.
pub fn from_prototype(
    tensors: impl IntoIterator<Item = (String, Tensor)>,
) -> Result<HashMap<String, Tensor>> {
    let mut own = HashMap::new();
    for (name, tensor) in tensors {
        if name == "pos" {
            continue;
        }
        if name == "o.bias" {
            own.insert("output.onset_bias".to_owned(), tensor.narrow(0, 0, 1)?);
            let lengths = tensor.narrow(0, 1, LOGITS - 1)?;
            own.insert("output.length_bias".to_owned(), lengths);
            continue;
        }
        let Some(name) = own_name(&name) else {
            candle_core::bail!("the arranger has no tensor that is named {name} in PyTorch");
        };
        own.insert(name, tensor);
    }
    Ok(own)
}

/// The name here of a tensor that has this name in PyTorch, the last bias apart.
fn own_name(name: &str) -> Option<String> {
    if let Some(rest) = name.strip_prefix("r.") {
        let (block, rest) = rest.split_once('.')?;
        let (part, rest) = rest.split_once('.')?;
        let (layer, tensor) = match (part, rest) {
            ("a", "weight") => ("first", "kernel"),
            ("b", "weight") => ("second", "kernel"),
            ("n", _) => ("first", norm(rest)?),
            ("m", _) => ("second", norm(rest)?),
            _ => return None,
        };
        let block: usize = block.parse().ok()?;
        return Some(format!("residual{block}.{layer}.{tensor}"));
    }
    let (part, rest) = name.split_once('.')?;
    let layer = match part {
        "i" | "ni" => "input",
        "d1" | "n1" => "down1",
        "d2" | "n2" => "down2",
        "u1" | "n3" => "up1",
        "u2" | "n4" => "up2",
        "o" => "output",
        _ => return None,
    };
    let tensor = if part.starts_with('n') {
        norm(rest)?
    } else if rest == "weight" {
        "kernel"
    } else {
        return None;
    };
    Some(format!("{layer}.{tensor}"))
}

fn norm(rest: &str) -> Option<&'static str> {
    match rest {
        "f.weight" => Some("norm.weight"),
        "f.bias" => Some("norm.bias"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_same_layers() {
        for (there, here) in [
            ("i.weight", Some("input.kernel")),
            ("ni.f.weight", Some("input.norm.weight")),
            ("n2.f.bias", Some("down2.norm.bias")),
            ("r.3.a.weight", Some("residual3.first.kernel")),
            ("r.10.m.f.bias", Some("residual10.second.norm.bias")),
            ("u2.weight", Some("up2.kernel")),
            ("o.weight", Some("output.kernel")),
            ("n1.weight", None),
            ("d1.bias", None),
            ("r.1.c.weight", None),
        ] {
            assert_eq!(own_name(there).as_deref(), here, "{there}");
        }
    }
}
