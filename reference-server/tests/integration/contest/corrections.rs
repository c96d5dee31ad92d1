//! Laws of questions that turn out wrong in a live week: two persons, upwards only, everybody alike.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use futures_util::future::join_all;
use quiz_core::{Origin, Position, QuestionId};
use reference_server::{
    app::{App, Sealing},
    contest::{
        Refusal,
        attempt::{self, Opened, Paper},
        claim::Offer,
        mistakes,
        organiser::{Error, Organiser, Refused, Role, Roles, proposal::Word},
        planning,
        question_correction::{self as correction, CityBank, Fault, Waiting},
        records, rescore,
    },
};

use crate::app::{FIRST_CITY, Person, SECOND_CITY, Setting, TestApp, refusal, shanghai};

const CLOSING: &str = "2020-04-29 00:00:00";
const REASON: &str = "题干漏印了一行";

fn organiser(name: &str, role: Role) -> Organiser {
    let city = (role == Role::CityEditor).then(|| FIRST_CITY.to_owned());
    Organiser {
        name: name.to_owned(),
        display_name: name.to_owned(),
        roles: Roles::new([role], city.as_deref()).unwrap(),
        city,
        session: String::new(),
        is_stepped_up: false,
    }
}

fn admin() -> Organiser {
    organiser("admin", Role::ProvinceAdmin)
}

fn approver() -> Organiser {
    organiser("approver", Role::ContentApprover)
}

async fn bank(test: &TestApp) -> CityBank {
    let known = correction::city_bank(&test.app, FIRST_CITY).await.unwrap();
    known.unwrap()
}

/// The number in the bank, from 1, of what stands on a paper at this index.
async fn number_of(test: &TestApp, paper: &Paper, index: usize) -> u16 {
    let stem = &paper.items[index].stem;
    let known = bank(test).await;
    let found = known.bank.questions().find(|(_id, q)| q.stem() == stem);
    found.unwrap().0.get() + 1
}

fn void(number: u16) -> Fault {
    Fault {
        number,
        accepted: BTreeSet::new(),
    }
}

fn word(waiting: &Waiting) -> Word<'_> {
    Word {
        proposal: waiting.proposal,
        digest: &waiting.digest,
        reason: "核对过原件",
    }
}

async fn proposed(test: &TestApp, fault: &Fault) -> Waiting {
    let number = correction::propose(&test.app, &admin(), FIRST_CITY, fault, REASON)
        .await
        .unwrap();
    let waiting = bank(test).await.waiting;
    let mut waiting = waiting.into_iter();
    waiting.find(|waiting| waiting.proposal == number).unwrap()
}

async fn approve(app: &App, waiting: &Waiting) -> Result<(), Error> {
    correction::approve(app, &approver(), FIRST_CITY, word(waiting)).await
}

/// Two persons have corrected a question; nothing of before is scored again yet.
async fn corrected(test: &TestApp, fault: &Fault) {
    let waiting = proposed(test, fault).await;
    approve(&test.app, &waiting).await.unwrap();
}

async fn score(test: &TestApp, person: &Person, paper: &Paper) -> (u16, u16, bool) {
    let outcome = attempt::outcome(&test.app, &person.id, &paper.id).await;
    let outcome = outcome.unwrap();
    (outcome.score_by_keys, outcome.score, outcome.passed)
}

fn refused<T>(result: Result<T, Error>) -> Refused {
    match result {
        Err(Error::Refused(refused)) => refused,
        Err(error) => panic!("failed instead of refusing: {error}"),
        Ok(_) => panic!("done instead of refused"),
    }
}

