//! What must stay absent from the crate graph, as `docs/architecture.md` says it.

use crate::sh::{cargo, output, root, say};
use anyhow::{Context as _, bail};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// A package, and packages that it must not come to depend on, however indirectly.
const NEVER: &[(&str, &[&str])] = &[
    (
        "cardwright-app",
        &[
            "cardwright-card",
            "cardwright-perso",
            "cardwright-profile",
            "cardwright-seal",
            "cardwright-virtual-card",
        ],
    ),
    ("cardwright-helper", &["axum", "sea-orm", "cardwright-virtual-card"]),
    (
        "cardwright-registry",
        &["cardwright-card", "cardwright-perso", "cardwright-virtual-card", "pcsc"],
    ),
    ("cardwright-perso", &["cardwright-protocol", "cardwright-seal", "pcsc", "time", "tokio"]),
    ("cardwright-card", &["cardwright-protocol", "pcsc", "rand", "time", "tokio"]),
    ("cardwright-seal", &["cardwright-card", "cardwright-profile", "pcsc", "time", "tokio"]),
];

/// `protocol` depends on serde, on zeroize for the secrets that a wire carries, and on what both are
/// made of.
const PROTOCOL_ONLY: &[&str] = &[
    "serde",
    "serde_core",
    "serde_derive",
    "zeroize",
    "zeroize_derive",
    "proc-macro2",
    "quote",
    "syn",
    "unicode-ident",
];

/// Words that stand in the sources of one module only.
const ONE_MODULE: &[(&str, &str, &str)] =
    &[("pcsc::", "helper/src", "card_service"), ("sea_orm::", "registry/src", "store")];

/// Checks all of it.
///
/// # Errors
/// Each absence that is not kept.
pub fn check() -> anyhow::Result<()> {
    say("checking the crate graph");
    let graph = Graph::read()?;
    let mut found = Vec::new();
    for (package, never) in NEVER {
        let reached = graph.reached_from(package)?;
        let broken = never.iter().filter(|name| reached.contains(**name));
        found.extend(broken.map(|name| format!("{package} depends on {name}")));
    }
    let reached = graph.reached_from("cardwright-protocol")?;
    let extra = reached.iter().filter(|name| !PROTOCOL_ONLY.contains(&name.as_str()));
    found.extend(extra.map(|name| format!("cardwright-protocol depends on {name}")));
    for (word, folder, module) in ONE_MODULE {
        for file in sources(&root().join(folder))? {
            let belongs = file.components().any(|part| {
                Path::new(part.as_os_str()).file_stem().is_some_and(|stem| stem == *module)
            });
            if !belongs && std::fs::read_to_string(&file)?.contains(word) {
                found.push(format!("{} uses {word}", file.display()));
            }
        }
    }
    if !found.is_empty() {
        bail!("the crate graph is not as docs/architecture.md says:\n  {}", found.join("\n  "));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

/// `kind` is null for what the package itself links.
#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

struct Graph {
    names: HashMap<String, String>,
    links: HashMap<String, Vec<String>>,
}

impl Graph {
    fn read() -> anyhow::Result<Self> {
        let text = output(cargo().args(["metadata", "--format-version", "1", "--locked"]))?;
        let metadata: Metadata = serde_json::from_str(&text)?;
        let names = metadata.packages.into_iter().map(|package| (package.id, package.name));
        let links = metadata.resolve.nodes.into_iter().map(|node| {
            let linked = node
                .deps
                .into_iter()
                .filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind.is_none()));
            (node.id, linked.map(|dependency| dependency.pkg).collect())
        });
        Ok(Self { names: names.collect(), links: links.collect() })
    }

    /// Names of all packages that one links, without itself.
    fn reached_from(&self, package: &str) -> anyhow::Result<HashSet<String>> {
        let start = self.names.iter().find(|(_, name)| *name == package);
        let start = start.with_context(|| format!("there is no package {package}"))?.0;
        let mut reached = HashSet::new();
        let mut open = self.links[start].clone();
        while let Some(id) = open.pop() {
            if reached.insert(self.names[&id].clone()) {
                open.extend(self.links[&id].iter().cloned());
            }
        }
        Ok(reached)
    }
}

fn sources(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}
