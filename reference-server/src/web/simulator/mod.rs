//! The simulated WeChat: a drawn phone, WeChat's own endpoints, and a control interface.
//!
//! Everything here is mounted only when the app has a simulator.
//!
//! | file | what it is |
//! |---|---|
//! | `phone` | the page with the drawn phone |
//! | `buttons`, `fault_panel` | what its buttons and switches do |
//! | `act` | what the page and the control interface can do |
//! | `control` | the control interface, as JSON |
//! | `wire` | WeChat's endpoints, faults included |
//! | `delivery` | pushes on their way to our own callback |

mod act;
mod buttons;
mod control;
pub(super) mod delivery;
mod fault_panel;
mod phone;
mod wire;

use std::sync::Arc;

use axum::Router;

use crate::app::App;

/// The page and the control interface.
pub(super) fn phone_routes() -> Router<Arc<App>> {
    Router::new()
        .merge(phone::routes())
        .merge(buttons::routes())
        .merge(control::routes())
}

/// WeChat's endpoints.
pub(super) fn wire_routes() -> Router<Arc<App>> {
    wire::routes()
}