#[tokio::test]
async fn a_void_question_gives_a_pass_that_opens_a_packet_like_any_other() {
    let test = TestApp::new().await;
    let person = test.follower("just below").await;
    let paper = test.start(&person).await;
    let before = test.submit(&person, &paper, 4).await.unwrap();
    assert!(!before.passed);
    assert_eq!(
        refusal(test.claim(&person).await).code(),
        "not-passed",
        "nothing was gained yet"
    );
    corrected(&test, &void(number_of(&test, &paper, 4).await)).await;
    assert_eq!(rescore::do_due(&test.app).await.unwrap(), 1);

    let after = attempt::outcome(&test.app, &person.id, &paper.id).await;
    let after = after.unwrap();
    assert_eq!(
        (after.score_by_keys, after.score, after.passed),
        (4, 5, true)
    );
    assert!(matches!(after.offer, Offer::MayClaim));
    let item = &after.review[4];
    assert_eq!((item.right_by_key, item.right), (false, true));
    let said = item.correction.as_ref().unwrap();
    assert!(said.is_void() && said.reason == REASON);
    assert!(after.review[5].correction.is_none() && !after.review[5].right);
    let records = records::records(&test.app, &person.id).await.unwrap();
    assert_eq!(records.best_score, 5);
    assert_eq!(
        (records.attempts[0].score, records.attempts[0].passed),
        (5, true)
    );

    let packet = test.claim_with(&person, &paper.id).await.unwrap();
    assert_eq!(
        test.claim_with(&person, &paper.id).await.unwrap().award,
        packet.award
    );
    assert_eq!(
        test.number("SELECT COUNT(*) FROM award WHERE gained = 1 AND passed IS NULL"),
        1
    );
    let gains = rescore::gains(&test.app, FIRST_CITY, None, 10)
        .await
        .unwrap();
    assert_eq!(
        (gains.is_done, gains.n_attempts, gains.n_gained),
        (Some(true), 1, 1)
    );
    assert_eq!(gains.gains[0].attempt, paper.id);
    assert!(gains.gains[0].is_used);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_gained_pass_is_found_by_a_claim_that_names_none_and_after_those_by_the_keys() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let gains = test.start(&person).await;
    test.submit(&person, &gains, 4).await.unwrap();
    corrected(&test, &void(number_of(&test, &gains, 4).await)).await;
    rescore::do_due(&test.app).await.unwrap();
    let packet = test.claim(&person).await.unwrap();
    assert_eq!(packet.attempt, gains.id);

    let other = test.follower("other").await;
    let gains = test.start(&other).await;
    let passed = test.start(&other).await;
    test.submit(&other, &gains, 4).await.unwrap();
    test.submit(&other, &passed, 9).await.unwrap();
    corrected(&test, &void(number_of(&test, &gains, 4).await)).await;
    rescore::do_due(&test.app).await.unwrap();
    assert_eq!(test.claim(&other).await.unwrap().attempt, passed.id);
    assert_eq!(
        refusal(test.claim_with(&other, &gains.id).await).code(),
        "already-claimed",
        "a pass is no chance of its own"
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn nobody_falls_and_scoring_again_twice_changes_nothing() {
    let test = TestApp::new().await;
    let people = test.followers(6).await;
    let mut papers = Vec::new();
    for (person, n_right) in people.iter().zip([0, 3, 4, 5, 9, 10]) {
        let paper = test.start(person).await;
        test.submit(person, &paper, n_right).await.unwrap();
        papers.push((person, paper, n_right));
    }
    let packet = test.claim(papers[3].0).await.unwrap();
    let number = number_of(&test, &papers[0].1, 0).await;
    let known = bank(&test).await;
    let question = known.bank.question(QuestionId::new(number - 1)).unwrap();
    let stem = question.stem().to_owned();
    corrected(&test, &void(number)).await;
    let other = test.another_instance(5);
    let (one, two) = tokio::join!(rescore::do_due(&test.app), rescore::do_due(&other));
    assert!(one.unwrap() + two.unwrap() >= 6);
    let rows = "SELECT COUNT(*) FROM rescore";
    let n_rows = test.number(rows);
    for (person, paper, n_right) in &papers {
        let index = paper.items.iter().position(|item| item.stem == stem);
        let is_raised = index.is_some_and(|index| index >= *n_right);
        let by_keys = u16::try_from(*n_right).unwrap();
        let expected = by_keys + u16::from(is_raised);
        assert_eq!(
            score(&test, person, paper).await,
            (by_keys, expected, expected >= 5)
        );
    }
    assert_eq!(rescore::do_due(&test.app).await.unwrap(), 0, "it is done");
    assert_eq!(test.number(rows), n_rows);
    let records = records::records(&test.app, &people[3].id).await.unwrap();
    assert_eq!(records.packets[0].award, packet.award);
    test.assert_sound().await;
}

#[tokio::test]
async fn an_option_accepted_beside_the_key_raises_those_who_chose_it_and_no_others() {
    let test = TestApp::new().await;
    let known = bank(&test).await;
    let (one, two) = (test.follower("one").await, test.follower("two").await);
    let paper = test.start(&one).await;
    let number = number_of(&test, &paper, 9).await;
    let question = known.bank.question(QuestionId::new(number - 1)).unwrap();
    // The second person's papers are drawn until one asks the same.
    let mut other = test.start(&two).await;
    while other.items.iter().all(|item| item.stem != question.stem()) {
        other = test.start(&two).await;
    }
    let wrong: Vec<Position> = (0..question.choices().len())
        .filter_map(Position::from_index)
        .filter(|place| *place != question.key())
        .collect();
    let chosen = |paper: &Paper, written: Position| -> BTreeMap<String, String> {
        let text = question.choice(written).unwrap().text();
        let mut answers = test.answers(paper, 0);
        let mut items = paper.items.iter();
        let item = items.find(|item| item.stem == question.stem()).unwrap();
        let mut options = item.options.iter();
        let (shown, _text) = options.find(|(_place, words)| words == text).unwrap();
        answers.insert(
            item.ordinal.number().to_string(),
            shown.letter().to_string(),
        );
        answers
    };
    for (person, paper, written) in [(&one, &paper, wrong[0]), (&two, &other, wrong[1])] {
        let answers = chosen(paper, written);
        let marked = attempt::submit(&test.app, &person.id, &paper.attempt, &answers).await;
        assert_eq!(marked.unwrap().score, 0);
    }
    let accepted = Fault {
        number,
        accepted: BTreeSet::from([wrong[0]]),
    };
    corrected(&test, &accepted).await;
    rescore::do_due(&test.app).await.unwrap();
    assert_eq!(score(&test, &one, &paper).await, (0, 1, false));
    assert_eq!(score(&test, &two, &other).await, (0, 0, false));
    let outcome = attempt::outcome(&test.app, &one.id, &paper.id)
        .await
        .unwrap();
    let item = &outcome.review[9];
    assert_eq!(
        item.correction.as_ref().unwrap().accepted,
        [item.chosen.unwrap()]
    );
    let found = mistakes::mistakes(&test.app, &one.id).await.unwrap();
    let mut found = found.iter();
    let read = found.find(|one| one.item.stem == question.stem()).unwrap();
    assert!(read.mastered && read.item.correction.is_some());
    test.assert_sound().await;
}

#[tokio::test]
async fn a_paper_that_is_out_is_marked_and_handed_in_with_the_correction() {
    let test = TestApp::new().await;
    let person = test.follower("in the middle").await;
    let paper = test.start(&person).await;
    assert_eq!(paper.void, []);
    corrected(&test, &void(number_of(&test, &paper, 7).await)).await;
    let other = test.another_instance(5);
    for app in [&test.app, &other] {
        let opened = attempt::paper(app, &person.id, &paper.attempt).await;
        let Ok(Opened::Paper(again)) = opened else {
            panic!("it was not submitted: {opened:?}");
        };
        assert_eq!(again.items, paper.items);
        assert_eq!(again.void.len(), 1);
        assert_eq!(
            (again.void[0].ordinal, again.void[0].reason.as_str()),
            (8, REASON)
        );
    }
    let marked = test.submit(&person, &paper, 4).await.unwrap();
    assert_eq!(
        (marked.score_by_keys, marked.score, marked.passed),
        (4, 5, true)
    );
    assert!(matches!(marked.offer, Offer::MayClaim), "at once");
    assert_eq!(score(&test, &person, &paper).await, (4, 5, true));
    rescore::do_due(&test.app).await.unwrap();
    assert_eq!(test.number("SELECT COUNT(*) FROM rescore"), 1);
    test.claim_with(&person, &paper.id).await.unwrap();
    test.assert_sound().await;
}

#[tokio::test]
async fn whoever_submits_while_a_correction_is_approved_gets_it_whichever_comes_first() {
    let test = TestApp::new().await;
    let other = test.another_instance(5);
    let people = test.followers(16).await;
    let mut papers = Vec::new();
    for person in &people {
        papers.push(test.start(person).await);
    }
    let number = number_of(&test, &papers[0], 6).await;
    let known = bank(&test).await;
    let question = known.bank.question(QuestionId::new(number - 1)).unwrap();
    let waiting = proposed(&test, &void(number)).await;
    let submissions = people.iter().zip(&papers).enumerate();
    let submissions = submissions.map(|(nth, (person, paper))| {
        let app = if nth % 2 == 0 { &test.app } else { &other };
        let answers = test.answers(paper, 4);
        async move { attempt::submit(app, &person.id, &paper.attempt, &answers).await }
    });
    let (approved, marked) = tokio::join!(approve(&other, &waiting), join_all(submissions));
    approved.unwrap();
    for outcome in marked {
        outcome.unwrap();
    }
    rescore::do_due(&test.app).await.unwrap();
    for (person, paper) in people.iter().zip(&papers) {
        let mut items = paper.items.iter();
        let index = items.position(|item| item.stem == question.stem());
        let is_raised = index.is_some_and(|index| index >= 4);
        let expected = 4 + u16::from(is_raised);
        assert_eq!(score(&test, person, paper).await, (4, expected, is_raised));
    }
    test.assert_sound().await;
}

#[tokio::test]
async fn several_corrections_add_up_and_the_pass_is_gained_once() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let paper = test.start(&person).await;
    test.submit(&person, &paper, 3).await.unwrap();
    for (index, expected) in [(3, (3, 4, false)), (4, (3, 5, true)), (5, (3, 6, true))] {
        corrected(&test, &void(number_of(&test, &paper, index).await)).await;
        rescore::do_due(&test.app).await.unwrap();
        assert_eq!(score(&test, &person, &paper).await, expected);
    }
    assert_eq!(test.number("SELECT COUNT(*) FROM rescore"), 3);
    assert_eq!(
        test.number("SELECT version FROM rescore WHERE gained = 1"),
        2
    );
    test.claim(&person).await.unwrap();
    test.assert_sound().await;
}

#[tokio::test]
async fn what_is_gained_in_the_last_millisecond_can_be_claimed_in_it() {
    let test = TestApp::starting("2020-04-28 12:00:00").await;
    let person = test.follower("late").await;
    let paper = test.start(&person).await;
    test.submit(&person, &paper, 4).await.unwrap();
    test.sleep_until(shanghai(CLOSING) - TimeDelta::milliseconds(1));
    corrected(&test, &void(number_of(&test, &paper, 4).await)).await;
    rescore::do_due(&test.app).await.unwrap();
    let packet = test.claim(&person).await.unwrap();
    assert_eq!(packet.decided, shanghai("2020-04-28 23:59:59.999"));
    test.assert_sound().await;
}

#[tokio::test]
async fn what_is_gained_after_closing_is_listed_and_opens_nothing() {
    let test = TestApp::starting("2020-04-28 12:00:00").await;
    let person = test.follower("too late").await;
    let paper = test.start(&person).await;
    test.submit(&person, &paper, 4).await.unwrap();
    test.sleep_until(shanghai(CLOSING));
    corrected(&test, &void(number_of(&test, &paper, 4).await)).await;
    rescore::do_due(&test.app).await.unwrap();
    assert_eq!(score(&test, &person, &paper).await, (4, 5, true));
    let gains = rescore::gains(&test.app, FIRST_CITY, None, 10)
        .await
        .unwrap();
    assert_eq!((gains.n_gained, gains.gains[0].is_used), (1, false));
    assert_eq!(gains.gains[0].person, person.id.as_str());
    assert_eq!(
        refusal(test.claim_with(&person, &paper.id).await),
        Refusal::Claim(reward_core::Refusal::Closed {
            closed: shanghai(CLOSING)
        })
    );
    let behind = (gains.gains[0].submitted, paper.id.clone());
    let rest = rescore::gains(&test.app, FIRST_CITY, Some(behind), 10).await;
    assert!(rest.unwrap().gains.is_empty());
    test.assert_sound().await;
}

#[tokio::test]
async fn a_question_of_the_province_is_corrected_in_every_bank_and_one_of_a_city_in_its_own() {
    let test = TestApp::new().await;
    let editor = organiser("editor", Role::CityEditor);
    let known = bank(&test).await;
    let n_province = known.bank.size().province;
    let refused_to_editor =
        correction::propose(&test.app, &editor, FIRST_CITY, &void(1), REASON).await;
    assert_eq!(refused(refused_to_editor), Refused::NotYours);
    corrected(&test, &void(1)).await;
    let of = |city: &str| {
        test.number(&format!(
            "SELECT COUNT(*) FROM question_correction WHERE city = '{city}'"
        ))
    };
    assert_eq!((of(FIRST_CITY), of(SECOND_CITY)), (1, 1));
    let own = void(n_province + 1);
    correction::propose(&test.app, &editor, FIRST_CITY, &own, REASON)
        .await
        .unwrap();
    let waiting = bank(&test).await.waiting;
    approve(&test.app, &waiting[0]).await.unwrap();
    assert_eq!((of(FIRST_CITY), of(SECOND_CITY)), (2, 1));
    let chained = "SELECT COUNT(*) FROM audit_event WHERE action = 'question.corrected' AND actor = 'approver'";
    assert_eq!(test.number(chained), 2);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_correction_takes_two_persons_who_mean_the_same() {
    let test = TestApp::new().await;
    let both = Organiser {
        roles: Roles::new([Role::ProvinceAdmin, Role::ContentApprover], None).unwrap(),
        ..admin()
    };
    let waiting = proposed(&test, &void(2)).await;
    let own = correction::approve(&test.app, &both, FIRST_CITY, word(&waiting)).await;
    assert_eq!(refused(own), Refused::SamePerson);
    let other_content = Word {
        digest: "other",
        ..word(&waiting)
    };
    let done = correction::approve(&test.app, &approver(), FIRST_CITY, other_content).await;
    assert_eq!(refused(done), Refused::OtherContent);
    let done = correction::approve(&test.app, &approver(), SECOND_CITY, word(&waiting)).await;
    assert_eq!(refused(done), Refused::NotWaiting);
    let silent = Word {
        reason: " ",
        ..word(&waiting)
    };
    let done = correction::reject(&test.app, &approver(), FIRST_CITY, silent).await;
    assert_eq!(refused(done), Refused::ReasonMissing);
    let stranger = organiser("stranger", Role::ProvinceAdmin);
    let done = correction::withdraw(&test.app, &stranger, FIRST_CITY, word(&waiting)).await;
    assert_eq!(refused(done), Refused::NotTheMaker);
    correction::withdraw(&test.app, &admin(), FIRST_CITY, word(&waiting))
        .await
        .unwrap();
    assert_eq!(
        refused(approve(&test.app, &waiting).await),
        Refused::NotWaiting
    );
    let again = proposed(&test, &void(2)).await;
    correction::reject(&test.app, &approver(), FIRST_CITY, word(&again))
        .await
        .unwrap();
    assert_eq!(test.number("SELECT COUNT(*) FROM question_correction"), 0);
    assert_eq!(bank(&test).await.waiting, []);
}

#[tokio::test]
async fn what_needs_no_correction_or_is_not_there_is_refused() {
    let test = TestApp::new().await;
    let known = bank(&test).await;
    let key = known.bank.question(QuestionId::new(0)).unwrap().key();
    let accept = |number, place| Fault {
        number,
        accepted: BTreeSet::from([place]),
    };
    let ask = async |fault: &Fault, reason: &str| {
        refused(correction::propose(&test.app, &admin(), FIRST_CITY, fault, reason).await)
    };
    for missing in [void(0), void(101), void(u16::MAX), accept(1, Position::F)] {
        assert_eq!(ask(&missing, REASON).await, Refused::NotFound);
    }
    assert_eq!(
        ask(&accept(1, key), REASON).await,
        Refused::NothingToCorrect
    );
    assert_eq!(ask(&void(1), "").await, Refused::ReasonMissing);
    let (editor, fault) = (organiser("editor", Role::CityEditor), void(60));
    let elsewhere = correction::propose(&test.app, &editor, SECOND_CITY, &fault, REASON).await;
    assert_eq!(refused(elsewhere), Refused::NotFound);
    let first = proposed(&test, &void(1)).await;
    assert_eq!(ask(&void(1), REASON).await, Refused::NothingToCorrect);
    approve(&test.app, &first).await.unwrap();
    let wrong = (0..4)
        .filter_map(Position::from_index)
        .find(|place| *place != key)
        .unwrap();
    for useless in [void(1), accept(1, wrong)] {
        assert_eq!(ask(&useless, REASON).await, Refused::NothingToCorrect);
    }
}

#[tokio::test]
async fn a_bank_that_is_frozen_later_takes_over_what_was_corrected_of_the_province() {
    let test = TestApp::with(Setting {
        sealing: Sealing::DaysBefore(3),
        ..Setting::starting("2020-04-16 10:00:00")
    })
    .await;
    let known = bank(&test).await;
    let number = |origin: Origin| {
        let mut questions = known.bank.questions();
        let of = questions.find(|(id, _question)| known.bank.origin(*id) == Some(origin));
        of.unwrap().0.get() + 1
    };
    corrected(&test, &void(number(Origin::City))).await;
    corrected(&test, &void(number(Origin::Province))).await;
    assert_eq!(test.number("SELECT COUNT(*) FROM city"), 1);
    test.sleep_until(shanghai("2020-04-19 00:00:00"));
    for _again in 0..2 {
        planning::seal_due(&test.app).await.unwrap();
        let sql = "SELECT n_corrections FROM city WHERE city = 'suzhou'";
        assert_eq!(test.number(sql), 1);
        assert_eq!(test.number("SELECT COUNT(*) FROM question_correction"), 3);
    }
    test.assert_sound().await;
}
