//! The change in the sentences of an official letter.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{Alteration, EditionChange, RoundChange};
use crate::printing::chinese_days;
use crate::round::Round;
use crate::window::Window;

impl EditionChange {
    /// Returns the change as the text of a letter: what changes as a whole, then each city's dates.
    ///
    /// Reasons, addressees, signature and date are the office's own and not in it.
    #[must_use]
    pub fn letter(&self) -> String {
        let mut text = format!("关于调整“{}”竞赛日程的说明\n\n", self.title);
        if self.is_empty() {
            text.push_str("各市竞赛时段和预热时段均不变。\n");
            return text;
        }
        text.push_str(&self.summary());
        text.push_str("调整后的日程如下：\n\n");
        let year = Some(self.season_after.first_day().year());
        for (number, change) in (1_u32..).zip(&self.rounds) {
            text.push_str(&format!("{number}. {}\n", line(change, year)));
        }
        let windows = self.rounds.iter().filter_map(|change| change.windows().1);
        if windows.clone().all(|window| holds_whole_days(&window)) && windows.count() > 0 {
            text.push_str("\n各市竞赛自首日零时起准点开放，至末日二十四时准点结束。\n");
        }
        text
    }

    fn summary(&self) -> String {
        let season = |window: &Window| chinese_days(window, None);
        let order = if self.same_order {
            "赛序保持不变。"
        } else {
            "赛序有调整。"
        };
        if let Some(by) = self.moved_as_a_whole() {
            return format!(
                "原定{}举行的竞赛整体{}，调整为{}举行。{}个城市的赛程天数保持不变，{order}\n",
                season(&self.season_before),
                shift(by),
                season(&self.season_after),
                self.rounds.len(),
            );
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for change in &self.rounds {
            let count = counts.entry(kind(change.alteration())).or_default();
            *count = count.saturating_add(1);
        }
        let parts = [
            "顺延",
            "提前",
            "调整时段",
            "仅调整预热",
            "新增",
            "取消",
            "不变",
        ];
        let parts = parts.into_iter().filter_map(|kind| {
            let count = counts.get(kind)?;
            Some(format!("{kind}{count}个"))
        });
        let parts: Vec<String> = parts.collect();
        format!(
            "竞赛时段由{}调整为{}。涉及城市中，{}；{order}\n",
            season(&self.season_before),
            season(&self.season_after),
            parts.join("、"),
        )
    }
}

/// Says what becomes of a turn in a cell of a table.
pub(super) fn chinese_alteration(alteration: Alteration) -> String {
    match alteration {
        Alteration::Unchanged => "不变".into(),
        Alteration::PreheatOnly => "仅调整预热".into(),
        Alteration::Moved { by } => shift(by),
        Alteration::Resized => "调整时段".into(),
        Alteration::New => "新增".into(),
        Alteration::Cancelled => "取消".into(),
    }
}

fn kind(alteration: Alteration) -> &'static str {
    match alteration {
        Alteration::Unchanged => "不变",
        Alteration::PreheatOnly => "仅调整预热",
        Alteration::Moved { by } if by < TimeDelta::zero() => "提前",
        Alteration::Moved { .. } => "顺延",
        Alteration::Resized => "调整时段",
        Alteration::New => "新增",
        Alteration::Cancelled => "取消",
    }
}

/// `顺延60天`, `提前1天6小时`, `顺延30分钟`.
fn shift(by: TimeDelta) -> String {
    let word = if by < TimeDelta::zero() {
        "提前"
    } else {
        "顺延"
    };
    let minutes = by.abs().num_minutes();
    let parts = [
        (minutes / (24 * 60), "天"),
        (minutes / 60 % 24, "小时"),
        (minutes % 60, "分钟"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let length: String = parts
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if length.is_empty() {
        return format!("{word}不足1分钟");
    }
    format!("{word}{length}")
}

fn line(change: &RoundChange, year: Option<i32>) -> String {
    let name = change.city().name();
    let days = |window: Window| chinese_days(&window, year);
    let (before, after) = change.windows();
    let preheat = change
        .after()
        .and_then(Round::preheat)
        .map_or(String::new(), |window| format!("，预热{}", days(window)));
    let was = before.map_or(String::new(), |window| format!("原定{}，", days(window)));
    let alteration = chinese_alteration(change.alteration());
    match after {
        Some(window) => format!(
            "{name}：竞赛{}{preheat}（{was}{alteration}）。",
            days(window)
        ),
        None => format!("{name}：{was}{alteration}。"),
    }
}

fn holds_whole_days(window: &Window) -> bool {
    let zone = window.zone();
    zone.start_of(window.first_day()) == window.start()
        && zone.end_of(window.last_day()) == window.end()
}
