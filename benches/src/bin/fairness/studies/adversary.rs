//! Persons, guessers, harvesters and rings: what each takes under every release.

use std::error::Error;

use reward_core::{
    AdaptiveDay, DAY_MS, DayOffset, DayProgress, DayRule, Next, Release, RewardRules, Split as _,
    SplitSpec, Uniform, WordStream, next_packet, slot_lottery,
};

use crate::{
    city::usual_moment,
    figure::{Figure, Mark, Series},
    sampling::{Mean, below, fen, joined, stream, tasks, unit},
    study::{Findings, Table},
};

const CITIES: u32 = 8;
const DAYS: u32 = 7;
const PERSONS: usize = 20_000;
/// So many persons bring a friend and thereby earn a second chance.
const SHARERS: f64 = 0.15;
/// A guess at four options passes, five of ten, with this probability.
const GUESS_PASSES: f64 = 0.078_126_9;
/// The server takes so many submissions of one person in a minute.
const SUBMISSIONS_A_MINUTE: f64 = 20.0;
const MINUTE_MS: u32 = 60_000;
const MINUTES: usize = 1_440;
const DECK: u32 = 1_000;
/// Packets of the server's own deck: enough for everybody who comes.
const ENOUGH: u32 = 4_000;
/// What the organiser expects of the first day when sizes adapt; later days expect what the day before brought.
const FIRST_GUESS: f64 = 3_000.0;

/// How a day's money is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Policy {
    /// The crate's decks, of so many packets a day, and rule of taking.
    Deck(Release, u32),
    /// The packets of an hour are drawn among those who entered by its end; entries stay in for the day.
    SlotLottery,
    /// The day's whole deck is drawn at 24:00 among all who entered that day.
    DayLottery,
    /// Each chance has one try a day, which wins with the packets left over the tries still expected.
    Odds,
    /// Every pass wins at once; the mean is the money left over the passes still expected today.
    Adaptive,
}

/// What a script is made for; every script is ready at 00:00 and tries each minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    /// Guesses until it passes, once.
    Guesser,
    /// Has read the answers after earlier attempts, and passes at once.
    Harvester,
    /// Harvests, and its accounts have brought each other: two chances each.
    Ring,
}

#[derive(Debug, Clone, Copy)]
struct Account {
    script: Option<Script>,
    first_day: u32,
    chances: u8,
    /// First minute at which a script can claim.
    ready: usize,
}

/// Sums of one city.
#[derive(Debug, Clone, Copy, Default)]
struct Take {
    scripts_fen: f64,
    all_fen: f64,
    scripts_chances: f64,
    persons_chances: f64,
    persons_paid: f64,
    packets: f64,
}

impl Take {
    /// Nothing taken yet; the chances that all these have.
    fn before(accounts: &[Account]) -> Self {
        let mut take = Self::default();
        for account in accounts {
            let sum = if account.script.is_some() {
                &mut take.scripts_chances
            } else {
                &mut take.persons_chances
            };
            *sum += f64::from(account.chances);
        }
        take
    }
}

fn population(scripts: usize, script: Script, words: &mut WordStream) -> Vec<Account> {
    let mut accounts = Vec::new();
    for i in 0..PERSONS + scripts {
        let is_script = i >= PERSONS;
        let chances = match (is_script, script) {
            (false, _) => 1 + u8::from(unit(words) < SHARERS),
            (true, Script::Ring) => 2,
            (true, Script::Guesser | Script::Harvester) => 1,
        };
        let mut attempts = 1.0;
        while is_script && script == Script::Guesser && unit(words) >= GUESS_PASSES {
            attempts += 1.0;
        }
        let mut ready = 0;
        let mut minutes = attempts / SUBMISSIONS_A_MINUTE;
        while minutes > 1.0 {
            minutes -= 1.0;
            ready += 1;
        }
        accounts.push(Account {
            script: is_script.then_some(script),
            first_day: u32::try_from(below(words, 7)).unwrap_or(0),
            chances,
            ready,
        });
    }
    accounts
}

