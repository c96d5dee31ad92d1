//! Every route there is, so that a law about all of them leaves none out.

use std::{fs, path::Path};

/// Addresses that answer a GET, with an example in each place of a parameter.
pub(super) const GETS: [&str; 72] = [
    "/",
    "/status",
    "/text-size/large",
    "/city/yancheng",
    "/city/yancheng/hero.svg",
    "/city/yancheng/reminder.ics",
    "/city/yancheng/picture/nothing.jpg",
    "/city/yancheng/video.mp4",
    "/rules",
    "/summary",
    "/login",
    "/login/return",
    "/follow",
    "/follow/check",
    "/consent",
    "/quiz",
    "/quiz/nothing",
    "/result/nothing",
    "/claims",
    "/packet/nothing",
    "/me",
    "/me/export",
    "/me/mistakes",
    "/me/certificate",
    "/me/district",
    "/me/erase",
    "/poster",
    "/share-signature",
    "/livez",
    "/readyz",
    "/api/v1/contest",
    "/api/v1/me",
    "/api/v1/openapi.json",
    "/simulator",
    "/simulator/api/people",
    "/simulator/api/ledger",
    "/console",
    "/console/switch",
    "/console/cities/yancheng",
    "/console/cities/yancheng/wall",
    "/console/cities/yancheng/live",
    "/console/cities/yancheng/statistics",
    "/console/cities/yancheng/items",
    "/console/cities/yancheng/district-codes",
    "/console/cities/yancheng/district-codes/picture",
    "/console/season",
    "/console/schedule",
    "/console/schedule/calendar",
    "/console/cities/yancheng/codes",
    "/console/cities/yancheng/codes/file",
    "/console/cities/yancheng/codes/all",
    "/console/cities/yancheng/pauses",
    "/console/audit-log",
    "/console/audit-log/whole",
    "/api/v1/console/cities/yancheng/overview",
    "/api/v1/console/cities/yancheng/statistics",
    "/api/v1/console/cities/yancheng/items",
    "/api/v1/console/cities/yancheng/district-codes",
    "/api/v1/console/season",
    "/api/v1/console/cities/yancheng/pauses",
    "/api/v1/console/schedule",
    "/api/v1/console/cities/yancheng/codes",
    "/api/v1/console/audit-log",
    "/console/sign-in",
    "/console/setup/nothing",
    "/console/step-up",
    "/console/account",
    "/console/accounts",
    "/console/accounts/new",
    "/console/accounts/nobody",
    "/api/v1/console/me",
    "/nowhere",
];

/// Addresses that answer a POST, with an example in each place of a parameter.
pub(super) const POSTS: [&str; 52] = [
    "/logout",
    "/follow/check",
    "/consent",
    "/quiz",
    "/quiz/nothing",
    "/claims",
    "/me/district",
    "/me/erase",
    "/api/v1/attempts",
    "/api/v1/attempts/nothing/submission",
    "/api/v1/claims",
    "/api/v1/poster",
    "/console/sign-in",
    "/console/setup/nothing",
    "/console/sign-out",
    "/console/step-up",
    "/console/cities/yancheng/district-codes",
    "/api/v1/console/cities/yancheng/district-codes",
    "/console/cities/yancheng/pauses",
    "/console/cities/yancheng/pauses/payouts",
    "/console/cities/yancheng/pauses/resume",
    "/console/cities/yancheng/pauses/payouts/propose",
    "/console/cities/yancheng/pauses/payouts/decide",
    "/api/v1/console/cities/yancheng/pauses",
    "/api/v1/console/cities/yancheng/pauses/payouts",
    "/api/v1/console/cities/yancheng/pauses/resume",
    "/api/v1/console/cities/yancheng/pauses/payouts/propose",
    "/api/v1/console/cities/yancheng/pauses/payouts/decide",
    "/console/accounts/new",
    "/console/accounts/nothing/disable",
    "/console/accounts/nothing/reset",
    "/api/v1/console/accounts",
    "/api/v1/console/accounts/nothing/disable",
    "/api/v1/console/accounts/nothing/reset",
    "/wechat/callback",
    "/wechat/pay/notification",
    "/simulator/act",
    "/simulator/follow",
    "/simulator/remind",
    "/simulator/answer/nothing",
    "/simulator/api/people",
    "/simulator/api/people/nobody/follow",
    "/simulator/api/people/nobody/unfollow",
    "/simulator/api/people/nobody/scan",
    "/simulator/api/people/nobody/say",
    "/simulator/api/people/nobody/press",
    "/simulator/api/people/nobody/notices",
    "/simulator/api/people/nobody/open",
    "/simulator/api/people/nobody/confirm",
    "/simulator/api/clock",
    "/simulator/api/faults",
    "/simulator/api/top-up",
];

/// How often these words stand in the code of the web layer.
fn n_in_code(dir: &Path, words: &str) -> usize {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                n_in_code(&path, words)
            } else {
                fs::read_to_string(path).unwrap().matches(words).count()
            }
        })
        .sum()
}

#[test]
fn the_list_of_posts_leaves_no_handler_out() {
    let code = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    assert_eq!(n_in_code(&code, "post("), POSTS.len());
}
