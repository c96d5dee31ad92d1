//! Gantt charts and plans: what stands in them and where.

use proptest::prelude::*;
use schedule_core::published::{original_2020, postponed_2020};
use schedule_core::{City, CitySlug, EditionBuilder, EditionSlug, Phase, Province};

use crate::{builder, city, days};

#[test]
fn value_stability_the_text_chart_of_the_postponed_edition() {
    let text = postponed_2020().gantt_text(80);
    let lines: Vec<&str> = text.lines().collect();
    let expected = [
        "          4月     5月            6月            7月",
        "前期宣传  ====",
        "盐城市    ---####",
        "苏州市       ----####",
        "南京市           ---####",
        "徐州市              ----####",
        "扬州市                  ---####",
        "常州市                     ----####",
        "泰州市                         ---####",
        "镇江市                            ----####",
        "宿迁市                                ---####",
        "连云港市                                 ----####",
        "南通市                                       ---####",
        "淮安市                                          ----####",
        "无锡市                                              ---####",
        "总结                                                       ????",
        "# 竞赛  - 预热  = 宣传、总结  ? 推定  每格2天",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_wide_terminal_gets_a_letter_for_each_day() {
    let text = postponed_2020().gantt_text(200);
    let nanjing = text
        .lines()
        .find(|line| line.starts_with("南京市"))
        .unwrap();
    assert!(nanjing.ends_with("-------#######"), "{nanjing}");
    assert!(text.ends_with("每格1天\n"));
    let narrow = postponed_2020().gantt_text(0);
    let widths = narrow.lines().map(unicode_width::UnicodeWidthStr::width);
    assert!(widths.rev().skip(1).all(|width| width <= 10 + 10));
}

#[test]
fn the_svg_is_well_formed_and_says_everything_in_words() {
    for edition in [original_2020(), postponed_2020()] {
        let svg = edition.gantt_svg();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let count = |name: &str| {
            let nodes = document.descendants();
            nodes
                .filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", name)))
                .count()
        };
        // Each bar has a tooltip; the legend's four have none.
        assert_eq!(count("rect"), edition.phases().len() + 4);
        assert_eq!(count("title"), edition.phases().len() + 1);
        let desc = document
            .descendants()
            .find(|node| node.has_tag_name("desc"))
            .unwrap();
        for round in edition.rounds() {
            assert!(desc.text().unwrap().contains(round.city().name()));
        }
        for absent in ["<script", "href", "@import", "url("] {
            assert!(!svg.contains(absent), "{absent}");
        }
    }
}

#[test]
fn bars_are_as_long_as_their_windows_and_adjoin_where_these_do() {
    let svg = postponed_2020().gantt_svg();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let number = |node: roxmltree::Node<'_, '_>, name: &str| -> f64 {
        node.attribute(name).unwrap().parse().unwrap()
    };
    let bars: Vec<(f64, f64)> = document
        .descendants()
        .filter(|node| node.attribute("class") == Some("c") && node.has_children())
        .map(|node| (number(node, "x"), number(node, "width")))
        .collect();
    assert_eq!(bars.len(), 13);
    for pair in bars.windows(2) {
        let (x, width) = pair[0];
        assert!((x + width - pair[1].0).abs() < 0.011, "{pair:?}");
        assert!((width - pair[1].1).abs() < 0.011, "{pair:?}");
    }
}

#[test]
fn value_stability_the_plan_of_the_postponed_edition() {
    let plan = postponed_2020().plan().markdown();
    let lines: Vec<&str> = plan.lines().collect();
    assert_eq!(lines.len(), 15);
    assert_eq!(
        lines[0],
        "| 场次 | 城市 | 竞赛时段 | 天数 | 星期 | 预热时段 | 印刷序号 |"
    );
    assert_eq!(
        lines[4],
        "| 3 | 南京市 | 5月6日—12日 | 7 | 周三至周二 | 4月29日—5月5日 | 5 |"
    );
}

#[test]
fn a_name_cannot_break_out_of_a_table() {
    let slug = CitySlug::new("x").unwrap();
    let name = "a|b\\,\"c\n<d>&市";
    let province = Province::new("某省", vec![City::new(slug, name, vec![]).unwrap()]).unwrap();
    let edition = EditionBuilder::new(EditionSlug::new("x").unwrap(), "t", province)
        .row(
            "1",
            days("2027-03-01", "2027-03-07"),
            [Phase::Contest(city("x"))],
        )
        .build()
        .unwrap();
    let table = edition.timetable();
    assert_eq!(
        table.markdown().lines().nth(2),
        Some("| 1 | 3月1日—7日 | a\\|b\\\\,\"c <d>&市 |  |")
    );
    assert_eq!(
        table.csv().lines().nth(1),
        Some("1,3月1日—7日,\"a|b\\,\"\"c")
    );
    assert_eq!(table.tab_separated().lines().count(), 2);
    let svg = edition.gantt_svg();
    assert!(roxmltree::Document::parse(&svg).is_ok(), "{svg}");
    assert_eq!(edition.gantt_text(80).lines().count(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any length of an edition and any terminal give a chart whose lines fit.
    #[test]
    fn a_text_chart_fits_its_columns(n_days in 1_u32..2_000, columns in 0_usize..240) {
        let first = crate::civil("2027-01-15");
        let last = first.checked_add_days(n_days - 1).unwrap();
        let window = schedule_core::Window::of_days(first..=last).unwrap();
        let edition = builder().row("1", window, [Phase::Contest(city("wuxi"))]).build().unwrap();
        let text = edition.gantt_text(columns);
        let row = text.lines().nth(1).unwrap();
        prop_assert!(unicode_width::UnicodeWidthStr::width(row) <= columns.max(8 + 10));
        prop_assert!(row.ends_with('#'));
        prop_assert!(roxmltree::Document::parse(&edition.gantt_svg()).is_ok());
    }
}