/// The day as a queue minute by minute: persons by the usual curve, once per chance; scripts in every minute.
fn minutes(accounts: &[Account], day: u32, words: &mut WordStream) -> Vec<Vec<usize>> {
    let mut minutes = vec![Vec::new(); MINUTES];
    for (i, account) in accounts.iter().enumerate() {
        if account.first_day <= day && account.script.is_none() {
            for _ in 0..account.chances {
                let at = usize::try_from(usual_moment(words).ms() / MINUTE_MS).unwrap_or(0);
                minutes[at].push(i);
            }
        }
    }
    minutes
}

/// A day's money while it is handed out.
struct Till {
    policy: Policy,
    deck: Vec<f64>,
    rule: Option<DayRule>,
    taken: u32,
    adaptive: AdaptiveDay,
    /// Passes expected of the whole day.
    expected: f64,
}

impl Till {
    fn open(policy: Policy, law: &Uniform, expected: f64, words: &mut WordStream) -> Self {
        let rules = RewardRules::JIANGSU_2020;
        let rule = match policy {
            Policy::Deck(release, packets) => Some(DayRule {
                packets,
                release,
                top_sequence: None,
                rescue_at: None,
            }),
            Policy::SlotLottery | Policy::DayLottery | Policy::Odds | Policy::Adaptive => None,
        };
        Self {
            policy,
            deck: law.draw(words).into_iter().map(fen).collect(),
            rule,
            taken: 0,
            adaptive: AdaptiveDay::new(rules.daily_cap(), rules.bounds()),
            expected,
        }
    }

    fn next_of_deck(&mut self) -> Option<f64> {
        let amount = self.deck.get(usize::try_from(self.taken).ok()?).copied()?;
        self.taken += 1;
        Some(amount)
    }

    /// Passes still expected today, when so much of the day's people are to come.
    fn still_expected(&self, day_left: f64) -> f64 {
        (self.expected * day_left).clamp(20.0, 1e6)
    }

    /// One try at today's odds.
    fn luck(&mut self, day_left: f64, words: &mut WordStream) -> Option<f64> {
        let left = f64::from(DECK.saturating_sub(self.taken));
        (unit(words) < left / self.still_expected(day_left))
            .then(|| self.next_of_deck())
            .flatten()
    }

    /// What a claim of this minute gets.
    fn claim(&mut self, minute: usize, day_left: f64, words: &mut WordStream) -> Option<f64> {
        let at = u32::try_from(minute).ok()? * MINUTE_MS;
        match (self.policy, self.rule) {
            (Policy::Adaptive, _) => {
                let still = self.still_expected(day_left);
                let still = format!("{still:.0}").parse().unwrap_or(20);
                self.adaptive.award(still, words).map(fen)
            }
            (_, Some(rule)) => {
                let progress = DayProgress {
                    taken: self.taken,
                    top_taken: false,
                };
                match next_packet(&rule, progress, DayOffset::from_ms(at)?) {
                    Ok(Next::Take { .. }) => self.next_of_deck(),
                    Ok(Next::NotReleasedUntil { .. } | Next::DayExhausted) | Err(_) => None,
                }
            }
            (_, None) => None,
        }
    }
}

/// How a day's money is split under a policy.
fn law(policy: Policy) -> Uniform {
    let rules = RewardRules::JIANGSU_2020;
    let split = match policy {
        Policy::Deck(_, packets) => SplitSpec::new(packets, rules.daily_cap(), rules.bounds()).ok(),
        _ => None,
    };
    Uniform::new(split.unwrap_or_else(|| rules.plain_split()))
}

