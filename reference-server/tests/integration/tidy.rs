//! The house rules that no compiler and no lint enforces, checked over the project's own files.
//!
//! Each check is a function from text to a list of faults. It is run over the tree, where it
//! must find nothing, and over a small bad sample, where it must find something.
//!
//! | file | what is checked |
//! |---|---|
//! | `tree` | the files themselves, and what may lie at the top |
//! | `text` | first lines, lengths, unfinished work, traces of a machine |
//! | `arrows` | who may name whom inside the server, and where SQL may stand |
//! | `maps` | every file is part of a program, every module stands in its parent's map |
//! | `migrations` | that servers of the version before survive them |
//! | `manifests` | what a crate may depend on |
//! | `schemas` | names of the bodies in the document of the JSON API |
//! | `documents` | links, named files, commands and the example configuration |

mod arrows;
mod documents;
mod manifests;
mod maps;
mod migrations;
mod schemas;
mod text;
mod tree;

use tree::File;

/// Every fault that `check` finds in these files, each with its file in front.
fn faults(files: &[File], check: impl Fn(&File) -> Vec<String>) -> Vec<String> {
    files
        .iter()
        .flat_map(|file| {
            check(file)
                .into_iter()
                .map(|fault| format!("{}: {fault}", file.path))
        })
        .collect()
}

/// Fails with one fault a line.
#[track_caller]
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n  {}\n", faults.join("\n  "));
}
