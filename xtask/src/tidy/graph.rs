//! The graph of modules: who uses whom, that it has no circle, and that the document shows it.
//!
//! A node is a module right below a crate or below one of the large modules; an edge is a path
//! through `crate::` or `super::` in code outside of tests. What a parent re-exports counts as the
//! part's that defines it. The parent's own items belong to no part.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{code, paths, relative_uses};
use super::{Files, test_modules};

/// The modules whose parts have a graph, each as its package and path.
const GRAPHS: [&str; 8] = [
    "model",
    "model::nn",
    "model::data",
    "model::classify",
    "model::evaluate",
    "model::train",
    "plugin",
    "plugin::rt",
];
const DOCUMENT: &str = "docs/architecture.md";

/// Who uses whom. Every node has an entry.
type Edges = BTreeMap<String, BTreeSet<String>>;

/// All that is not as it should be, one line each.
pub(super) fn problems(files: &Files) -> Vec<String> {
    let mut found = Vec::new();
    let document = files.get(DOCUMENT).map_or("", String::as_str);
    for graph in GRAPHS {
        let edges = edges(files, graph);
        let shown = text(&edges);
        if block(document, graph).as_deref() != Some(shown.as_str()) {
            found.push(format!(
                "{DOCUMENT}: the block ```graph {graph} is not the graph of the code, which is\n{shown}"
            ));
        }
        for circle in circles(&edges) {
            let uses = within(&edges, &circle).join(", ");
            found.push(format!("{graph}: a circle of modules: {uses}"));
        }
    }
    found
}

/// The graph of the parts of a module, given as `package::path`.
fn edges(files: &Files, graph: &str) -> Edges {
    let mut parts = graph.split("::");
    let source = format!("{}/src/", parts.next().unwrap_or_default());
    let root: Vec<&str> = parts.collect();
    let tests = test_modules(files);
    let modules: BTreeMap<Vec<&str>, String> = files
        .iter()
        .filter(|(path, _)| !tests.iter().any(|test| path.starts_with(test.as_str())))
        .filter_map(|(path, text)| {
            let module = path.strip_prefix(&source)?.strip_suffix(".rs")?;
            let module: Vec<&str> = module.split('/').collect();
            (module[0] != "bin").then(|| (module, code(text)))
        })
        .collect();
    let children: BTreeSet<&str> = modules
        .keys()
        .filter(|module| module.len() == root.len() + 1 && module.starts_with(&root))
        .map(|module| module[root.len()])
        .filter(|child| *child != "lib")
        .collect();
    let parent = if root.is_empty() {
        vec!["lib"]
    } else {
        root.clone()
    };
    let exports = modules
        .get(&parent)
        .map(|code| exports(code, &children))
        .unwrap_or_default();
    let mut edges: Edges = children
        .iter()
        .map(|child| ((*child).to_owned(), BTreeSet::new()))
        .collect();
    for (module, code) in &modules {
        let Some(from) = module.strip_prefix(root.as_slice()).and_then(<[_]>::first) else {
            continue;
        };
        for path in paths(code, module) {
            let inside = path.iter().zip(&root).all(|(name, of)| name == of);
            let Some(used) = path.get(root.len()).filter(|_| inside) else {
                continue;
            };
            let used = exports.get(used.as_str()).unwrap_or(used);
            if children.contains(used.as_str())
                && used != from
                && let Some(uses) = edges.get_mut(*from)
            {
                uses.insert(used.clone());
            }
        }
    }
    edges
}

/// Re-exports of a parent's code: the item's name and the part that it comes from.
fn exports(code: &str, children: &BTreeSet<&str>) -> BTreeMap<String, String> {
    let uses = relative_uses(code).into_iter();
    uses.filter(|path| path.len() > 1 && children.contains(path[0].as_str()))
        .filter_map(|path| Some((path.last()?.clone(), path[0].clone())))
        .collect()
}

/// Groups of modules that reach each other.
fn circles(edges: &Edges) -> Vec<BTreeSet<String>> {
    let reach: BTreeMap<&String, BTreeSet<&String>> = edges
        .keys()
        .map(|start| {
            let mut reached = BTreeSet::new();
            let mut open = vec![start];
            while let Some(node) = open.pop() {
                let uses = edges.get(node).into_iter().flatten();
                open.extend(uses.filter(|used| reached.insert(*used)));
            }
            (start, reached)
        })
        .collect();
    let mut found: Vec<BTreeSet<String>> = Vec::new();
    for (node, reached) in &reach {
        if reached.contains(*node) && !found.iter().any(|circle| circle.contains(*node)) {
            let back = reached
                .iter()
                .filter(|other| reach[**other].contains(*node));
            found.push(back.map(|other| (*other).clone()).collect());
        }
    }
    found
}

