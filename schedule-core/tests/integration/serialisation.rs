//! Values written and read again; unsound ones are refused while reading.

use schedule_core::{Edition, Province, ShanghaiDay, Window, jiangsu, published};
use serde_json::{from_str, from_value, json, to_string, to_value};

use crate::{day, days};

#[test]
fn editions_and_provinces_survive_a_round_trip() {
    for edition in [published::original_2020(), published::postponed_2020()] {
        let text = to_string(&edition).unwrap();
        assert_eq!(from_str::<Edition>(&text).unwrap(), edition);
    }
    let text = to_string(&jiangsu()).unwrap();
    assert_eq!(from_str::<Province>(&text).unwrap(), jiangsu());
}

#[test]
fn value_stability_the_written_form_of_days_windows_and_rows() {
    assert_eq!(to_value(day("2020-05-06")).unwrap(), json!("2020-05-06"));
    assert_eq!(
        from_value::<ShanghaiDay>(json!("2020-05-06")).unwrap(),
        day("2020-05-06")
    );
    let window = json!({"start": "2020-05-05T16:00:00Z", "end": "2020-05-12T16:00:00Z"});
    assert_eq!(to_value(days("2020-05-06", "2020-05-12")).unwrap(), window);
    let row = json!({"label": "5", "window": window, "phases": [{"contest": "nanjing"}, {"preheat": "xuzhou"}]});
    assert_eq!(
        to_value(&published::postponed_2020().rows()[3]).unwrap(),
        row
    );
}

#[test]
fn a_window_may_be_written_in_shanghai_time() {
    let text = json!({"start": "2020-05-06T00:00:00+08:00", "end": "2020-05-13T00:00:00+08:00"});
    assert_eq!(
        from_value::<Window>(text).unwrap(),
        days("2020-05-06", "2020-05-12")
    );
}

#[test]
fn only_a_foreign_zone_is_written() {
    let seoul = days("2020-05-06", "2020-05-12").in_zone("+09:00".parse().unwrap());
    let text =
        json!({"start": "2020-05-05T16:00:00Z", "end": "2020-05-12T16:00:00Z", "zone": "+09:00"});
    assert_eq!(to_value(seoul).unwrap(), text);
    assert_eq!(from_value::<Window>(text).unwrap(), seoul);
}

#[test]
fn an_unsound_window_is_not_read() {
    let text = json!({"start": "2020-05-06T00:00:00Z", "end": "2020-05-06T00:00:00Z"});
    assert!(from_value::<Window>(text).is_err());
}

#[test]
fn an_edition_whose_contests_overlap_is_not_read() {
    let mut text = to_value(published::postponed_2020()).unwrap();
    text["rows"][1]["window"]["end"] = json!("2020-04-28T16:00:00.001Z");
    let error = from_value::<Edition>(text).unwrap_err().to_string();
    assert!(
        error.contains("the contests of yancheng and suzhou overlap"),
        "{error}"
    );
}

#[test]
fn a_province_with_a_repeated_city_is_not_read() {
    let mut text = to_value(jiangsu()).unwrap();
    text["cities"][1]["slug"] = json!("yancheng");
    assert!(from_value::<Province>(text).is_err());
}
