//! What differs between two editions, what a letter says about it, and when it comes too late.

use chrono::TimeDelta;
use schedule_core::published::{original_2020, postponed_2020};
use schedule_core::{
    Alteration, ChangeRefusal, Edition, EditionChange, EditionError, EditionSlug, Phase,
    PostponementError, Provenance, Round,
};

use crate::{builder, city, civil, days, instant};

fn slug() -> EditionSlug {
    EditionSlug::new("changed").unwrap()
}

fn sixty_days() -> Alteration {
    let by = TimeDelta::days(60);
    Alteration::Moved { by }
}

fn alterations(change: &EditionChange) -> Vec<(&str, Alteration)> {
    let rounds = change.rounds().iter();
    rounds
        .map(|round| (round.city().slug().as_str(), round.alteration()))
        .collect()
}

fn edition(rows: &[(&str, &str, &str, &str)]) -> Edition {
    let add = |builder: schedule_core::EditionBuilder, row: &(&str, &str, &str, &str)| {
        let (first, last, contest, preheat) = *row;
        let contest = (!contest.is_empty()).then(|| Phase::Contest(city(contest)));
        let preheat = (!preheat.is_empty()).then(|| Phase::Preheat(city(preheat)));
        builder.row("x", days(first, last), contest.into_iter().chain(preheat))
    };
    rows.iter().fold(builder(), add).build().unwrap()
}

#[test]
fn the_postponement_of_2020_moved_all_thirteen_by_sixty_days() {
    let change = EditionChange::between(&original_2020(), &postponed_2020());
    assert_eq!(change.rounds().len(), 13);
    assert!(alterations(&change).iter().all(|(_, a)| *a == sixty_days()));
    assert_eq!(change.moved_as_a_whole(), Some(TimeDelta::days(60)));
    let back = EditionChange::between(&postponed_2020(), &original_2020());
    assert_eq!(back.moved_as_a_whole(), Some(TimeDelta::days(-60)));
}

#[test]
fn an_edition_does_not_differ_from_itself() {
    let change = EditionChange::between(&original_2020(), &original_2020());
    assert!(change.is_empty());
    assert_eq!(change.moved_as_a_whole(), None);
    assert_eq!(change.permitted_at(instant("2030-01-01T00:00:00Z")), Ok(()));
    assert!(change.letter().contains("均不变"));
}

#[test]
fn every_kind_of_alteration_is_told_apart() {
    let before = edition(&[
        ("2027-03-01", "2027-03-07", "", "wuxi"),
        ("2027-03-08", "2027-03-14", "wuxi", "suzhou"),
        ("2027-03-15", "2027-03-21", "suzhou", "nanjing"),
        ("2027-03-22", "2027-03-28", "nanjing", ""),
        ("2027-03-29", "2027-04-04", "xuzhou", ""),
        ("2027-04-05", "2027-04-11", "yangzhou", ""),
    ]);
    let after = edition(&[
        ("2027-03-02", "2027-03-07", "", "wuxi"),
        ("2027-03-08", "2027-03-14", "wuxi", "suzhou"),
        ("2027-03-15", "2027-03-21", "suzhou", ""),
        ("2027-03-22", "2027-03-30", "nanjing", ""),
        ("2027-04-02", "2027-04-08", "xuzhou", ""),
        ("2027-04-12", "2027-04-18", "huaian", ""),
    ]);
    let change = EditionChange::between(&before, &after);
    let by = TimeDelta::days(4);
    let expected = [
        ("wuxi", Alteration::PreheatOnly),
        ("suzhou", Alteration::Unchanged),
        ("nanjing", Alteration::Resized),
        ("xuzhou", Alteration::Moved { by }),
        ("huaian", Alteration::New),
        ("yangzhou", Alteration::Cancelled),
    ];
    assert_eq!(alterations(&change), expected);
    assert_eq!(
        change.table().markdown(),
        "\
| 场次 | 城市 | 原竞赛时段 | 调整后竞赛时段 | 变化 | 调整后预热时段 |
| --- | --- | --- | --- | --- | --- |
| 1 | 无锡市 | 3月8日—14日 | 3月8日—14日 | 仅调整预热 | 3月2日—7日 |
| 2 | 苏州市 | 3月15日—21日 | 3月15日—21日 | 不变 | 3月8日—14日 |
| 3 | 南京市 | 3月22日—28日 | 3月22日—30日 | 调整时段 | — |
| 4 | 徐州市 | 3月29日—4月4日 | 4月2日—8日 | 顺延4天 | — |
| 5 | 淮安市 | — | 4月12日—18日 | 新增 | — |
| — | 扬州市 | 4月5日—11日 | — | 取消 | — |
"
    );
    let letter = change.letter();
    assert!(
        letter.contains("涉及城市中，顺延1个、调整时段1个、仅调整预热1个、新增1个、取消1个、不变1个；赛序保持不变。"),
        "{letter}"
    );
    assert!(
        letter.contains("6. 扬州市：原定4月5日—11日，取消。\n"),
        "{letter}"
    );
}