/// The uses between the modules of a circle, as `a → b`.
fn within(edges: &Edges, circle: &BTreeSet<String>) -> Vec<String> {
    let of = |from: &String| {
        let uses = edges[from].intersection(circle);
        uses.map(|to| format!("{from} → {to}")).collect::<Vec<_>>()
    };
    circle.iter().flat_map(of).collect()
}

/// One line for each module, its name and what it uses; users of nothing first.
fn text(edges: &Edges) -> String {
    let (mut left, mut lines) = (edges.clone(), Vec::new());
    while !left.is_empty() {
        let mut ready: Vec<String> = left
            .iter()
            .filter(|(_, uses)| !uses.iter().any(|used| left.contains_key(used)))
            .map(|(node, _)| node.clone())
            .collect();
        if ready.is_empty() {
            ready = left.keys().cloned().collect(); // a circle, which is told of elsewhere
        }
        for node in ready {
            left.remove(&node);
            let uses: Vec<&str> = edges[&node].iter().map(String::as_str).collect();
            lines.push(if uses.is_empty() {
                node
            } else {
                format!("{node} → {}", uses.join(", "))
            });
        }
    }
    lines.join("\n") + "\n"
}

/// The text of a graph's block in the document.
fn block(document: &str, graph: &str) -> Option<String> {
    let start = format!("```graph {graph}\n");
    let (_, rest) = document.split_once(&start)?;
    let (block, _) = rest.split_once("```")?;
    Some(block.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(parts: &[(&str, &str)]) -> Edges {
        let named = |(path, text): &(&str, &str)| (format!("plugin/src/{path}"), (*text).into());
        edges(&parts.iter().map(named).collect(), "plugin")
    }

    #[test]
    fn a_circle_of_modules_is_found_through_their_parts() {
        let mut parts = vec![
            ("lib.rs", "mod a;\nmod b;\nmod c;\nuse c::Export;\n"),
            (
                "a.rs",
                "//! crate::c is only spoken of.\nuse crate::{b::{X, Y}};\n",
            ),
            ("b.rs", "mod part;\n"),
            ("b/part.rs", "use super::super::c::Z;\n"),
            ("c.rs", "#[cfg(test)]\nmod tests { use crate::a::A; }\n"),
        ];
        let edges = plugin(&parts);
        assert_eq!(text(&edges), "c\nb → c\na → b\n");
        assert!(circles(&edges).is_empty());

        parts[4].1 = "fn f() { crate::a::g() }\n";
        let edges = plugin(&parts);
        let circle = circles(&edges);
        assert_eq!(circle.len(), 1);
        assert_eq!(within(&edges, &circle[0]), ["a → b", "b → c", "c → a"]);

        // An item that the parent re-exports is its part's.
        parts[4].1 = "pub struct Export;\n";
        parts[2].1 = "use crate::Export;\n";
        parts[3].1 = "";
        assert_eq!(text(&plugin(&parts)), "c\nb → c\na → b\n");
    }

    #[test]
    fn a_graph_that_the_document_does_not_show_is_told() {
        let mut files = Files::new();
        files.insert("plugin/src/a.rs".into(), "use crate::b::X;\n".into());
        files.insert("plugin/src/b.rs".into(), String::new());
        let others = GRAPHS.iter().filter(|graph| **graph != "plugin");
        let empty = others.fold(String::new(), |text, graph| {
            text + "```graph " + graph + "\n\n```\n"
        });
        let right = format!("{empty}```graph plugin\nb\na → b\n```\n");
        files.insert(DOCUMENT.into(), right);
        let of_plugin = |files: &Files| {
            let found = problems(files).into_iter();
            found.filter(|line| line.contains("plugin")).count()
        };
        assert_eq!(of_plugin(&files), 0);
        files.insert("plugin/src/b.rs".into(), "use super::a::X;\n".into());
        assert_eq!(of_plugin(&files), 2, "the block, and the circle");
    }
}
