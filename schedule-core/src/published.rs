//! The two timetables of 2020 as they were printed.
//!
//! The original plan is document 苏信用办函〔2019〕101号 of 13 December 2019, its second annex and its section five.
//! The epidemic postponed it; the notice of April 2020 that starts the contest prints the second timetable in its annex.
//! Both have thirteen contests in the same order, and everything else differs: weekdays, number of rows, labels.

use crate::builder::EditionBuilder;
use crate::day::CivilDay;
use crate::edition::Edition;
use crate::jiangsu::jiangsu;
use crate::phase::{Phase, Provenance};
use crate::slug::{CitySlug, EditionSlug};
use crate::window::Window;

/// First and last day as printed, both included.
type Days = (CivilDay, CivilDay);

/// Label, days, and the cells of the contest and of the preheat column.
type PrintedRow = (&'static str, Days, ContestCell, PreheatCell);

#[derive(Clone, Copy)]
enum ContestCell {
    Publicity,
    Blank,
    City(&'static str),
}

use ContestCell::{Blank, City, Publicity};

type PreheatCell = Option<&'static str>;

const TITLE: &str = "与信用同行 筑梦新时代";

/// Returns the timetable of the original plan: 15 rows, contests from 22 February to 22 May 2020.
///
/// Publicity, 8–21 February, and summary, 23–30 May, are published in section five of the plan.
/// Row 1 prints the first week of publicity; the second week is row 2, the preheat of Yancheng.
#[must_use]
pub fn original_2020() -> Edition {
    use Provenance::Published;
    edition("jiangsu-2020-original", &ORIGINAL)
        .publicity(Window::of_preset(days((2, 8), (2, 21))), Published)
        .summary(Window::of_preset(days((5, 23), (5, 30))), Published)
        .assemble(Window::of_preset(days((2, 22), (5, 22))))
}

/// Returns the postponed timetable: 14 rows labelled 1 to 15 without 4, contests from 22 April to 21 July 2020.
///
/// The dates around the missing label adjoin, so no week is missing; the label is kept as printed.
/// Publicity, 15–21 April, is published in the notice: "one week ahead", the week of the preheat of Yancheng.
/// No summary was published again; 22–29 July, eight days following the last contest as in the plan, is marked [`Provenance::Derived`].
#[must_use]
pub fn postponed_2020() -> Edition {
    use Provenance::{Derived, Published};
    edition("jiangsu-2020-postponed", &POSTPONED)
        .publicity(Window::of_preset(days((4, 15), (4, 21))), Published)
        .summary(Window::of_preset(days((7, 22), (7, 29))), Derived)
        .assemble(Window::of_preset(days((4, 22), (7, 21))))
}

fn edition(slug: &'static str, rows: &[PrintedRow]) -> EditionBuilder {
    let builder = EditionBuilder::new(EditionSlug::of_preset(slug), TITLE, jiangsu());
    rows.iter()
        .fold(builder, |builder, &(label, days, contest, preheat)| {
            let contest = match contest {
                Publicity => Some(Phase::Publicity),
                Blank => None,
                City(city) => Some(Phase::Contest(CitySlug::of_preset(city))),
            };
            let preheat = preheat.map(|city| Phase::Preheat(CitySlug::of_preset(city)));
            let phases = contest.into_iter().chain(preheat);
            builder.row(label, Window::of_preset(days), phases)
        })
}

const fn days((first_month, first_day): (u32, u32), (last_month, last_day): (u32, u32)) -> Days {
    (
        CivilDay::of_2020(first_month, first_day),
        CivilDay::of_2020(last_month, last_day),
    )
}

#[rustfmt::skip] // One printed row per line.
const ORIGINAL: [PrintedRow; 15] = [
    ("1", days((2, 8), (2, 14)), Publicity, None),
    ("2", days((2, 15), (2, 21)), Blank, Some("yancheng")),
    ("3", days((2, 22), (2, 28)), City("yancheng"), Some("suzhou")),
    ("4", days((2, 29), (3, 6)), City("suzhou"), Some("nanjing")),
    ("5", days((3, 7), (3, 13)), City("nanjing"), Some("xuzhou")),
    ("6", days((3, 14), (3, 20)), City("xuzhou"), Some("yangzhou")),
    ("7", days((3, 21), (3, 27)), City("yangzhou"), Some("changzhou")),
    ("8", days((3, 28), (4, 3)), City("changzhou"), Some("taizhou")),
    ("9", days((4, 4), (4, 10)), City("taizhou"), Some("zhenjiang")),
    ("10", days((4, 11), (4, 17)), City("zhenjiang"), Some("suqian")),
    ("11", days((4, 18), (4, 24)), City("suqian"), Some("lianyungang")),
    ("12", days((4, 25), (5, 1)), City("lianyungang"), Some("nantong")),
    ("13", days((5, 2), (5, 8)), City("nantong"), Some("huaian")),
    ("14", days((5, 9), (5, 15)), City("huaian"), Some("wuxi")),
    ("15", days((5, 16), (5, 22)), City("wuxi"), None),
];

#[rustfmt::skip] // One printed row per line.
const POSTPONED: [PrintedRow; 14] = [
    ("1", days((4, 15), (4, 21)), Blank, Some("yancheng")),
    ("2", days((4, 22), (4, 28)), City("yancheng"), Some("suzhou")),
    ("3", days((4, 29), (5, 5)), City("suzhou"), Some("nanjing")),
    ("5", days((5, 6), (5, 12)), City("nanjing"), Some("xuzhou")),
    ("6", days((5, 13), (5, 19)), City("xuzhou"), Some("yangzhou")),
    ("7", days((5, 20), (5, 26)), City("yangzhou"), Some("changzhou")),
    ("8", days((5, 27), (6, 2)), City("changzhou"), Some("taizhou")),
    ("9", days((6, 3), (6, 9)), City("taizhou"), Some("zhenjiang")),
    ("10", days((6, 10), (6, 16)), City("zhenjiang"), Some("suqian")),
    ("11", days((6, 17), (6, 23)), City("suqian"), Some("lianyungang")),
    ("12", days((6, 24), (6, 30)), City("lianyungang"), Some("nantong")),
    ("13", days((7, 1), (7, 7)), City("nantong"), Some("huaian")),
    ("14", days((7, 8), (7, 14)), City("huaian"), Some("wuxi")),
    ("15", days((7, 15), (7, 21)), City("wuxi"), None),
];
