//! Roles: what somebody may be, and who may be what together.

use std::{collections::BTreeSet, fmt};

use super::Refused;

/// What an organiser does; who may do what stands in the console's table of routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a role that a table forgets would be one that may do nothing"
)]
pub enum Role {
    /// Runs the season: timetable, pauses, bulletins, awards.
    ProvinceAdmin,
    /// Prepares one city: its bank and its page.
    CityEditor,
    /// Approves what editors hand in.
    ContentApprover,
    /// Proposes what is done about money.
    FinanceOperator,
    /// Approves what is done about money.
    FinanceApprover,
    /// Reads everything, changes nothing.
    Auditor,
    /// Makes accounts and switches them off.
    SecurityAdmin,
}

impl Role {
    /// Every role, in the order in which they are printed.
    pub const ALL: [Self; 7] = [
        Self::ProvinceAdmin,
        Self::CityEditor,
        Self::ContentApprover,
        Self::FinanceOperator,
        Self::FinanceApprover,
        Self::Auditor,
        Self::SecurityAdmin,
    ];

    /// The name in rows, commands and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProvinceAdmin => "province_admin",
            Self::CityEditor => "city_editor",
            Self::ContentApprover => "content_approver",
            Self::FinanceOperator => "finance_operator",
            Self::FinanceApprover => "finance_approver",
            Self::Auditor => "auditor",
            Self::SecurityAdmin => "security_admin",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// The roles of one organiser: at least one, and only such as go together.
///
/// A city editor and an auditor are nothing else. Nobody both proposes and approves what is
/// done about money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// The roles of somebody who works for this city, or for the province.
    ///
    /// # Errors
    /// Refuses with [`Refused::RolesClash`].
    pub fn new(roles: impl IntoIterator<Item = Role>, city: Option<&str>) -> Result<Self, Refused> {
        let roles: BTreeSet<Role> = roles.into_iter().collect();
        let is_alone = roles.len() == 1;
        let stands_alone = [Role::CityEditor, Role::Auditor];
        let is_mixed = !is_alone && stands_alone.iter().any(|role| roles.contains(role));
        let is_both = [Role::FinanceOperator, Role::FinanceApprover]
            .iter()
            .all(|role| roles.contains(role));
        let is_bound = roles.contains(&Role::CityEditor) == city.is_some();
        if roles.is_empty() || is_mixed || is_both || !is_bound {
            return Err(Refused::RolesClash);
        }
        Ok(Self(roles))
    }

    /// The roles as a row has them; `None` for a row that was never written so.
    pub(super) fn of_row(text: &str, city: Option<&str>) -> Option<Self> {
        let roles: Option<Vec<Role>> = text.split(',').map(Role::of_name).collect();
        Self::new(roles?, city).ok()
    }

    /// Each role, in order.
    pub fn iter(&self) -> impl Iterator<Item = Role> {
        self.0.iter().copied()
    }

    /// Whether one of these is among them.
    #[must_use]
    pub fn has_any(&self, wanted: &[Role]) -> bool {
        wanted.iter().any(|role| self.0.contains(role))
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Role::name).collect();
        formatter.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_that_do_not_go_together_are_refused() {
        let clash = Err(Refused::RolesClash);
        assert_eq!(Roles::new([], None), clash);
        assert_eq!(
            Roles::new([Role::FinanceOperator, Role::FinanceApprover], None),
            clash
        );
        for other in Role::ALL {
            for alone in [Role::Auditor, Role::CityEditor] {
                if other != alone {
                    assert_eq!(Roles::new([alone, other], None), clash, "{other:?}");
                    assert_eq!(Roles::new([alone, other], Some("suzhou")), clash);
                }
            }
        }
        assert_eq!(Roles::new([Role::CityEditor], None), clash);
        assert_eq!(Roles::new([Role::ProvinceAdmin], Some("suzhou")), clash);
    }

    #[test]
    fn roles_read_back_from_their_row() {
        let both = Roles::new([Role::SecurityAdmin, Role::ProvinceAdmin], None).expect("they go");
        assert_eq!(both.to_string(), "province_admin,security_admin");
        assert_eq!(Roles::of_row(&both.to_string(), None), Some(both));
        assert_eq!(Roles::of_row("province_admin,emperor", None), None);
        assert_eq!(Roles::of_row("", None), None);
        for role in Role::ALL {
            assert_eq!(Role::of_name(role.name()), Some(role));
        }
    }
}
