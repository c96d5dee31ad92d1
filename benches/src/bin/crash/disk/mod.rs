//! A disk whose power can be cut and whose calls can fail, as a file system of this machine.
//!
//! | file | what |
//! |---|---|
//! | `model` | what is seen and what is on the platter; pure |
//! | `mount` | the same behind `/dev/fuse` |

mod model;
mod mount;

pub(crate) use model::{Disk, Survival, Trouble};
pub(crate) use mount::{Mount, Shared};
