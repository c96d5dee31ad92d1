//! Laws of the table of routes.

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_route_stands_once_and_says_what_it_belongs_to() {
    let mut seen = BTreeSet::new();
    for entry in TABLE {
        let verb = entry.verb == Verb::Post;
        assert!(seen.insert((entry.path, verb)), "{} twice", entry.path);
        assert!(
            entry.path.starts_with("/console") || entry.path.starts_with("/api/v1/console"),
            "{} is no route of the console",
            entry.path
        );
        let names_city = entry.path.contains("{city}");
        assert_eq!(names_city, entry.scope == Scope::City, "{}", entry.path);
    }
}

#[test]
fn an_auditor_changes_nothing_and_a_city_editor_sees_no_province() {
    for entry in TABLE {
        let Access::Roles(roles) = entry.access else {
            // Signing in and out is everybody's.
            assert!(
                entry.verb == Verb::Get
                    || ["sign-in", "sign-out", "step-up", "setup/{token}"]
                        .iter()
                        .any(|own| entry.path.ends_with(own)),
                "{}",
                entry.path
            );
            continue;
        };
        assert!(!roles.is_empty(), "{}", entry.path);
        if entry.verb == Verb::Post {
            assert!(!roles.contains(&Role::Auditor), "{}", entry.path);
        } else {
            // A page that is nothing but a form is for those who may send it.
            let is_for_forms = entry.wants_step_up || entry.path.ends_with("/edit");
            assert!(
                is_for_forms || roles.contains(&Role::Auditor),
                "{}",
                entry.path
            );
        }
        if entry.scope == Scope::Province {
            assert!(!roles.contains(&Role::CityEditor), "{}", entry.path);
        }
    }
}
