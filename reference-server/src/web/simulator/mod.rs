//! The simulated WeChat: a drawn phone, WeChat's own endpoints, and a control interface.
//!
//! A contest mounts all of it when it has a simulator; a server of its own mounts the endpoints and the control interface.
//!
//! | file | what it is |
//! |---|---|
//! | `host` | who runs it, and how it reaches the application |
//! | `phone` | the page with the drawn phone |
//! | `buttons`, `fault_panel` | what its buttons and switches do |
//! | `act` | what the page and the control interface can do |
//! | `control` | the control interface, as JSON |
//! | `wire` | WeChat's endpoints, faults included |
//! | `delivery` | pushes and notifications on their way to the application |

mod act;
mod buttons;
mod control;
mod delivery;
mod fault_panel;
mod host;
mod phone;
mod wire;

use std::sync::Arc;

use axum::Router;

use super::assets;
use crate::app::App;

pub use self::{delivery::keep_delivering, host::SimulatedWeChat};

/// The path before WeChat's endpoints in a contest's own process.
const WIRE_PREFIX: &str = "/simulator/wechat";

/// The page and the control interface.
pub(super) fn phone_routes(host: &SimulatedWeChat) -> Router<Arc<App>> {
    Router::new()
        .merge(phone::routes())
        .merge(buttons::routes())
        .merge(control::routes().with_state(host.clone()))
}

/// WeChat's endpoints.
pub(super) fn wire_routes(host: &SimulatedWeChat) -> Router<Arc<App>> {
    wire::routes(WIRE_PREFIX).with_state(host.clone())
}

/// A simulated WeChat as a server of its own: the endpoints at the paths they really have, and the control interface.
pub fn simulator_router(host: SimulatedWeChat) -> Router {
    control::routes()
        .merge(wire::routes(""))
        .merge(assets::routes())
        .with_state(host)
}
