//! Laws of what the account does of its own accord: its menu, messages to sharers, announcements.

use chrono::{TimeDelta, Timelike as _};
use reference_server::contest::{
    Refusal,
    outreach::{
        self,
        announcement::{self, AnnouncementState},
        chance, menu,
    },
    personal::{self, Eraser},
};
use reward_core::{ReferralPolicy, RewardTerms};
use wechat_adapter::simulator::{Fault, FaultRule, MessageContent, Operation};

use crate::app::{FIRST_CITY, Person, SMALL, Setting, TestApp, refusal, shanghai};

/// The names at the top of the account's menu.
fn top_of_menu(test: &TestApp) -> Vec<String> {
    let menu = test.simulator.menu();
    menu.into_iter().map(|button| button.name).collect()
}

fn n_calls(test: &TestApp, operation: Operation) -> u64 {
    test.simulator.calls().get(&operation).copied().unwrap_or(0)
}

#[tokio::test]
async fn the_menu_follows_the_season_and_is_set_once_by_one_instance() {
    let test = TestApp::starting("2020-04-01 12:00:00").await;
    let other = test.another_instance(9);
    for (at, names) in [
        ("2020-04-01 12:00:00", ["活动首页", "全省赛程", "活动"]),
        ("2020-04-21 12:00:00", ["城市风采", "全省赛程", "活动"]),
        ("2020-04-22 00:00:00", ["开始答题", "我的红包", "活动"]),
        ("2020-08-01 12:00:00", ["成绩单", "我的证书", "回顾"]),
    ] {
        test.sleep_until(shanghai(at));
        assert!(menu::keep(&test.app).await.unwrap(), "{at}");
        assert_eq!(top_of_menu(&test), names, "{at}");
        assert!(!menu::keep(&test.app).await.unwrap(), "{at}");
        assert!(!menu::keep(&other).await.unwrap(), "{at}");
    }
    assert_eq!(n_calls(&test, Operation::CreateMenu), 4);
}

#[tokio::test]
async fn a_menu_leads_to_the_city_that_is_open() {
    let test = TestApp::new().await;
    let at = |text: &str| {
        let app = &test.app;
        menu::wanted(&app.season, &app.public_url, shanghai(text)).unwrap()
    };
    let last = at("2020-04-28 23:59:59");
    assert!(last.written().contains("/city/yancheng"));
    let first = at("2020-04-29 00:00:00");
    assert!(first.written().contains("/city/suzhou"));
    assert_eq!(at("2020-04-29 00:00:00"), at("2020-05-05 23:59:59"));
}

#[tokio::test]
async fn a_menu_that_wechat_does_not_take_is_tried_again() {
    let test = TestApp::new().await;
    let rule = FaultRule::always(Fault::OfficialError { errcode: -1 }).on(Operation::CreateMenu);
    test.simulator.set_faults(vec![rule]);
    assert!(menu::keep(&test.app).await.unwrap());
    assert_eq!(top_of_menu(&test), [""; 0]);
    test.no_faults();
    assert!(!menu::keep(&test.app).await.unwrap(), "at once");
    test.sleep(TimeDelta::minutes(5));
    assert!(menu::keep(&test.app).await.unwrap());
    assert_eq!(top_of_menu(&test)[0], "开始答题");
}

/// A sharer with his code, long after his own last act.
async fn sharer(test: &TestApp) -> (Person, String) {
    let sharer = test.follower("sharer").await;
    let code = test.code_of(&sharer).await;
    test.sleep(TimeDelta::minutes(2));
    (sharer, code)
}

async fn bring(test: &TestApp, code: &str, name: &str) {
    let friend = test.stranger(name).await;
    test.follow(&friend, Some(code)).await;
}

/// The sharer agrees to one notice, as on the poster's page.
fn agree(test: &TestApp, sharer: &Person) {
    let template = test.app.wechat.chance_notice.as_ref().unwrap();
    let pushes = test.simulator.answer_notice_window(
        &sharer.openid,
        &template.template_id,
        true,
        test.app.now(),
    );
    assert!(pushes.is_ok());
}

