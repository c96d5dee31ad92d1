//! Several instances in hostile conditions: processes that come and go, clocks that differ, servers that die.

mod backups;
mod cluster;
mod load;
mod made_up;
mod malformed;
mod midnight;
mod migration;
mod processes;
mod proxy;
mod rolling;
mod server_lost;
