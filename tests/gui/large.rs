//! Ten thousand rows in the grid: only those in sight are drawn, and the last is edited like the first.

use assay_testkit::TestWorkspace;
use assay_tests::window::{DriverError, PATIENCE, Window, key};

type Failure = Box<dyn std::error::Error>;

const ROWS: usize = 10_000;

/// More rows than this at once would be all of them before long.
const MOST_DRAWN: u64 = 80;

const CASES: &str = "prompts/support-triage/cases.jsonl";

fn case(n: usize) -> String {
    format!(
        "{{\"id\":\"c-{n}\",\"input\":{{\"ticket\":\"Ticket {n} of somebody with a question\"}},\"expected\":{{\"category\":\"other\",\"urgent\":false}}}}\n"
    )
}

/// How many rows of the grid are on the page.
fn drawn(window: &Window) -> Result<u64, DriverError> {
    let count = window
        .script("return document.querySelectorAll('[data-testid^=\"case-row-\"]').length", &[])?;
    Ok(count.as_u64().unwrap_or_default())
}

#[test]
fn the_last_of_ten_thousand_rows_is_gone_to_and_edited() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let workspace = TestWorkspace::from_template("support-triage");
    let before: String = (1..=ROWS).map(case).collect();
    workspace.write(CASES, &before);
    let window = Window::open(data.path())?;
    window.click("welcome-open-path")?;
    window.type_keys(&workspace.path().display().to_string())?;
    window.click("welcome-open")?;
    window.click("tab-cases")?;
    window.until_text("case-count", PATIENCE, |text| text == ROWS.to_string())?;
    window.find("case-row-c-1")?;
    assert!((1..MOST_DRAWN).contains(&drawn(&window)?), "{} rows are drawn", drawn(&window)?);

    scroll_through(&window)?;
    edit_last(&window)?;
    let after = window.until(PATIENCE, "the edit on disk", || {
        Ok(Some(workspace.read(CASES)).filter(|text| *text != before))
    })?;
    assert_eq!(after.lines().count(), ROWS);
    let untouched = after.lines().zip(before.lines()).take_while(|(now, was)| now == was);
    assert_eq!(untouched.count(), ROWS - 1, "only the last row is another one");
    assert!(after.lines().next_back().is_some_and(|row| row.contains("The very last")));
    window.close()?;
    Ok(())
}

/// To the end by the scroll bar.
fn scroll_through(window: &Window) -> Result<(), Failure> {
    for part in 1..=10 {
        let row = ROWS * part / 10;
        let scroll = format!(
            "const grid = document.querySelector('[data-testid=\"case-grid\"]'); grid.scrollTop = grid.scrollHeight * {part} / 10"
        );
        window.script(&scroll, &[])?;
        window.until(PATIENCE, &format!("rows around {row}"), || {
            let near = (row.saturating_sub(30)..=row).any(|n| {
                matches!(window.select(&format!("[data-testid=\"case-row-c-{n}\"]")), Ok(Some(_)))
            });
            Ok(near.then_some(()))
        })?;
        assert!(drawn(window)? < MOST_DRAWN, "{} rows are drawn", drawn(window)?);
    }
    Ok(())
}

fn edit_last(window: &Window) -> Result<(), Failure> {
    let ticket = format!("[data-testid=\"case-row-c-{ROWS}\"] [role=gridcell]:nth-of-type(2)");
    let cell = window.until(PATIENCE, "the last row", || window.select(&ticket))?;
    window.click_on(&cell)?;
    window.type_keys(&key::ENTER.to_string())?;
    window.find("cell-editor")?;
    window.press_control('a')?;
    window.type_keys("The very last\n")?;
    assert!(drawn(window)? < MOST_DRAWN, "{} rows are drawn", drawn(window)?);
    Ok(())
}