/// What the person has read about chances, oldest first.
fn heard(test: &TestApp, person: &Person) -> Vec<String> {
    let view = test.simulator.person(&person.openid).unwrap();
    view.dialogue
        .into_iter()
        .filter_map(|line| match line.content {
            MessageContent::FromAccount { text } if text.contains("增加了") => Some(text),
            MessageContent::Notice { fields, .. } => Some(fields["thing1"].clone()),
            _ => None,
        })
        .collect()
}

fn states(test: &TestApp) -> String {
    test.raw().text(
        "SELECT COALESCE(MIN(state), '') || ' ' || COALESCE(MIN(outcome), '') FROM chance_message",
    )
}

#[tokio::test]
async fn a_sharer_who_agreed_is_told_once_by_a_notice() {
    let test = TestApp::new().await;
    let (sharer, code) = sharer(&test).await;
    agree(&test, &sharer);
    bring(&test, &code, "friend").await;
    assert_eq!(heard(&test, &sharer), [""; 0], "nothing before the worker");
    for _ in 0..3 {
        chance::send_due(&test.app).await.unwrap();
        chance::send_due(&test.another_instance(9)).await.unwrap();
    }
    assert_eq!(heard(&test, &sharer), [chance::short_sentence(1)]);
    assert_eq!(states(&test), "sent notice");
}

#[tokio::test]
async fn a_sharer_who_was_just_active_is_told_in_the_dialogue() {
    let test = TestApp::new().await;
    let (sharer, code) = sharer(&test).await;
    let pushes = test.simulator.say(&sharer.openid, "规则", test.app.now());
    test.deliver_all(&pushes.unwrap()).await;
    bring(&test, &code, "friend").await;
    chance::send_due(&test.app).await.unwrap();
    let said = heard(&test, &sharer);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("增加了 1 次"), "{said:?}");
    assert_eq!(states(&test), "sent customer_service");
}

#[tokio::test]
async fn a_sharer_out_of_reach_is_left_alone() {
    let test = TestApp::new().await;
    let (sharer, code) = sharer(&test).await;
    bring(&test, &code, "friend").await;
    chance::send_due(&test.app).await.unwrap();
    assert_eq!(heard(&test, &sharer), [""; 0]);
    assert_eq!(states(&test), "dropped unreachable");
}

#[tokio::test]
async fn nobody_is_woken_and_the_friends_of_a_night_become_one_message() {
    let test = TestApp::starting("2020-04-22 22:00:00").await;
    let (sharer, code) = sharer(&test).await;
    agree(&test, &sharer);
    for number in 0..3 {
        bring(&test, &code, &format!("friend {number}")).await;
    }
    chance::send_due(&test.app).await.unwrap();
    test.sleep_until(shanghai("2020-04-23 07:59:59"));
    chance::send_due(&test.app).await.unwrap();
    assert_eq!(heard(&test, &sharer), [""; 0]);
    test.sleep(TimeDelta::seconds(1));
    chance::send_due(&test.app).await.unwrap();
    assert_eq!(heard(&test, &sharer), [chance::short_sentence(3)]);
}

#[tokio::test]
async fn a_message_that_was_not_taken_is_sent_later_and_a_lost_answer_loses_nothing() {
    for (fault, n_heard) in [
        (Fault::DropBeforeExecute, 1),
        (Fault::OfficialError { errcode: -1 }, 1),
        // Executed, and its answer lost: it may arrive a second time, and no third.
        (Fault::ExecuteThenDrop, 2),
    ] {
        let test = TestApp::new().await;
        let (sharer, code) = sharer(&test).await;
        agree(&test, &sharer);
        agree(&test, &sharer);
        bring(&test, &code, "friend").await;
        let rule = FaultRule::once(fault.clone()).on(Operation::SendNotice);
        test.simulator.set_faults(vec![rule]);
        chance::send_due(&test.app).await.unwrap();
        assert_eq!(states(&test), "waiting ", "{fault:?}");
        for _ in 0..3 {
            test.sleep(TimeDelta::minutes(10));
            chance::send_due(&test.app).await.unwrap();
        }
        assert_eq!(heard(&test, &sharer).len(), n_heard, "{fault:?}");
        assert_eq!(states(&test), "sent notice", "{fault:?}");
    }
}

