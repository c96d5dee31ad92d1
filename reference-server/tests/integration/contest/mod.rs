//! Laws of the contest: who may answer, who gets a packet, how it is paid, and who notices damage.

mod attempts;
mod auditor;
mod bills;
mod callbacks;
mod claims;
mod commands;
mod crashes;
mod custody;
mod forgetting;
mod limits;
mod money;
mod operating;
mod outreach;
mod payments;
mod publication;
mod referrals;
mod renewal;
mod rows;
mod setup;
mod silence;
mod together;
mod tokens;
mod transfers;
mod window;
