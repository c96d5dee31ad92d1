//! What a crate may depend on.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    assert_none,
    tree::{File, files},
};

const MEMBERS: [&str; 6] = [
    "benches",
    "quiz-core",
    "reference-server",
    "reward-core",
    "schedule-core",
    "wechat-adapter",
];

/// The crates that can be understood and published alone.
const ALONE: [&str; 4] = [
    "quiz-core",
    "reward-core",
    "schedule-core",
    "wechat-adapter",
];

/// The crates without I/O, clock and generator, and all they need.
const CORES: [&str; 3] = ["quiz-core", "reward-core", "schedule-core"];
const CORE_DEPENDENCIES: [&str; 8] = [
    "chrono",
    "quick-xml",
    "rand",
    "serde",
    "sha2",
    "thiserror",
    "unicode-normalization",
    "unicode-width",
];

/// Features by which a pure crate would read a clock or the operating system's generator.
const IMPURE_FEATURES: [&str; 5] = ["clock", "now", "sys_rng", "std_rng", "thread_rng"];

/// The feature by which a build can end itself at named instants.
const CRASH_POINTS: &str = "crash-points";

/// The feature that compiles bugs on purpose in.
const PLANTED: &str = "planted";

fn parsed(file: &File) -> toml::Table {
    file.text
        .parse()
        .unwrap_or_else(|error| panic!("{}: {error}", file.path))
}

/// Dependencies of a manifest with their features, those of its tests and targets included if asked.
fn dependencies(manifest: &toml::Table, with_tests: bool) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let targets = manifest
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flat_map(|targets| targets.values().filter_map(toml::Value::as_table));
    for table in std::iter::once(manifest).chain(targets) {
        for (key, list) in table {
            let counts = match key.as_str() {
                "dependencies" | "build-dependencies" => true,
                "dev-dependencies" => with_tests,
                _ => false,
            };
            for (name, terms) in list.as_table().into_iter().flatten().filter(|_| counts) {
                let features = terms.get("features").and_then(toml::Value::as_array);
                found.entry(name.clone()).or_default().extend(
                    features
                        .into_iter()
                        .flatten()
                        .filter_map(|feature| feature.as_str().map(str::to_owned)),
                );
            }
        }
    }
    found
}

/// Dependencies that the crate of this name must not have.
fn excess(name: &str, manifest: &toml::Table) -> Vec<String> {
    let mut found = Vec::new();
    if ALONE.contains(&name) {
        for dependency in dependencies(manifest, true).into_keys() {
            if MEMBERS.contains(&dependency.as_str()) {
                found.push(format!("{name} depends on {dependency}"));
            }
        }
    }
    if CORES.contains(&name) {
        for (dependency, features) in dependencies(manifest, false) {
            if !CORE_DEPENDENCIES.contains(&dependency.as_str()) {
                found.push(format!("{name} depends on {dependency}"));
            }
            for feature in features {
                if IMPURE_FEATURES.contains(&feature.as_str()) {
                    found.push(format!("{name} takes {feature} of {dependency}"));
                }
            }
        }
    }
    found
}

/// Ways by which a planted bug could get into a build that nobody asked for it.
fn planted(name: &str, manifest: &toml::Table) -> Vec<String> {
    let allowed = |feature: &str, part: &str| match (name, feature) {
        ("benches", "planted") => part == "reward-core/planted",
        _ => !part.split(['/', '?']).any(|word| word == PLANTED),
    };
    let features = manifest.get("features").and_then(toml::Value::as_table);
    let mut found = Vec::new();
    for (feature, parts) in features.into_iter().flatten() {
        for part in parts.as_array().into_iter().flatten() {
            let part = part.as_str().unwrap_or_default();
            if !allowed(feature, part) {
                found.push(format!("{name}: the feature {feature} takes {part}"));
            }
        }
        if feature == PLANTED && !["benches", "reward-core"].contains(&name) {
            found.push(format!("{name} has a feature {feature}"));
        }
    }
    for (dependency, taken) in dependencies(manifest, true) {
        if taken.contains(PLANTED) {
            found.push(format!("{name} takes {PLANTED} of {dependency}"));
        }
    }
    found
}

fn manifest(name: &str) -> toml::Table {
    let path = format!("{name}/Cargo.toml");
    let file = files().into_iter().find(|file| file.path == path);
    parsed(&file.unwrap_or_else(|| panic!("no file {path}")))
}

#[test]
fn the_workspace_has_its_six_members_and_they_share_one_version() {
    let files = files();
    let root = files.iter().find(|file| file.path == "Cargo.toml").unwrap();
    let members: BTreeSet<String> = parsed(root)["workspace"]["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        members,
        MEMBERS.iter().map(|name| (*name).to_owned()).collect()
    );
    let manifests: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file.path.strip_suffix("/Cargo.toml"))
        // Fuzz targets are a workspace of their own: their runtime is C++.
        .filter(|folder| !folder.ends_with("/fuzz"))
        .collect();
    assert_eq!(manifests, MEMBERS.into_iter().collect());
    for member in MEMBERS {
        let version = &manifest(member)["package"]["version"];
        assert_eq!(version["workspace"].as_bool(), Some(true), "{member}");
    }
}