#[test]
fn value_stability_the_letter_about_the_postponement_of_2020() {
    let letter = EditionChange::between(&original_2020(), &postponed_2020()).letter();
    let expected = "\
关于调整“与信用同行 筑梦新时代”竞赛日程的说明

原定2020年2月22日—5月22日举行的竞赛整体顺延60天，调整为2020年4月22日—7月21日举行。13个城市的赛程天数保持不变，赛序保持不变。
调整后的日程如下：

1. 盐城市：竞赛4月22日—28日，预热4月15日—21日（原定2月22日—28日，顺延60天）。
";
    assert!(letter.starts_with(expected), "{letter}");
    assert!(letter.ends_with(
        "13. 无锡市：竞赛7月15日—21日，预热7月8日—14日（原定5月16日—22日，顺延60天）。\n\n各市竞赛自首日零时起准点开放，至末日二十四时准点结束。\n"
    ));
}

#[test]
fn the_table_of_the_postponement_is_aligned_for_wide_letters() {
    let text = EditionChange::between(&original_2020(), &postponed_2020())
        .table()
        .text();
    let lines: Vec<&str> = text.lines().take(3).collect();
    assert_eq!(
        lines,
        [
            "场次  城市      原竞赛时段      调整后竞赛时段  变化      调整后预热时段",
            "1     盐城市    2月22日—28日    4月22日—28日    顺延60天  4月15日—21日",
            "2     苏州市    2月29日—3月6日  4月29日—5月5日  顺延60天  4月22日—28日",
        ]
    );
}

#[test]
fn an_order_that_changes_is_said_to() {
    let before = edition(&[
        ("2027-03-01", "2027-03-07", "wuxi", ""),
        ("2027-03-08", "2027-03-14", "suzhou", ""),
    ]);
    let after = edition(&[
        ("2027-03-01", "2027-03-07", "suzhou", ""),
        ("2027-03-08", "2027-03-14", "wuxi", ""),
    ]);
    let letter = EditionChange::between(&before, &after).letter();
    assert!(letter.contains("提前1个、") || letter.contains("顺延1个、提前1个；赛序有调整。"));
}

#[test]
fn a_running_and_a_past_week_cannot_be_changed_and_none_can_open_in_the_past() {
    let change = EditionChange::between(&original_2020(), &postponed_2020());
    let at = |text| change.permitted_at(instant(text));
    assert_eq!(at("2020-02-21T23:59:59.999+08:00"), Ok(()));
    let yancheng = city("yancheng");
    let window = days("2020-02-22", "2020-02-28");
    let running = ChangeRefusal::Running {
        city: yancheng.clone(),
        window,
    };
    assert_eq!(at("2020-02-22T00:00:00+08:00"), Err(running.clone()));
    assert_eq!(at("2020-02-28T23:59:59.999+08:00"), Err(running));
    let past = ChangeRefusal::Past {
        city: yancheng.clone(),
        window,
    };
    assert_eq!(at("2020-02-29T00:00:00+08:00"), Err(past));
    let earlier = EditionChange::between(&postponed_2020(), &original_2020());
    assert_eq!(
        earlier.permitted_at(window.start()),
        Err(ChangeRefusal::OpensInThePast {
            city: yancheng,
            window
        })
    );
}

