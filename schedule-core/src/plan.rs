//! The plan of an edition: its rounds as a table.

use crate::edition::Edition;
use crate::exposure::chinese_weekday;
use crate::printing::chinese_days;
use crate::round::Round;
use crate::table::Table;

impl Edition {
    /// Returns the rounds as a table: place, city, contest, days, weekdays of the first and last day, preheat, printed label.
    #[must_use]
    pub fn plan(&self) -> Table {
        let year = Some(self.season().first_day().year());
        let row = |round: &Round| {
            let window = round.window();
            let weekday = |day: crate::day::CivilDay| chinese_weekday(day.weekday());
            let preheat = round.preheat();
            [
                round.index().to_string(),
                round.city().name().into(),
                chinese_days(&window, year),
                window.n_days().to_string(),
                format!(
                    "周{}至周{}",
                    weekday(window.first_day()),
                    weekday(window.last_day())
                ),
                preheat.map_or("—".into(), |window| chinese_days(&window, year)),
                round.label().into(),
            ]
        };
        let heading = [
            "场次",
            "城市",
            "竞赛时段",
            "天数",
            "星期",
            "预热时段",
            "印刷序号",
        ];
        Table::new(heading, self.rounds().iter().map(row))
    }
}
