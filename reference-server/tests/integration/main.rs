//! One integration binary: each module states the laws of one file of `src`.

mod app;
mod contest;
mod office;
mod races;
mod store;
mod tidy;
