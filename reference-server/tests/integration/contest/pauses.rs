//! Laws of pauses: each stops what it names and nothing else, loses nobody anything, and money goes on by two persons.

use chrono::TimeDelta;
use reference_server::contest::{
    Refusal, attempt,
    claim::{Offer, PacketState},
    organiser::{Error, Organiser, Refused, Role, Roles},
    pause::{self, Stop, Subject, Verdict},
    poster, records,
};

use crate::app::{FIRST_CITY, SECOND_CITY, TestApp, code, refusal, shanghai};

fn organiser(name: &str, role: Role) -> Organiser {
    Organiser {
        name: name.to_owned(),
        display_name: name.to_owned(),
        roles: Roles::new([role], None).unwrap(),
        city: None,
        session: String::new(),
        is_stepped_up: true,
    }
}

fn paused(subject: Subject, sentence: &str) -> Refusal {
    Refusal::Paused {
        subject,
        sentence: sentence.to_owned(),
    }
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Refused {
    match result {
        Err(Error::Refused(refused)) => refused,
        other => panic!("no refusal: {other:?}"),
    }
}

async fn lift(test: &TestApp, subject: Subject) {
    pause::lift(&test.app, FIRST_CITY, subject, "it is well", "chen")
        .await
        .unwrap();
}

/// Somebody's word about the proposal that waits.
async fn verdict(test: &TestApp, approves: bool) -> Verdict {
    let board = pause::board(&test.app, FIRST_CITY).await.unwrap();
    let waiting = board.waiting.unwrap();
    Verdict {
        proposal: waiting.proposal,
        digest: waiting.digest,
        approves,
        reason: "the books agree".to_owned(),
    }
}

#[tokio::test]
async fn a_paused_quiz_draws_no_paper_marks_what_was_drawn_and_awards_go_on() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let drawn = test.start(&person).await;
    let sentence = "因系统维护，答题暂停";
    test.pause(FIRST_CITY, Subject::Quiz, sentence).await;
    assert_eq!(
        refusal(attempt::start(&test.app, &person.id).await),
        paused(Subject::Quiz, sentence)
    );
    let answers = test.answers(&drawn, 5);
    let marked = attempt::submit(&test.app, &person.id, &drawn.attempt, &answers)
        .await
        .unwrap();
    assert!(matches!(marked.offer, Offer::MayClaim));
    test.claim(&person).await.unwrap();
    lift(&test, Subject::Quiz).await;
    test.start(&person).await;
    test.assert_sound().await;
}

#[tokio::test]
async fn paused_claims_award_nothing_and_keep_every_pass_and_chance() {
    let test = TestApp::new().await;
    let person = test.follower("person").await;
    let before = test.answer(&person, 5).await;
    let sentence = "核对账目，晚上八点恢复";
    test.pause(FIRST_CITY, Subject::Claims, sentence).await;
    let told = paused(Subject::Claims, sentence);
    assert_eq!(refusal(test.claim(&person).await), told);
    // Answering goes on, and every page says the same sentence.
    let during = test.answer(&person, 5).await;
    for id in [&before.id, &during.id] {
        let outcome = attempt::outcome(&test.app, &person.id, id).await.unwrap();
        assert!(matches!(outcome.offer, Offer::Refused(refusal) if refusal == told));
    }
    assert!(matches!(during.offer, Offer::Refused(refusal) if refusal == told));
    let kept = records::records(&test.app, &person.id).await.unwrap();
    assert_eq!(kept.n_chances_open, 1);
    assert_eq!(kept.chances[0].state, records::ChanceState::Waiting(told));
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 0);
    lift(&test, Subject::Claims).await;
    test.claim(&person).await.unwrap();
    test.assert_sound().await;
}

