//! The studies, in the order of the report.
//!
//! | module | question |
//! |---|---|
//! | `order` | does a place in the queue matter under the popular rules |
//! | `laws` | do the laws have the moments that theory gives them |
//! | `contest_day` | what a day of the contest looks like under two laws |
//! | `exactness` | is every division as likely as its law says |
//! | `web_code` | what widely copied code does |
//! | `field` | do real packets follow the rule that is told of them |
//! | `contest` | top packet, unpaid money and releases over turnouts |
//! | `deck_size` | how many packets a day |
//! | `speed` | what a packet costs |
//! | `grinding` | what trying seeds is worth |
//! | `adversary` | what scripts take under every release |
//! | `power` | how many cities until a bias shows |

mod adversary;
mod contest;
mod contest_day;
mod deck_size;
mod exactness;
mod field;
mod grinding;
mod laws;
mod order;
mod power;
mod speed;
mod web_code;

use std::error::Error;

use crate::study::Findings;

/// A study by its name on the command line.
pub(crate) struct Study {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) run: fn(u64) -> Result<Findings, Box<dyn Error>>,
}

/// Every study, in the order of the report.
pub(crate) const STUDIES: [Study; 17] = [
    Study {
        name: "variance-by-rank",
        title: "Double mean: equal means, unequal risk",
        run: order::variance_by_rank,
    },
    Study {
        name: "luck-by-rank",
        title: "Double mean: who is luckiest, who is poorest",
        run: order::luck_by_rank,
    },
    Study {
        name: "broken-stick",
        title: "Broken stick: extremes",
        run: laws::broken_stick,
    },
    Study {
        name: "contest-day",
        title: "A day of the contest",
        run: contest_day::contest_day,
    },
    Study {
        name: "remaining-random",
        title: "Uniform up to all that is left",
        run: laws::remaining_random,
    },
    Study {
        name: "safe-total",
        title: "Uniform up to what is safe",
        run: laws::safe_total,
    },
    Study {
        name: "dirichlet",
        title: "Dirichlet: one knob for inequality",
        run: laws::dirichlet,
    },
    Study {
        name: "exactness",
        title: "Exactness by full enumeration",
        run: exactness::exactness,
    },
    Study {
        name: "web-code",
        title: "What widely copied code does",
        run: web_code::web_code,
    },
    Study {
        name: "field",
        title: "Real packets",
        run: field::field,
    },
    Study {
        name: "top-packet",
        title: "Is the top packet awarded?",
        run: contest::top_packet,
    },
    Study {
        name: "release",
        title: "Releases: money unpaid, hours served, money taken by scripts",
        run: contest::release,
    },
    Study {
        name: "deck-size",
        title: "How many packets a day",
        run: deck_size::deck_size,
    },
    Study {
        name: "speed",
        title: "What a packet costs",
        run: speed::speed,
    },
    Study {
        name: "grinding",
        title: "What trying seeds is worth",
        run: grinding::grinding,
    },
    Study {
        name: "adversary",
        title: "Persons, guessers, harvesters and rings",
        run: adversary::adversary,
    },
    Study {
        name: "power",
        title: "How many cities until a bias shows",
        run: power::power,
    },
];
