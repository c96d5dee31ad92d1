//! Reading a calendar day as offices write it.

use chrono::NaiveDate;

use crate::folding::fold;

/// Day in a text such as `2020-04-22`, `2020/4/22`, `2020.4.22`, `2020年4月22日` or `20200422`.
///
/// Words around it and a time of zeros after it are allowed; a day without year or day number is not.
pub(super) fn read_date(text: &str) -> Option<NaiveDate> {
    let folded = fold(text);
    let mut numbers = folded
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty());
    let first = numbers.next()?;
    if first.len() == 8 {
        let day = NaiveDate::parse_from_str(first, "%Y%m%d").ok();
        return day.filter(|_| numbers.all(is_zero));
    }
    let (month, day) = (numbers.next()?, numbers.next()?);
    if first.len() != 4 || month.len() > 2 || day.len() > 2 || !numbers.all(is_zero) {
        return None;
    }
    NaiveDate::from_ymd_opt(first.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|b| b == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_ways_to_write_a_day_are_one_day() {
        let day = NaiveDate::from_ymd_opt(2020, 4, 22);
        for text in [
            "2020-04-22",
            "2020/4/22",
            "２０２０年４月２２日",
            "20200422",
            "2020-04-22 00:00:00",
            "自2020.4.22起",
        ] {
            assert_eq!(read_date(text), day, "{text}");
        }
    }

    #[test]
    fn a_day_that_is_not_whole_or_not_there_is_none() {
        for text in [
            "2020年4月",
            "4-22",
            "2020-02-30",
            "22/4/2020",
            "",
            "2020-04-22 至 2021-01-01",
        ] {
            assert_eq!(read_date(text), None, "{text}");
        }
    }
}
