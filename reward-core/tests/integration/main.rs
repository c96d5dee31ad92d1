//! Laws of reward-core, one module per source file.
