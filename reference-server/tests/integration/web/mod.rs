//! Laws of the web layer, over HTTP: what citizens, scripts, WeChat and attackers get for an answer.

mod browser;
mod callbacks;
mod canary;
mod cities;
mod console;
mod document;
mod guards;
mod headers;
mod journey;
mod leaks;
mod logins;
mod loopback;
mod outside;
mod personal;
pub(crate) mod routes;
mod stand_alone;
mod states;
mod verify;