#[test]
fn a_later_week_can_be_changed_while_an_unchanged_one_runs() {
    let original = original_2020();
    let opening = civil("2020-04-04");
    let changed = original
        .postponed(slug(), &city("xuzhou"), opening)
        .unwrap();
    let change = EditionChange::between(&original, &changed);
    let by = TimeDelta::days(21);
    for (round, (_, alteration)) in (1..).zip(alterations(&change)) {
        let expected = if round <= 3 {
            Alteration::Unchanged
        } else {
            Alteration::Moved { by }
        };
        assert_eq!(alteration, expected, "round {round}");
    }
    assert_eq!(
        change.permitted_at(instant("2020-03-13T23:59:00+08:00")),
        Ok(())
    );
    assert!(
        change
            .permitted_at(instant("2020-03-14T00:00:00+08:00"))
            .is_err()
    );
}

#[test]
fn postponing_the_original_to_22_april_gives_the_contests_of_the_notice() {
    let opening = civil("2020-04-22");
    let made = original_2020()
        .postponed(slug(), &city("yancheng"), opening)
        .unwrap();
    assert!(EditionChange::between(&made, &postponed_2020()).is_empty());
    let stages: Vec<_> = made
        .phases()
        .iter()
        .filter(|scheduled| scheduled.phase().city().is_none())
        .map(|scheduled| (scheduled.window(), scheduled.provenance()))
        .collect();
    assert_eq!(
        stages,
        [
            (days("2020-04-08", "2020-04-21"), Provenance::Derived),
            (days("2020-07-22", "2020-07-29"), Provenance::Derived),
        ]
    );
    let labels: Vec<_> = made.rows().iter().map(|row| row.label()).collect();
    let printed: Vec<_> = original_2020()
        .rows()
        .iter()
        .map(|row| row.label().to_owned())
        .collect();
    assert_eq!(labels, printed);
}

#[test]
fn a_partial_postponement_splits_the_row_in_which_both_meet() {
    let original = original_2020();
    let opening = civil("2020-03-21");
    let made = original
        .postponed(slug(), &city("xuzhou"), opening)
        .unwrap();
    let rows: Vec<_> = made
        .rows()
        .iter()
        .filter(|row| row.label() == "5")
        .map(|row| (row.window(), row.phases().to_vec()))
        .collect();
    assert_eq!(
        rows,
        [
            (
                days("2020-03-07", "2020-03-13"),
                vec![Phase::Contest(city("nanjing"))]
            ),
            (
                days("2020-03-14", "2020-03-20"),
                vec![Phase::Preheat(city("xuzhou"))]
            ),
        ]
    );
    let gap = made.gaps().next().unwrap();
    assert_eq!(gap.window(), days("2020-03-14", "2020-03-20"));
    assert_eq!(made.rounds().iter().map(Round::index).max(), Some(13));
}

#[test]
fn a_move_into_a_contest_that_stays_and_a_stranger_are_refused() {
    let original = original_2020();
    let refusal = original.postponed(slug(), &city("xuzhou"), civil("2020-03-08"));
    assert!(matches!(
        refusal,
        Err(PostponementError::Unsound(
            EditionError::ContestsOverlap { .. }
        ))
    ));
    let refusal = original.postponed(slug(), &city("hangzhou"), civil("2020-03-08"));
    let city = city("hangzhou");
    assert_eq!(refusal, Err(PostponementError::NoSuchRound { city }));
}
