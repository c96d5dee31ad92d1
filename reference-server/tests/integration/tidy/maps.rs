//! Every file is part of its crate, and every module of the server's layers stands in its parent's map.

use super::{
    assert_none,
    tree::{File, rust_files},
};

const MAPPED: [&str; 3] = [
    "reference-server/src/contest/",
    "reference-server/src/store/",
    "reference-server/src/web/",
];

/// Modules that the head of their parent does not name in backticks.
fn unmapped(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let Some(folder) = MAPPED.iter().find(|folder| file.is_under(folder)) else {
            continue;
        };
        let Some((parent, module)) = parent_and_module(&file.path) else {
            continue;
        };
        if !parent.starts_with(folder.trim_end_matches('/')) {
            continue;
        }
        let heads = [format!("{parent}/mod.rs"), format!("{parent}.rs")];
        let head = files.iter().find(|other| heads.contains(&other.path));
        let is_named = head.is_some_and(|head| map(&head.text).contains(&format!("`{module}`")));
        if !is_named {
            found.push(format!("{} is not in the map of {parent}", file.path));
        }
    }
    found
}

/// Files that no `mod` makes part of a program: what is in them is neither compiled nor run.
fn orphans(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !is_root(&file.path)) {
        let Some((parent, module)) = parent_and_module(&file.path) else {
            continue;
        };
        let heads = [
            format!("{parent}/mod.rs"),
            format!("{parent}/lib.rs"),
            format!("{parent}/main.rs"),
            format!("{parent}.rs"),
        ];
        // A module shared by programs, such as benches, is declared by one of them.
        let is_program_beside = |head: &File| {
            is_root(&head.path) && head.path.rsplit_once('/').map(|(at, _)| at) == Some(parent)
        };
        let is_declared = files
            .iter()
            .filter(|head| heads.contains(&head.path) || is_program_beside(head))
            .any(|head| declares(&head.text, module));
        if !is_declared {
            found.push(format!("{} belongs to no program", file.path));
        }
    }
    found
}

/// Whether a file is a program or a library of its own.
fn is_root(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    name == "lib.rs"
        || name == "main.rs"
        || folder.ends_with("/examples")
        || folder.ends_with("/fuzz_targets")
        || folder.ends_with("/benches")
}

fn declares(text: &str, module: &str) -> bool {
    let declaration = format!("mod {module};");
    text.lines().any(|line| {
        line.strip_suffix(&declaration)
            .is_some_and(|before| before.is_empty() || before.starts_with("pub"))
    })
}

/// The folder whose map a file belongs into, and the name it has there.
fn parent_and_module(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_suffix(".rs")?;
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.rsplit_once('/')
}

/// The comment at the head of a file; links count as names.
fn map(text: &str) -> String {
    text.lines()
        .take_while(|line| line.starts_with("//!"))
        .flat_map(|line| [line, "\n"])
        .collect::<String>()
        .replace("[`", "`")
        .replace("`]", "`")
}

#[test]
fn every_module_stands_in_its_parents_map() {
    let files = rust_files();
    for folder in MAPPED {
        assert!(
            files.iter().any(|file| file.is_under(folder)),
            "no file under {folder}"
        );
    }
    assert_none(&unmapped(&files));
}

#[test]
fn every_rust_file_is_part_of_a_program() {
    assert_none(&orphans(&rust_files()));
    let main = File::sample("a/tests/integration/main.rs", "//! Tests.\n\nmod laws;\n");
    let laws = File::sample(
        "a/tests/integration/laws.rs",
        "//! Laws.\n\npub(crate) mod one;\n",
    );
    let one = File::sample("a/tests/integration/laws/one.rs", "//! One.\n");
    let lost = File::sample("a/tests/integration/lost.rs", "//! Never run.\n");
    assert_eq!(orphans(&[main.clone(), laws.clone(), one.clone()]), [""; 0]);
    assert_eq!(
        orphans(&[main, laws, one, lost]),
        ["a/tests/integration/lost.rs belongs to no program"]
    );
}

#[test]
fn a_module_outside_the_map_is_a_fault() {
    let head = File::sample(
        "reference-server/src/web/mod.rs",
        "//! Pages.\n//!\n//! | [`me`] | records |\n//! | `api` | JSON |\n\n// `rules`\n",
    );
    let api = File::sample(
        "reference-server/src/web/api/mod.rs",
        "//! JSON: `claims`.\n",
    );
    let at = |name: &str| File::sample(&format!("reference-server/src/web/{name}"), "//! A.\n");
    let known = [head.clone(), api.clone(), at("me.rs"), at("api/claims.rs")];
    assert_eq!(unmapped(&known), Vec::<String>::new());
    for stranger in ["rules.rs", "api/me.rs", "poster/mod.rs", "lost/page.rs"] {
        let files = [head.clone(), api.clone(), at(stranger)];
        assert_eq!(unmapped(&files).len(), 1, "{stranger}");
    }
}
