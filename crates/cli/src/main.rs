//! `assay`: Assay without a window.

fn main() -> std::process::ExitCode {
    assay_cli::main()
}