/// Plays one city; a person tries once per chance each day from his first day on, until his chances are used.
fn city(policy: Policy, scripts: usize, script: Script, words: &mut WordStream) -> Take {
    let law = law(policy);
    let mut accounts = population(scripts, script, words);
    let mut take = Take::before(&accounts);
    let mut expected = FIRST_GUESS;
    for day in 0..DAYS {
        let queue = minutes(&accounts, day, words);
        let mut waiting: Vec<usize> = (PERSONS..accounts.len())
            .filter(|&i| accounts[i].first_day <= day && accounts[i].chances > 0)
            .collect();
        let mut till = Till::open(policy, &law, expected, words);
        let persons: f64 = queue
            .iter()
            .map(|minute| crate::sampling::real(minute.len()))
            .sum();
        let (mut come, mut passes) = (0.0, 0.0);
        let mut entered: Vec<usize> = Vec::new();
        for (minute, arrived) in queue.into_iter().enumerate() {
            come += crate::sampling::real(arrived.len());
            let mut claims = arrived;
            claims.extend(
                waiting
                    .iter()
                    .copied()
                    .filter(|&i| accounts[i].ready <= minute),
            );
            if policy == Policy::Odds {
                waiting.retain(|&i| accounts[i].ready > minute);
                let day_left = 1.0 - come / persons.max(1.0);
                while !claims.is_empty() {
                    let i = claims.swap_remove(below(words, claims.len()));
                    passes += try_luck(&mut till, i, day_left, &mut accounts, &mut take, words);
                }
                continue;
            }
            if matches!(policy, Policy::SlotLottery | Policy::DayLottery) {
                // Scripts enter once; persons when they come.
                waiting.retain(|&i| accounts[i].ready > minute);
                entered.append(&mut claims);
                let is_drawn = if policy == Policy::SlotLottery {
                    minute % 60 == 59
                } else {
                    minute + 1 == MINUTES
                };
                if is_drawn {
                    // A script with two chances enters both, as a person does who has two.
                    if policy == Policy::DayLottery {
                        enter_twice(&mut entered, &accounts);
                    }
                    draw_slot(
                        &mut till,
                        minute,
                        &mut entered,
                        &mut accounts,
                        &mut take,
                        words,
                    );
                }
                continue;
            }
            let day_left = 1.0 - come / persons.max(1.0);
            let moment = (minute, day_left);
            passes += serve(&mut till, moment, claims, &mut accounts, &mut take, words);
            waiting.retain(|&i| accounts[i].chances > 0);
        }
        if matches!(policy, Policy::Adaptive | Policy::Odds) {
            expected = passes;
        }
    }
    take
}

/// The claims of a minute in any order, until nothing is given any more; how many got something.
fn serve(
    till: &mut Till,
    (minute, day_left): (usize, f64),
    mut claims: Vec<usize>,
    accounts: &mut [Account],
    take: &mut Take,
    words: &mut WordStream,
) -> f64 {
    let mut passes = 0.0;
    while !claims.is_empty() {
        let i = claims.swap_remove(below(words, claims.len()));
        if accounts[i].chances == 0 {
            continue;
        }
        let Some(amount) = till.claim(minute, day_left, words) else {
            break;
        };
        passes += 1.0;
        pay(i, amount, accounts, take);
        if accounts[i].script.is_some() && accounts[i].chances > 0 {
            claims.push(i);
        }
    }
    passes
}

/// One try for each chance that stands behind a claim; how many were made.
fn try_luck(
    till: &mut Till,
    i: usize,
    day_left: f64,
    accounts: &mut [Account],
    take: &mut Take,
    words: &mut WordStream,
) -> f64 {
    // A person comes once for each chance, a script once for all of them.
    let tries = match accounts[i].script {
        Some(_) => accounts[i].chances,
        None => accounts[i].chances.min(1),
    };
    for _ in 0..tries {
        if let Some(amount) = till.luck(day_left, words) {
            pay(i, amount, accounts, take);
        }
    }
    f64::from(tries)
}

/// A second entry for each script that has a second chance.
fn enter_twice(entered: &mut Vec<usize>, accounts: &[Account]) {
    let scripts: Vec<usize> = entered
        .iter()
        .copied()
        .filter(|&i| accounts[i].script.is_some() && accounts[i].chances > 1)
        .collect();
    entered.extend(scripts);
}