#[tokio::test]
async fn paused_payouts_keep_awards_and_send_nothing_until_two_persons_agree() {
    let test = TestApp::new().await;
    let (_first, sent_before) = test.winner("first").await;
    test.settle().await;
    let sentence = "核对银行余额，红包稍后发放";
    test.pause(FIRST_CITY, Subject::Payouts, sentence).await;
    let (person, packet) = test.winner("second").await;
    assert_eq!(packet.paused.as_deref(), Some(sentence));
    test.settle_for(TimeDelta::minutes(2)).await;
    assert_eq!(test.payment_state(&packet.award), "reserved");
    assert_eq!(test.payment_state(&sent_before.award), "sent");
    assert_eq!(test.simulator.ledger().bills.len(), 1);
    let shown = records::packet(&test.app, &person.id, &packet.award)
        .await
        .unwrap();
    assert_eq!(shown.state, PacketState::Granted);
    assert_eq!(shown.paused.as_deref(), Some(sentence));

    let (maker, checker) = (
        organiser("maker", Role::FinanceOperator),
        organiser("checker", Role::FinanceApprover),
    );
    let alone = pause::lift(&test.app, FIRST_CITY, Subject::Payouts, "why", "chen").await;
    assert_eq!(refused(alone), Refused::TwoPersons);
    pause::propose_payouts(&test.app, FIRST_CITY, "the balance is there", &maker)
        .await
        .unwrap();
    let again = pause::propose_payouts(&test.app, FIRST_CITY, "again", &maker).await;
    assert_eq!(refused(again), Refused::AlreadyProposed);
    let word = verdict(&test, true).await;
    let own = pause::decide_payouts(&test.app, FIRST_CITY, word.clone(), &maker).await;
    assert_eq!(refused(own), Refused::SamePerson);
    let other = Verdict {
        digest: "0".repeat(64),
        ..word.clone()
    };
    let other = pause::decide_payouts(&test.app, FIRST_CITY, other, &checker).await;
    assert_eq!(refused(other), Refused::OtherContent);
    test.settle().await;
    assert_eq!(test.payment_state(&packet.award), "reserved");

    // Another sentence is another pause: whoever agreed to the end of the first did not mean it.
    test.pause(FIRST_CITY, Subject::Payouts, "还在核对，请再等等")
        .await;
    let stale = pause::decide_payouts(&test.app, FIRST_CITY, word, &checker).await;
    assert_eq!(refused(stale), Refused::NotWaiting);
    pause::propose_payouts(&test.app, FIRST_CITY, "now it is", &maker)
        .await
        .unwrap();
    let no = verdict(&test, false).await;
    pause::decide_payouts(&test.app, FIRST_CITY, no, &checker)
        .await
        .unwrap();
    test.settle().await;
    assert_eq!(test.payment_state(&packet.award), "reserved");
    pause::propose_payouts(&test.app, FIRST_CITY, "now really", &maker)
        .await
        .unwrap();
    let yes = verdict(&test, true).await;
    pause::decide_payouts(&test.app, FIRST_CITY, yes, &checker)
        .await
        .unwrap();
    test.settle_for(TimeDelta::minutes(1)).await;
    assert_eq!(test.payment_state(&packet.award), "sent");
    let ended = test.raw().rows(
        "SELECT ended, ended_proposed_by, ended_by FROM pause WHERE ended_ms IS NOT NULL
         ORDER BY pause",
    );
    assert_eq!(ended[0][0], "reworded");
    assert_eq!(ended[1], ["lifted", "maker", "checker"]);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_payment_that_was_about_to_leave_stays_when_the_pause_is_committed_first() {
    let test = TestApp::new().await;
    let (_person, packet) = test.winner("person").await;
    // It has been refused once, so that it is among those that are tried again.
    test.fault_once(wechat_adapter::simulator::Fault::FreqLimit);
    test.settle().await;
    assert_eq!(test.payment_state(&packet.award), "deferred");
    test.no_faults();
    test.pause(FIRST_CITY, Subject::Payouts, "核对余额，稍后发放")
        .await;
    test.settle_for(TimeDelta::hours(1)).await;
    assert_eq!(test.payment_state(&packet.award), "deferred");
    assert_eq!(test.simulator.ledger().totals.received_fen, 0);
    test.assert_sound().await;
}

#[tokio::test]
async fn paused_payouts_of_one_city_hold_nobody_else_up() {
    let test = TestApp::starting("2020-04-28 23:59:50").await;
    let (_first, held_back) = test.winner("first").await;
    test.pause(FIRST_CITY, Subject::Payouts, "核对余额，稍后发放")
        .await;
    test.sleep_until(shanghai("2020-04-29 08:00:00"));
    let (_second, paid) = test.winner("second").await;
    test.settle_for(TimeDelta::minutes(1)).await;
    assert_eq!(test.payment_state(&held_back.award), "reserved");
    assert_eq!(test.payment_state(&paid.award), "sent");
    test.assert_sound().await;
}

#[tokio::test]
async fn while_referral_is_paused_a_new_follower_earns_nobody_a_chance_then_or_later() {
    let test = TestApp::new().await;
    let (sharer, _packet) = test.winner("sharer").await;
    let code_text = test.code_of(&sharer).await;
    let sentence = "邀请功能维护中，明天恢复";
    test.pause(FIRST_CITY, Subject::Referral, sentence).await;
    let told = poster::poster(&test.app, &sharer.id).await.unwrap();
    assert_eq!(told.referral_paused.as_deref(), Some(sentence));
    let friend = test.stranger("friend").await;
    test.follow(&friend, Some(&code_text)).await;
    assert_eq!(test.number("SELECT COUNT(*) FROM referral"), 0);
    // The friend follows, and may answer and open a packet of his own.
    test.answer(&friend, 5).await;
    test.claim(&friend).await.unwrap();
    lift(&test, Subject::Referral).await;
    test.sleep(TimeDelta::seconds(1));
    test.unfollow(&friend).await;
    test.sleep(TimeDelta::seconds(1));
    test.follow(&friend, Some(&code_text)).await;
    assert_eq!(test.number("SELECT COUNT(*) FROM referral"), 0);
    let withheld = "SELECT COUNT(*) FROM audit_event WHERE action = 'referral.withheld'";
    assert_eq!(test.number(withheld), 1);
    let another = test.stranger("another").await;
    test.follow(&another, Some(&code_text)).await;
    assert_eq!(test.number("SELECT COUNT(*) FROM referral"), 1);
    assert_eq!(code(test.claim(&sharer).await), "another-pass-needed");
    test.assert_sound().await;
}

#[tokio::test]
async fn a_stop_everywhere_keeps_the_sentences_of_cities_that_stand_already() {
    let test = TestApp::new().await;
    test.pause(SECOND_CITY, Subject::Payouts, "本市正在核对")
        .await;
    let stop = Stop {
        subject: Subject::Payouts,
        sentence: "全省核对余额".to_owned(),
        reason: "the balance".to_owned(),
        everywhere: true,
    };
    pause::begin(&test.app, FIRST_CITY, stop, "li")
        .await
        .unwrap();
    let n_cities = test.app.season.edition().rounds().len();
    let running = test
        .raw()
        .rows("SELECT city, sentence, begun_by FROM pause WHERE ended_ms IS NULL");
    assert_eq!(running.len(), n_cities);
    for row in running {
        let expected = if row[0] == SECOND_CITY {
            ["本市正在核对", "chen"]
        } else {
            ["全省核对余额", "li"]
        };
        assert_eq!(row[1..], expected, "{row:?}");
    }
    let unknown = Stop {
        subject: Subject::Quiz,
        sentence: "系统维护中".to_owned(),
        reason: "why".to_owned(),
        everywhere: false,
    };
    for (city, sentence, reason, no) in [
        ("atlantis", "系统维护中", "why", Refused::NotFound),
        (FIRST_CITY, "停", "why", Refused::SentenceForm),
        (FIRST_CITY, "系统维护中", " ", Refused::ReasonMissing),
    ] {
        let stop = Stop {
            sentence: sentence.to_owned(),
            reason: reason.to_owned(),
            ..unknown.clone()
        };
        assert_eq!(refused(pause::begin(&test.app, city, stop, "li").await), no);
    }
    let not_paused = pause::lift(&test.app, FIRST_CITY, Subject::Quiz, "why", "li").await;
    assert_eq!(refused(not_paused), Refused::NotPaused);
}
