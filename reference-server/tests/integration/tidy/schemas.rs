//! Names of the bodies in the document of the JSON API.

use std::collections::BTreeMap;

use super::{
    assert_none,
    tree::{File, rust_files},
};

/// The types of a file that become bodies of the document.
fn bodies(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !(line.starts_with("#[derive(") && line.contains("ToSchema")) {
            continue;
        }
        let declared = lines.find(|line| !line.starts_with("#[") && !line.starts_with("///"));
        let words = declared.unwrap_or_default().split([' ', '<', '(', '{']);
        let mut words = words.skip_while(|word| !["struct", "enum"].contains(word));
        found.extend(words.nth(1));
    }
    found
}

/// Bodies of one name: the document keeps the last of them, for whoever meant another too.
fn twins(files: &[File]) -> Vec<String> {
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in files {
        for body in bodies(&file.text) {
            places.entry(body).or_default().push(&file.path);
        }
    }
    assert!(!places.is_empty(), "no body was found");
    places
        .into_iter()
        .filter(|(_body, paths)| paths.len() > 1)
        .map(|(body, paths)| format!("{body} stands in {}", paths.join(" and ")))
        .collect()
}

#[test]
fn no_two_bodies_of_the_document_share_a_name() {
    let files = rust_files();
    let server: Vec<File> = files
        .into_iter()
        .filter(|file| file.is_under("reference-server/src/"))
        .collect();
    assert_none(&twins(&server));
    let one = File::sample(
        "a.rs",
        "#[derive(Serialize, ToSchema)]\n#[serde(tag = \"is\")]\npub(super) struct Body {\n}\n",
    );
    let other = File::sample("b.rs", "#[derive(ToSchema)]\nenum Body<T> {}\n");
    assert_eq!(twins(std::slice::from_ref(&one)), Vec::<String>::new());
    assert_eq!(twins(&[one, other]), ["Body stands in a.rs and b.rs"]);
}
