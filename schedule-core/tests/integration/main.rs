//! One integration binary: each module states the laws of one file of `src`.
