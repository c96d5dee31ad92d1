//! Slugs, cities, districts, and the preset of Jiangsu.

use std::collections::BTreeSet;

use schedule_core::{
    City, CitySlug, District, DistrictSlug, EditionSlug, Phase, Province, ProvinceError, SlugError,
    jiangsu, published,
};

use crate::city;

fn district(slug: &str) -> District {
    District::new(DistrictSlug::new(slug).unwrap(), "某区").unwrap()
}

#[test]
fn a_text_that_is_no_slug_is_refused_with_the_reason() {
    let refusal = |text: &str| CitySlug::new(text).unwrap_err();
    let character = |character| SlugError::ForbiddenCharacter { character };
    assert_eq!(refusal(""), SlugError::Empty);
    assert_eq!(refusal(&"a".repeat(65)), SlugError::TooLong { n_bytes: 65 });
    assert_eq!(refusal("Nanjing"), character('N'));
    assert_eq!(refusal("南京"), character('南'));
    assert_eq!(refusal("a/b"), character('/'));
    for text in ["-a", "a-", "a--b", "-"] {
        let slug = text.to_owned();
        assert_eq!(refusal(text), SlugError::MisplacedHyphen { slug });
    }
    assert_eq!(CitySlug::new("a".repeat(64)).unwrap().as_str().len(), 64);
    assert_eq!(
        "jiangsu-2020".parse::<EditionSlug>().unwrap().to_string(),
        "jiangsu-2020"
    );
}

#[test]
fn every_slug_and_name_of_the_preset_passes_the_public_checks() {
    let preset = jiangsu();
    let check_city = |city: &City| {
        let districts = city.districts().iter().map(|district| {
            let slug = DistrictSlug::new(district.slug().as_str()).unwrap();
            District::new(slug, district.name()).unwrap()
        });
        let slug = CitySlug::new(city.slug().as_str()).unwrap();
        City::new(slug, city.name(), districts.collect()).unwrap()
    };
    let cities = preset.cities().iter().map(check_city).collect();
    assert_eq!(Province::new(preset.name(), cities), Ok(preset));
    for edition in [published::original_2020(), published::postponed_2020()] {
        let slug = edition.slug();
        assert_eq!(EditionSlug::new(slug.as_str()).as_ref(), Ok(slug));
    }
}

#[test]
fn value_stability_the_thirteen_cities_and_their_numbers_of_divisions() {
    let preset = jiangsu();
    let cities: Vec<_> = preset
        .cities()
        .iter()
        .map(|city| (city.slug().as_str(), city.name(), city.districts().len()))
        .collect();
    let expected = [
        ("yancheng", "盐城市", 9),
        ("suzhou", "苏州市", 9),
        ("nanjing", "南京市", 11),
        ("xuzhou", "徐州市", 10),
        ("yangzhou", "扬州市", 6),
        ("changzhou", "常州市", 6),
        ("taizhou", "泰州市", 6),
        ("zhenjiang", "镇江市", 6),
        ("suqian", "宿迁市", 5),
        ("lianyungang", "连云港市", 6),
        ("nantong", "南通市", 8),
        ("huaian", "淮安市", 7),
        ("wuxi", "无锡市", 7),
    ];
    assert_eq!(cities, expected);
}

#[test]
fn jiangsu_had_55_districts_22_cities_and_19_counties_in_may_2020() {
    let preset = jiangsu();
    let divisions = || preset.cities().iter().flat_map(City::districts);
    let ending = |end| divisions().filter(|d| d.name().ends_with(end)).count();
    assert_eq!((ending('区'), ending('市'), ending('县')), (55, 22, 19));
    let names: BTreeSet<_> = divisions().map(District::name).collect();
    // 鼓楼区 exists in Nanjing and in Xuzhou.
    assert_eq!((divisions().count(), names.len()), (96, 95));
    let nantong = preset.city(&city("nantong")).unwrap();
    let haimen = nantong
        .district(&DistrictSlug::new("haimen").unwrap())
        .unwrap();
    assert_eq!(haimen.name(), "海门市");
}

#[test]
fn a_district_is_found_by_its_name_in_every_city_that_has_one() {
    let preset = jiangsu();
    let cities_of = |name: &str| -> Vec<String> {
        let found = preset.districts_named(name);
        found.map(|(city, _)| city.name().to_owned()).collect()
    };
    assert_eq!(cities_of("鼓楼区"), ["南京市", "徐州市"]);
    assert_eq!(cities_of("昆山市"), ["苏州市"]);
    assert_eq!(cities_of("海门区"), [""; 0]);
}

#[test]
fn a_province_with_a_repeated_city_is_refused() {
    let wuxi = City::new(city("wuxi"), "无锡市", vec![]).unwrap();
    let refusal = Province::new("江苏省", vec![wuxi.clone(), wuxi]).unwrap_err();
    assert_eq!(refusal, ProvinceError::DuplicateCity { slug: city("wuxi") });
}

#[test]
fn a_city_with_a_repeated_district_is_refused() {
    let refusal = City::new(
        city("wuxi"),
        "无锡市",
        vec![district("binhu"), district("binhu")],
    );
    let expected = ProvinceError::DuplicateDistrict {
        city: city("wuxi"),
        slug: DistrictSlug::new("binhu").unwrap(),
    };
    assert_eq!(refusal, Err(expected));
}

#[test]
fn blank_names_and_empty_provinces_are_refused() {
    let slug = Some("wuxi".to_owned());
    assert_eq!(
        City::new(city("wuxi"), " ", vec![]),
        Err(ProvinceError::BlankName { slug })
    );
    assert_eq!(
        Province::new("", vec![]),
        Err(ProvinceError::BlankName { slug: None })
    );
    let name = "江苏省".to_owned();
    assert_eq!(
        Province::new("江苏省", vec![]),
        Err(ProvinceError::NoCity { name })
    );
    let slug = DistrictSlug::new("binhu").unwrap();
    assert!(matches!(
        District::new(slug, ""),
        Err(ProvinceError::BlankName { .. })
    ));
}

#[test]
fn phases_have_an_english_display_and_a_chinese_name() {
    for (phase, english, chinese) in [
        (Phase::Publicity, "publicity", "前期宣传"),
        (Phase::Preheat(city("wuxi")), "preheat of wuxi", "预热"),
        (Phase::Contest(city("wuxi")), "contest of wuxi", "竞赛"),
        (Phase::Summary, "summary", "总结"),
    ] {
        assert_eq!(phase.to_string(), english);
        assert_eq!(phase.chinese_name(), chinese);
    }
}
