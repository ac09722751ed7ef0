//! The `cordon` binary. Everything is in the library.

fn main() -> std::process::ExitCode {
    cordon::cli::main()
}