#[tokio::test]
async fn a_message_that_fails_for_ever_is_given_up() {
    let test = TestApp::new().await;
    let (sharer, code) = sharer(&test).await;
    agree(&test, &sharer);
    bring(&test, &code, "friend").await;
    let rule = FaultRule::always(Fault::Status500).on(Operation::SendNotice);
    test.simulator.set_faults(vec![rule]);
    for _ in 0..8 {
        chance::send_due(&test.app).await.unwrap();
        test.sleep(TimeDelta::minutes(40));
    }
    assert_eq!(states(&test), "dropped given_up");
    assert_eq!(test.number("SELECT n_tries FROM chance_message"), 5);
}

#[tokio::test]
async fn a_used_a_lapsed_and_an_erased_chance_are_not_spoken_of() {
    // Brought in the evening, so that something can happen before the morning.
    let used = TestApp::starting("2020-04-22 22:00:00").await;
    let (winner, code) = sharer(&used).await;
    used.answer(&winner, 5).await;
    used.claim(&winner).await.unwrap();
    bring(&used, &code, "friend").await;
    used.answer(&winner, 5).await;
    used.claim(&winner).await.unwrap();
    let lapsed = TestApp::starting("2020-04-28 22:00:00").await;
    let (_late, code) = sharer(&lapsed).await;
    bring(&lapsed, &code, "friend").await;
    let erased = TestApp::starting("2020-04-22 22:00:00").await;
    let (gone, code) = sharer(&erased).await;
    bring(&erased, &code, "friend").await;
    personal::erase(&erased.app, &gone.id, Eraser::Person)
        .await
        .unwrap();
    for (test, why) in [(used, "used"), (lapsed, "lapsed"), (erased, "erased")] {
        test.sleep(TimeDelta::hours(12));
        chance::send_due(&test.app).await.unwrap();
        assert_eq!(states(&test), format!("dropped {why}"));
    }
}

#[tokio::test]
async fn where_friends_earn_nothing_nobody_is_told_anything() {
    let test = TestApp::with(Setting {
        terms: RewardTerms {
            referral: ReferralPolicy::Off,
            ..SMALL
        },
        ..Setting::usual()
    })
    .await;
    let (sharer, code) = sharer(&test).await;
    agree(&test, &sharer);
    bring(&test, &code, "friend").await;
    outreach::do_due(&test.app).await.unwrap();
    assert_eq!(heard(&test, &sharer), [""; 0]);
    assert_eq!(test.number("SELECT COUNT(*) FROM chance_message"), 0);
}

async fn state(test: &TestApp) -> Option<AnnouncementState> {
    let found = announcement::of_city(&test.app, FIRST_CITY).await.unwrap();
    found.map(|announcement| announcement.state)
}

#[tokio::test]
async fn an_announcement_is_drafted_ten_minutes_after_the_opening_and_never_sent_by_itself() {
    let test = TestApp::starting("2020-04-21 12:00:00").await;
    for (at, expected) in [
        ("2020-04-21 12:00:00", None),
        ("2020-04-22 00:09:59", None),
        ("2020-04-22 00:10:00", Some(AnnouncementState::Draft)),
        ("2020-04-25 09:00:00", Some(AnnouncementState::Draft)),
    ] {
        test.sleep_until(shanghai(at));
        outreach::do_due(&test.app).await.unwrap();
        outreach::do_due(&test.another_instance(9)).await.unwrap();
        assert_eq!(state(&test).await, expected, "{at}");
    }
    let drafted = announcement::of_city(&test.app, FIRST_CITY).await.unwrap();
    assert!(drafted.unwrap().content.contains("盐城市站开赛"));
    assert_eq!(n_calls(&test, Operation::SendToEveryone), 0);
}

