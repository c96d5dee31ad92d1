//! `WeChat` itself, small.
