//! Starts the window's contents.

fn main() {
    assay_ui::start();
}
