//! The bill of materials: every package that is compiled into what is shipped, as CycloneDX.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::process::cargo;

/// The packages whose dependencies count.
const SHIPPED: [&str; 3] = [
    "third-stream-plugin",
    "third-stream-model",
    "third-stream-web",
];

/// A package.
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// Its licence as an SPDX expression, where it says one.
    pub(super) licence: Option<String>,
    /// Where its sources are on this machine.
    pub(super) folder: PathBuf,
    checksum: Option<String>,
    /// The ids of what it needs.
    needs: BTreeSet<String>,
}

impl Package {
    /// Its name everywhere, as a package URL.
    fn url(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }
}

/// All packages by cargo's id of them.
pub(super) struct Bill(BTreeMap<String, Package>);

impl Bill {
    /// The packages shipped for `target`, as cargo resolves them from the lock file.
    pub(super) fn read(target: &str) -> Result<Self> {
        let mut command = cargo(&["metadata", "--format-version", "1"]);
        command.args(["--filter-platform", target]);
        command.args(["--features", "third-stream-model/train"]);
        Self::read_by(&mut command, "Cargo.lock")
    }

    /// The packages in the page's module.
    pub(super) fn of_the_page(target: &str) -> Result<Self> {
        let mut command = cargo(&["metadata", "--format-version", "1"]);
        command.args(["--filter-platform", target]);
        command.args(["--manifest-path", "web/Cargo.toml"]);
        Self::read_by(&mut command, "web/Cargo.lock")
    }

    fn read_by(command: &mut Command, lock: &str) -> Result<Self> {
        let metadata = super::json(command)?;
        let lock = std::fs::read_to_string(crate::root().join(lock))?;
        Self::of(&metadata, &lock).context("`cargo metadata` did not say what was expected")
    }

    fn of(metadata: &Value, lock: &str) -> Option<Self> {
        let checksums = checksums(lock);
        let mut known = BTreeMap::new();
        for package in metadata["packages"].as_array()? {
            known.insert(package["id"].as_str()?.to_owned(), package);
        }
        let mut needs = BTreeMap::new();
        for node in metadata["resolve"]["nodes"].as_array()? {
            needs.insert(node["id"].as_str()?.to_owned(), normal(node)?);
        }
        let shipped = known.iter().filter(|(_, package)| {
            package["name"]
                .as_str()
                .is_some_and(|name| SHIPPED.contains(&name))
        });
        let mut open: Vec<String> = shipped.map(|(id, _)| id.clone()).collect();
        let mut bill = BTreeMap::new();
        while let Some(id) = open.pop() {
            if bill.contains_key(&id) {
                continue;
            }
            let (package, needs) = (known.get(&id)?, needs.get(&id)?.clone());
            open.extend(needs.iter().cloned());
            let text = |key: &str| package[key].as_str().map(str::to_owned);
            let (name, version) = (text("name")?, text("version")?);
            let checksum = checksums.get(&(name.clone(), version.clone())).cloned();
            let mut folder = PathBuf::from(text("manifest_path")?);
            folder.pop();
            let licence = text("license").map(|one| one.replace('/', " OR "));
            let package = Package {
                name,
                version,
                licence,
                folder,
                checksum,
                needs,
            };
            bill.insert(id, package);
        }
        Some(Self(bill))
    }

    /// The plugin's version.
    pub(super) fn version(&self) -> &str {
        self.of_name(SHIPPED[0])
            .map_or("0.0.0", |package| &package.version)
    }

    fn of_name(&self, name: &str) -> Option<&Package> {
        self.0.values().find(|package| package.name == name)
    }

    /// The packages of others.
    pub(super) fn foreign(&self) -> impl Iterator<Item = &Package> {
        let own = |package: &&Package| !SHIPPED.contains(&package.name.as_str());
        self.0.values().filter(own)
    }

