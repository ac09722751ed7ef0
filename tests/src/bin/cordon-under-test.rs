//! The `cordon` binary as its own tests start it: cargo builds it with them, and tells them where it is.

fn main() -> std::process::ExitCode {
    cordon::cli::main()
}