/// At the end of an hour, or of the day: as many packets as are released by then go to entries drawn at random.
fn draw_slot(
    till: &mut Till,
    minute: usize,
    entered: &mut Vec<usize>,
    accounts: &mut [Account],
    take: &mut Take,
    words: &mut WordStream,
) {
    let at = u32::try_from(minute + 1).unwrap_or(0) * MINUTE_MS;
    let now = DayOffset::from_ms(at.min(DAY_MS - 1)).unwrap_or(DayOffset::MIDNIGHT);
    let released = if till.policy == Policy::DayLottery {
        DECK
    } else {
        Release::Linear.released(DECK, now)
    };
    // An account that was paid to the end earlier today holds no entry any more.
    entered.retain(|&i| accounts[i].chances > 0);
    let claims = u32::try_from(entered.len()).unwrap_or(u32::MAX);
    let mut chosen = slot_lottery(claims, released.saturating_sub(till.taken), words);
    for &claim in &chosen {
        let i = entered[usize::try_from(claim).unwrap_or(0)];
        // Two entries of one account with one chance left: the second is void and its packet waits.
        if accounts[i].chances > 0 {
            let Some(amount) = till.next_of_deck() else {
                break;
            };
            pay(i, amount, accounts, take);
        }
    }
    chosen.sort_unstable_by(|left, right| right.cmp(left));
    for claim in chosen {
        let i = entered.swap_remove(usize::try_from(claim).unwrap_or(0));
        // After the day's only draw nobody enters again.
        if till.policy == Policy::SlotLottery
            && accounts[i].script.is_some()
            && accounts[i].chances > 0
        {
            entered.push(i);
        }
    }
}

fn pay(i: usize, amount: f64, accounts: &mut [Account], take: &mut Take) {
    accounts[i].chances -= 1;
    take.all_fen += amount;
    take.packets += 1.0;
    if accounts[i].script.is_some() {
        take.scripts_fen += amount;
    } else {
        take.persons_paid += 1.0;
    }
}

/// Share of the money, share of the chances, premium, share of the persons' chances paid, money paid; over cities.
fn measured(seed: u64, policy: Policy, scripts: usize, script: Script) -> Vec<Mean> {
    let parts = tasks(CITIES, |task| {
        let mut words = stream(seed, "adversary", task);
        let take = city(policy, scripts, script, &mut words);
        let money = take.scripts_fen / take.all_fen.max(1.0);
        let chances = take.scripts_chances / (take.scripts_chances + take.persons_chances);
        let values = [
            money,
            chances,
            money / chances,
            take.persons_paid / take.persons_chances,
            take.all_fen,
            take.all_fen / take.packets.max(1.0),
        ];
        values
            .into_iter()
            .map(|value| Mean::from_iter([value]))
            .collect()
    });
    joined(&parts)
}

fn cells(policy: &str, who: String, means: &[Mean]) -> Vec<String> {
    let share = |i: usize| format!("{:.1} %", 100.0 * means[i].mean());
    vec![
        policy.to_owned(),
        who,
        share(1),
        share(0),
        format!("{:.2} ± {:.2}", means[2].mean(), means[2].error()),
        share(3),
        format!("{:.0}", means[5].mean()),
        format!("{:.0}", means[4].mean()),
    ]
}

const CURVE: Release = RewardRules::JIANGSU_2020.release();
/// The releases compared, with their names.
const POLICIES: [(&str, Policy); 8] = [
    ("immediate", Policy::Deck(Release::Immediate, DECK)),
    ("linear", Policy::Deck(Release::Linear, DECK)),
    ("curve 10 %, 20 h", Policy::Deck(CURVE, DECK)),
    ("lottery each hour", Policy::SlotLottery),
    ("lottery at 24:00", Policy::DayLottery),
    ("odds at once", Policy::Odds),
    ("adaptive size", Policy::Adaptive),
    ("curve, 4,000 packets", Policy::Deck(CURVE, ENOUGH)),
];
const KINDS: [(&str, Script); 3] = [
    ("guessers", Script::Guesser),
    ("harvesters", Script::Harvester),
    ("rings", Script::Ring),
];
const HEADER: [&str; 8] = [
    "release",
    "scripts",
    "share of the chances",
    "share of the money",
    "speed premium",
    "persons' chances paid",
    "mean packet, fen",
    "paid in the week, fen",
];

