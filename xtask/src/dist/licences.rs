//! The licences of everything that is compiled in, as they ask to be passed on.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::bill::Bill;

/// How such files' names start, in lower case.
const STARTS: [&str; 5] = ["license", "licence", "copying", "copyright", "notice"];

/// One text: the packages with their licences, then each licence text once with who is under it.
pub(super) fn text(bill: &Bill) -> Result<String> {
    let mut list = String::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in bill.foreign() {
        let name = format!("{} {}", package.name, package.version);
        let licence = package.licence.as_deref().unwrap_or("see its text below");
        writeln!(list, "{name}: {licence}")?;
        for text in of_folder(&package.folder)? {
            texts.entry(text).or_default().push(name.clone());
        }
    }
    let mut all = format!("Third Stream is made with these packages.\n\n{list}");
    for (text, packages) in texts {
        let rule = "-".repeat(72);
        write!(all, "\n{rule}\n{}\n{rule}\n\n{text}\n", packages.join(", "))?;
    }
    Ok(all)
}

/// The licence texts in a package's folder, by name.
fn of_folder(folder: &Path) -> Result<Vec<String>> {
    let mut found = BTreeMap::new();
    let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        if path.is_file() && STARTS.iter().any(|start| name.starts_with(start)) {
            let text = String::from_utf8_lossy(&fs::read(&path)?).replace("\r\n", "\n");
            found.insert(name, text.trim().to_owned());
        }
    }
    Ok(found.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_in_a_folder_are_found_by_their_names() {
        let texts = of_folder(&crate::root()).unwrap();
        assert_eq!(texts.len(), 2);
        assert!(texts[0].contains("Apache License"));
        assert!(texts[1].contains("MIT"));
    }
}
