//! Provinces, their cities and the cities' districts, as data.

use std::collections::BTreeSet;

use crate::slug::{CitySlug, DistrictSlug};

/// Why a city or a province is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProvinceError {
    /// A province, city or district has a blank name.
    #[error("a name is blank: {slug:?}")]
    BlankName {
        /// Slug of the nameless city or district; `None` for the province itself.
        slug: Option<String>,
    },
    /// A province has no city.
    #[error("province {name} has no city")]
    NoCity {
        /// Name of the province.
        name: String,
    },
    /// Two cities of a province share a slug.
    #[error("two cities share the slug {slug}")]
    DuplicateCity {
        /// The shared slug.
        slug: CitySlug,
    },
    /// Two districts of a city share a slug.
    #[error("two districts of {city} share the slug {slug}")]
    DuplicateDistrict {
        /// The city.
        city: CitySlug,
        /// The shared slug.
        slug: DistrictSlug,
    },
}

/// A county-level division of a city: a district, a county or a county-level city.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "DistrictRecord"))]
pub struct District {
    slug: DistrictSlug,
    name: String,
}

impl District {
    /// Makes a district from its slug and its full name, such as `玄武区`.
    ///
    /// # Errors
    ///
    /// [`ProvinceError::BlankName`] when the name is empty or only white space.
    pub fn new(slug: DistrictSlug, name: impl Into<String>) -> Result<Self, ProvinceError> {
        let name = name.into();
        check_name(&name, Some(slug.as_str()))?;
        Ok(Self { slug, name })
    }

    pub(crate) fn of_preset((slug, name): (&'static str, &'static str)) -> Self {
        let slug = DistrictSlug::of_preset(slug);
        Self {
            slug,
            name: name.into(),
        }
    }

    /// Returns the slug, unique within the city.
    #[must_use]
    pub fn slug(&self) -> &DistrictSlug {
        &self.slug
    }

    /// Returns the full name, such as `玄武区`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A city that takes its turn in an edition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "CityRecord"))]
pub struct City {
    slug: CitySlug,
    name: String,
    districts: Vec<District>,
}

impl City {
    /// Makes a city from its slug, its full name such as `南京市`, and its districts, which may be none.
    ///
    /// Costs O(d log d) for d districts.
    ///
    /// # Errors
    ///
    /// - [`ProvinceError::BlankName`] when the name is empty or only white space;
    /// - [`ProvinceError::DuplicateDistrict`] when two districts share a slug.
    pub fn new(
        slug: CitySlug,
        name: impl Into<String>,
        districts: Vec<District>,
    ) -> Result<Self, ProvinceError> {
        let name = name.into();
        check_name(&name, Some(slug.as_str()))?;
        let mut seen = BTreeSet::new();
        if let Some(district) = districts.iter().find(|d| !seen.insert(d.slug())) {
            return Err(ProvinceError::DuplicateDistrict {
                city: slug,
                slug: district.slug().clone(),
            });
        }
        Ok(Self {
            slug,
            name,
            districts,
        })
    }

    pub(crate) fn of_preset(
        slug: &'static str,
        name: &'static str,
        districts: &[(&'static str, &'static str)],
    ) -> Self {
        Self {
            slug: CitySlug::of_preset(slug),
            name: name.into(),
            districts: districts.iter().copied().map(District::of_preset).collect(),
        }
    }

    /// Returns the slug, unique within the province.
    #[must_use]
    pub fn slug(&self) -> &CitySlug {
        &self.slug
    }

    /// Returns the full name, such as `南京市`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the districts in the order they were given.
    #[must_use]
    pub fn districts(&self) -> &[District] {
        &self.districts
    }

    /// Finds a district by its slug, in O(d) for d districts.
    #[must_use]
    pub fn district(&self, slug: &DistrictSlug) -> Option<&District> {
        self.districts.iter().find(|d| d.slug() == slug)
    }
}

/// A province: a name and the cities that may take part.
///
/// The list says who exists, never who plays when; that is the edition's business.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "ProvinceRecord"))]
pub struct Province {
    name: String,
    cities: Vec<City>,
}

impl Province {
    /// Makes a province from its name and its cities.
    ///
    /// Costs O(c log c) for c cities.
    ///
    /// # Errors
    ///
    /// - [`ProvinceError::BlankName`] when the name is empty or only white space;
    /// - [`ProvinceError::NoCity`] when there is no city;
    /// - [`ProvinceError::DuplicateCity`] when two cities share a slug.
    pub fn new(name: impl Into<String>, cities: Vec<City>) -> Result<Self, ProvinceError> {
        let name = name.into();
        check_name(&name, None)?;
        if cities.is_empty() {
            return Err(ProvinceError::NoCity { name });
        }
        let mut seen = BTreeSet::new();
        if let Some(city) = cities.iter().find(|c| !seen.insert(c.slug())) {
            let slug = city.slug().clone();
            return Err(ProvinceError::DuplicateCity { slug });
        }
        Ok(Self { name, cities })
    }

    pub(crate) fn of_preset(name: &'static str, cities: Vec<City>) -> Self {
        let name = name.into();
        Self { name, cities }
    }

    /// Returns the full name, such as `江苏省`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the cities in the order they were given.
    #[must_use]
    pub fn cities(&self) -> &[City] {
        &self.cities
    }

    /// Finds a city by its slug, in O(c) for c cities.
    #[must_use]
    pub fn city(&self, slug: &CitySlug) -> Option<&City> {
        self.cities.iter().find(|c| c.slug() == slug)
    }

    /// Finds the districts of a full name with their cities, in O(d) for all d districts.
    ///
    /// A name alone may mean several: both Nanjing and Xuzhou have a 鼓楼区.
    pub fn districts_named(&self, name: &str) -> impl Iterator<Item = (&City, &District)> {
        let districts = self
            .cities
            .iter()
            .flat_map(|city| city.districts.iter().map(move |district| (city, district)));
        districts.filter(move |(_, district)| district.name == name)
    }
}

fn check_name(name: &str, slug: Option<&str>) -> Result<(), ProvinceError> {
    if name.trim().is_empty() {
        let slug = slug.map(Into::into);
        return Err(ProvinceError::BlankName { slug });
    }
    Ok(())
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct DistrictRecord {
    slug: DistrictSlug,
    name: String,
}

#[cfg(feature = "serde")]
impl TryFrom<DistrictRecord> for District {
    type Error = ProvinceError;

    fn try_from(record: DistrictRecord) -> Result<Self, ProvinceError> {
        Self::new(record.slug, record.name)
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CityRecord {
    slug: CitySlug,
    name: String,
    #[serde(default)]
    districts: Vec<District>,
}

#[cfg(feature = "serde")]
impl TryFrom<CityRecord> for City {
    type Error = ProvinceError;

    fn try_from(record: CityRecord) -> Result<Self, ProvinceError> {
        Self::new(record.slug, record.name, record.districts)
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ProvinceRecord {
    name: String,
    cities: Vec<City>,
}

#[cfg(feature = "serde")]
impl TryFrom<ProvinceRecord> for Province {
    type Error = ProvinceError;

    fn try_from(record: ProvinceRecord) -> Result<Self, ProvinceError> {
        Self::new(record.name, record.cities)
    }
}
