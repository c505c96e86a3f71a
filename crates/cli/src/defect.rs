//! What happens when Assay itself is wrong: a report in a file, and where it is.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;

/// From now on a panic leaves a report in the folder for temporary files and says so.
pub(crate) fn report_to_a_file() {
    std::panic::set_hook(Box::new(report));
}

fn report(defect: &PanicHookInfo<'_>) {
    let file = std::env::temp_dir().join(format!("assay-report-{}.txt", std::process::id()));
    // The message names code and places in it, never a prompt, an output or a key.
    let text = format!(
        "assay {}\n{defect}\n\n{}\n",
        env!("CARGO_PKG_VERSION"),
        Backtrace::force_capture()
    );
    eprintln!("error: Assay met a defect of its own: {defect}");
    match std::fs::write(&file, text) {
        Ok(()) => eprintln!("hint: a report is in {}", file.display()),
        Err(error) => eprintln!("hint: no report could be written: {error}"),
    }
}