    /// As CycloneDX 1.5. It has no time and no random number in it: same sources, same bytes.
    pub(super) fn json(&self) -> Result<String> {
        let component = |package: &Package| {
            let mut component = json!({
                "type": "library",
                "bom-ref": package.url(),
                "name": package.name,
                "version": package.version,
                "purl": package.url(),
            });
            if let Some(licence) = &package.licence {
                component["licenses"] = json!([{ "expression": licence }]);
            }
            if let Some(checksum) = &package.checksum {
                component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
            }
            component
        };
        let url = |id: &String| self.0.get(id).map(Package::url);
        let dependency = |package: &Package| {
            let on: BTreeSet<_> = package.needs.iter().filter_map(url).collect();
            json!({ "ref": package.url(), "dependsOn": on })
        };
        let plugin = self
            .of_name(SHIPPED[0])
            .context("the plugin is not in its own bill")?;
        let bill = json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": { "component": component(plugin) },
            "components": self.0.values().filter(|one| one.name != plugin.name).map(component).collect::<Vec<_>>(),
            "dependencies": self.0.values().map(dependency).collect::<Vec<_>>(),
        });
        Ok(serde_json::to_string_pretty(&bill)? + "\n")
    }
}

/// Run-time dependencies of a package, without those of its build and tests.
fn normal(node: &Value) -> Option<BTreeSet<String>> {
    let mut needs = BTreeSet::new();
    for dependency in node["deps"].as_array()? {
        let kinds = dependency["dep_kinds"].as_array()?;
        if kinds.iter().any(|kind| kind["kind"].is_null()) {
            needs.insert(dependency["pkg"].as_str()?.to_owned());
        }
    }
    Some(needs)
}

/// The checksums of a lock file by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let mut checksums = BTreeMap::new();
    for package in lock.split("[[package]]") {
        let value = |key: &str| {
            let start = format!("{key} = \"");
            let line = package.lines().find_map(|line| line.strip_prefix(&start))?;
            Some(line.trim_end_matches('"').to_owned())
        };
        if let (Some(name), Some(version), Some(sum)) =
            (value("name"), value("version"), value("checksum"))
        {
            checksums.insert((name, version), sum);
        }
    }
    checksums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, licence: &str) -> Value {
        let manifest = format!("at/{name}/Cargo.toml");
        json!({ "id": name, "name": name, "version": "1.0.0", "license": licence, "manifest_path": manifest })
    }

    #[test]
    fn what_runs_is_listed_and_what_only_tests_is_not() {
        let metadata = json!({
            "packages": [
                package("third-stream-plugin", "MIT"), package("serde", "MIT/Apache-2.0"),
                package("proptest", "MIT"), package("cc", "MIT"),
            ],
            "resolve": { "nodes": [
                { "id": "third-stream-plugin", "deps": [
                    { "pkg": "serde", "dep_kinds": [{ "kind": null }] },
                    { "pkg": "proptest", "dep_kinds": [{ "kind": "dev" }] },
                    { "pkg": "cc", "dep_kinds": [{ "kind": "build" }] },
                ] },
                { "id": "serde", "deps": [] }, { "id": "proptest", "deps": [] },
                { "id": "cc", "deps": [] },
            ] },
        });
        let lock = "[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nchecksum = \"abc\"\n";
        let bill = Bill::of(&metadata, lock).unwrap();
        let names: Vec<_> = bill
            .foreign()
            .map(|package| package.name.as_str())
            .collect();
        assert_eq!(names, ["serde"]);
        let json: Value = serde_json::from_str(&bill.json().unwrap()).unwrap();
        let serde = &json["components"][0];
        assert_eq!(serde["purl"], "pkg:cargo/serde@1.0.0");
        assert_eq!(serde["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(serde["hashes"][0]["content"], "abc");
        let needs = json["dependencies"].as_array().unwrap();
        let plugin = needs
            .iter()
            .find(|one| one["ref"] == "pkg:cargo/third-stream-plugin@1.0.0");
        assert_eq!(plugin.unwrap()["dependsOn"][0], "pkg:cargo/serde@1.0.0");
    }

    #[test]
    fn this_workspace_has_a_bill_with_checksums_and_licences() {
        let bill = Bill::read(&crate::process::host().unwrap()).unwrap();
        assert!(bill.of_name("candle-core").is_some());
        assert!(bill.of_name("proptest").is_none(), "only tests need it");
        for package in bill.foreign() {
            assert!(
                package.checksum.is_some(),
                "{} has no checksum",
                package.name
            );
            assert!(package.licence.is_some(), "{} has no licence", package.name);
        }
    }
}