#[test]
fn the_cores_and_the_adapter_stand_alone() {
    for name in ALONE {
        assert_none(&excess(name, &manifest(name)));
    }
}

#[test]
fn a_dependency_too_many_is_a_fault() {
    let bad = [
        ("quiz-core", "[dependencies]\nreward-core.workspace = true"),
        (
            "quiz-core",
            "[dev-dependencies]\nschedule-core = { path = \"../schedule-core\" }",
        ),
        (
            "wechat-adapter",
            "[dependencies]\nreward-core.workspace = true",
        ),
        ("schedule-core", "[dependencies]\ntokio.workspace = true"),
        (
            "reward-core",
            "[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"",
        ),
        (
            "schedule-core",
            "[dependencies]\nchrono = { workspace = true, features = [\"clock\"] }",
        ),
    ];
    for (name, text) in bad {
        assert!(
            !excess(name, &text.parse().unwrap()).is_empty(),
            "{name}: {text}"
        );
    }
    let good = "[dependencies]\nchrono.workspace = true\n[dev-dependencies]\nproptest = \"1\"";
    assert_eq!(
        excess("quiz-core", &good.parse().unwrap()),
        Vec::<String>::new()
    );
}

#[test]
fn no_build_has_planted_bugs_unless_it_asks_for_them() {
    for name in MEMBERS {
        assert_none(&planted(name, &manifest(name)));
    }
    let root = files().into_iter().find(|file| file.path == "Cargo.toml");
    let root = parsed(&root.unwrap());
    for (dependency, terms) in root["workspace"]["dependencies"].as_table().unwrap() {
        let features = terms.get("features").and_then(toml::Value::as_array);
        let takes = features
            .into_iter()
            .flatten()
            .any(|feature| feature.as_str() == Some(PLANTED));
        assert!(!takes, "every user of {dependency} would have planted bugs");
    }
    let source = files()
        .into_iter()
        .find(|file| file.path == "reward-core/src/planted.rs")
        .unwrap();
    let refuses = "#[cfg(all(feature = \"planted\", not(debug_assertions)))]\ncompile_error!(";
    assert!(source.text.contains(refuses), "a release would build");
    let release = root["profile"]["release"].as_table().unwrap();
    assert!(!release.contains_key("debug-assertions"));
}

/// Ways by which crash points could get into a build that nobody asked for them.
fn crash_points(name: &str, manifest: &toml::Table) -> Vec<String> {
    let features = manifest.get("features").and_then(toml::Value::as_table);
    let taken = features.into_iter().flatten().filter(|(_, parts)| {
        let mut parts = parts.as_array().into_iter().flatten();
        parts.any(|part| {
            part.as_str()
                .is_some_and(|part| part.contains(CRASH_POINTS))
        })
    });
    let by_features = taken.map(|(feature, _)| format!("{name}: the feature {feature} takes them"));
    let dependencies = dependencies(manifest, true).into_iter();
    let by_dependencies = dependencies
        .filter(|(_, taken)| taken.contains(CRASH_POINTS))
        .map(|(dependency, _)| format!("{name} takes them of {dependency}"));
    by_features.chain(by_dependencies).collect()
}

#[test]
fn no_build_has_crash_points_unless_it_is_asked_for_them_on_the_command_line() {
    for name in MEMBERS {
        assert_none(&crash_points(name, &manifest(name)));
    }
    let source = files()
        .into_iter()
        .find(|file| file.path == "reference-server/src/crash_point.rs")
        .unwrap();
    let refuses = "#[cfg(all(feature = \"crash-points\", not(debug_assertions)))]\ncompile_error!(";
    assert!(source.text.contains(refuses), "a release would build");
    let root = files().into_iter().find(|file| file.path == "Cargo.toml");
    let root = parsed(&root.unwrap());
    for profile in ["release", "production"] {
        let profile = root["profile"][profile].as_table().unwrap();
        assert!(!profile.contains_key("debug-assertions"));
    }
    let bad = [
        "[features]\ndefault = [\"crash-points\"]\ncrash-points = []",
        "[dependencies]\nreference-server = { workspace = true, features = [\"crash-points\"] }",
    ];
    for text in bad {
        assert!(
            !crash_points("benches", &text.parse().unwrap()).is_empty(),
            "{text}"
        );
    }
}

#[test]
fn a_planted_bug_taken_unasked_is_a_fault() {
    let bad = [
        (
            "reward-core",
            "[features]\nplanted = []\ndefault = [\"planted\"]",
        ),
        (
            "benches",
            "[features]\nplanted = [\"reward-core/planted\"]\ndefault = [\"planted\"]",
        ),
        (
            "reference-server",
            "[features]\nsm = [\"reward-core/planted\"]",
        ),
        ("reference-server", "[features]\nplanted = []"),
        (
            "reference-server",
            "[dependencies]\nreward-core = { workspace = true, features = [\"planted\"] }",
        ),
    ];
    for (name, text) in bad {
        assert!(
            !planted(name, &text.parse().unwrap()).is_empty(),
            "{name}: {text}"
        );
    }
    let good = "[features]\nplanted = [\"reward-core/planted\"]";
    assert_eq!(
        planted("benches", &good.parse().unwrap()),
        Vec::<String>::new()
    );
}
