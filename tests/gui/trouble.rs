//! Bad input, in the window: the message stands where it belongs and says what to do.

use assay_tests::window::{PATIENCE, Window};

type Failure = Box<dyn std::error::Error>;

#[test]
fn a_folder_that_is_no_repository_is_refused_where_it_was_typed() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let folder = tempfile::tempdir()?;
    let window = Window::open(data.path())?;
    window.click("welcome-open-path")?;
    window.type_keys(&folder.path().display().to_string())?;
    window.click("welcome-open")?;
    window.until(PATIENCE, "the refusal", || {
        Ok(window.text_of_page()?.contains("is not in a git repository").then_some(()))
    })?;
    window.close()?;
    Ok(())
}