#[tokio::test]
async fn a_named_person_releases_it_and_followers_read_it_once_in_the_morning() {
    let test = TestApp::starting("2020-04-22 00:10:00").await;
    let follower = test.follower("follower").await;
    outreach::do_due(&test.app).await.unwrap();
    announcement::release(&test.app, FIRST_CITY, "王芳")
        .await
        .unwrap();
    let again = announcement::release(&test.app, FIRST_CITY, "李强").await;
    assert_eq!(refusal(again), Refusal::NotFound);
    outreach::do_due(&test.app).await.unwrap();
    assert_eq!(state(&test).await, Some(AnnouncementState::Released));
    test.sleep_until(shanghai("2020-04-22 08:00:00"));
    // The first answer is lost; the key keeps WeChat from sending it twice.
    let rule = FaultRule::once(Fault::ExecuteThenDrop).on(Operation::SendToEveryone);
    test.simulator.set_faults(vec![rule]);
    for _ in 0..4 {
        outreach::do_due(&test.app).await.unwrap();
        outreach::do_due(&test.another_instance(9)).await.unwrap();
        test.sleep(TimeDelta::minutes(5));
    }
    assert_eq!(state(&test).await, Some(AnnouncementState::Sent));
    let view = test.simulator.person(&follower.openid).unwrap();
    let read = view.dialogue.iter().filter(|line| {
        matches!(&line.content, MessageContent::FromAccount { text } if text.contains("站开赛"))
    });
    let read: Vec<_> = read.collect();
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].at.hour(), 0, "eight in the morning in Shanghai");
    let by = "SELECT COUNT(*) FROM audit_event
              WHERE actor = '王芳' AND action = 'announcement.released'";
    assert_eq!(test.number(by), 1);
    test.assert_sound().await;
}

#[tokio::test]
async fn a_month_without_messages_left_waits_and_a_closed_city_calls_nobody() {
    let test = TestApp::starting("2020-04-22 09:00:00").await;
    outreach::do_due(&test.app).await.unwrap();
    announcement::release(&test.app, FIRST_CITY, "王芳")
        .await
        .unwrap();
    let rule =
        FaultRule::always(Fault::OfficialError { errcode: 45_028 }).on(Operation::SendToEveryone);
    test.simulator.set_faults(vec![rule]);
    for _ in 0..3 {
        outreach::do_due(&test.app).await.unwrap();
        test.sleep(TimeDelta::hours(1));
    }
    assert_eq!(n_calls(&test, Operation::SendToEveryone), 1);
    assert_eq!(state(&test).await, Some(AnnouncementState::Released));
    test.sleep_until(shanghai("2020-04-29 09:00:00"));
    outreach::do_due(&test.app).await.unwrap();
    assert_eq!(state(&test).await, Some(AnnouncementState::Refused));
    assert_eq!(n_calls(&test, Operation::SendToEveryone), 1);
}

#[tokio::test]
async fn only_the_open_citys_draft_can_be_released() {
    let test = TestApp::starting("2020-04-22 00:05:00").await;
    let early = announcement::release(&test.app, FIRST_CITY, "王芳").await;
    assert_eq!(refusal(early), Refusal::NotFound);
    test.sleep(TimeDelta::minutes(5));
    outreach::do_due(&test.app).await.unwrap();
    let other = announcement::release(&test.app, "suzhou", "王芳").await;
    assert!(matches!(refusal(other), Refusal::NoCityOpen { .. }));
    test.sleep_until(shanghai("2020-04-29 00:00:00"));
    let late = announcement::release(&test.app, FIRST_CITY, "王芳").await;
    assert!(matches!(refusal(late), Refusal::NoCityOpen { .. }));
    assert_eq!(state(&test).await, Some(AnnouncementState::Draft));
}