fn reading(premiums: &[f64], [adaptive, many]: [f64; 2]) -> String {
    format!(
        "The quiz is no gate: guessers lose about a minute. With three times as many chances as packets, a script that \
             tries every minute is first whenever a packet is released, so a curve, which helps against a rush that comes \
             and goes, does not help against it: a ring's chance is worth {:.1} times a person's when all is released at \
             once, {:.1} when released evenly and {:.1} under the preset curve. Drawn by the hour it is {:.1}. Two ways make \
             speed worth nothing. Drawn once at 24:00 among all who entered that day it is {:.2}: packets keep their size, all \
             is paid and more persons get one, but everybody waits until midnight to know. When every pass wins and the size \
             adapts it is {:.2}, and every person is paid at once; the price is a mean packet of {:.2} yuan, less than what many \
             rails pay at least. One try a day at once, at the odds of the packets left over the tries expected, comes near \
             ({:.2}): who comes first plays at a forecast. The server's default is plainer: the same curve over 4,000 \
             smaller packets, more than the chances of a day. Then nobody gains by being quick ({:.2}), every chance is \
             paid, and amounts stay sealed beforehand; a packet is {:.2} yuan in the mean, and what nobody came for stays \
             unpaid. No release lowers what accounts that look \
             like citizens get for their number: that takes the platform's checks of accounts.",
        premiums[0],
        premiums[1],
        premiums[2],
        premiums[3],
        premiums[4],
        premiums[6],
        adaptive / 100.0,
        premiums[5],
        premiums[7],
        many / 100.0
    )
}

fn picture(bars: Vec<Vec<(f64, f64)>>) -> Figure {
    Figure::new(
        "What speed is worth: share of the money over share of the chances",
        "release",
        "speed premium",
        KINDS
            .into_iter()
            .zip(bars)
            .map(|((who, _), bars)| Series::new(format!("1,000 {who}"), Mark::Bars, bars))
            .collect(),
    )
    .named(
        POLICIES
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect(),
    )
}

/// What the study does.
fn method() -> String {
    format!(
        "{PERSONS} persons with one chance each, {:.0} % with a second for a friend, from a random day on, once per chance \
             each day by the usual curve until paid. Scripts start at 00:00 of a random day and try each minute: guessers \
             pass with probability {GUESS_PASSES:.3} an attempt at 20 attempts a minute, harvesters know the answers, rings \
             know them and hold two chances an account. {CITIES} cities a line; the first three releases are the crate's \
             rule of taking; the lotteries (`slot_lottery`) draw each hour's packets, or the day's at its end, among the day's entries; \
             the odds are the packets left over the tries still expected, one try a chance and day; the adaptive size (`AdaptiveDay`) is the money \
             left over the passes still expected, with yesterday's passes as forecast and 3,000 on the first day. \
             Speed premium: share of the money over share of the chances.",
        100.0 * SHARERS
    )
}

pub(super) fn adversary(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let mut by_kind = Vec::new();
    let mut bars = vec![Vec::new(); KINDS.len()];
    let mut premiums = Vec::new();
    // Mean packets of the last two releases: sizes that adapt, and many packets.
    let mut packets = [0.0; 2];
    for (p, (name, policy)) in (0_u32..).zip(POLICIES) {
        for ((who, script), bars) in KINDS.into_iter().zip(&mut bars) {
            let means = measured(seed, policy, 1_000, script);
            bars.push((f64::from(p), means[2].mean()));
            if script == Script::Ring {
                premiums.push(means[2].mean());
                packets = [packets[1], means[5].mean()];
            }
            by_kind.push(cells(name, format!("1,000 {who}"), &means));
        }
    }
    let mut by_size = Vec::new();
    for (name, policy) in POLICIES {
        for scripts in [350, 3_000] {
            let means = measured(seed, policy, scripts, Script::Ring);
            by_size.push(cells(name, format!("{scripts} in rings"), &means));
        }
    }
    Ok(Findings {
        method: method(),
        reading: reading(&premiums, packets),
        tables: vec![
            Table {
                name: "kinds",
                header: HEADER.to_vec(),
                rows: by_kind,
            },
            Table {
                name: "sizes",
                header: HEADER.to_vec(),
                rows: by_size,
            },
        ],
        figure: Some(picture(bars)),
        ..Findings::default()
    })
}
