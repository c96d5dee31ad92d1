//! The command line: everything is in the library.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match reference_server::cli::run() {
        Ok(code) => code,
        Err(error) => {
            use std::io::Write as _;
            // Standard error is the last resort; when it is gone, so is the listener.
            drop(writeln!(std::io::stderr(), "error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
