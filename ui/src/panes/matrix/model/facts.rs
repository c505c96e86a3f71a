//! One cell in full: its text while it comes in, its facts with their names, and what to do where it failed.

use assay_wire::{CellState, CellView};

use crate::{
    money,
    panes::{
        runs::model::{ago, duration_words},
        toolbar::grouped,
    },
};

/// Adds a piece of streamed text where it belongs; `false` when something before it was missed.
pub fn continued(text: &mut String, from: usize, piece: &str) -> bool {
    if from > text.len() || !text.is_char_boundary(from) {
        return false;
    }
    text.truncate(from);
    text.push_str(piece);
    true
}

/// A latency: `640 ms`, `1.2 s`.
pub fn latency_words(ms: u64) -> String {
    duration_words(i64::try_from(ms).unwrap_or(i64::MAX))
}

/// A column's latencies: `p50 1.2 s · p95 4.0 s`.
pub fn latencies(p50: Option<u64>, p95: Option<u64>) -> String {
    let named = [("p50", p50), ("p95", p95)];
    let words =
        named.iter().filter_map(|(name, ms)| Some(format!("{name} {}", latency_words((*ms)?))));
    words.collect::<Vec<_>>().join(" · ")
}

/// What to do about a cell that failed, or that the run stopped before: that one is asked again when the run is resumed.
pub fn failure_hint(state: CellState, error: &str, attempts: u32) -> String {
    let said = error.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let what = if state == CellState::Cancelled {
        "The run stopped after this. Resume it to have the cell asked again."
    } else if has(&["401", "403", "unauthorized", "api key"]) {
        "Check the provider's key in Settings, then retry what failed."
    } else if has(&["429", "rate limit", "too many requests"]) {
        "The provider asks for a slower pace; retry what failed in a while."
    } else if has(&["connect", "unreachable", "refused", "resolve"]) {
        "Check that the provider is running and that its address in Settings is right, then retry what failed."
    } else if has(&["timed out", "timeout"]) {
        "The provider took too long; retry what failed, or give the model a smaller output limit."
    } else {
        "Retry what failed once the reason is gone; cells that are done are not sent again."
    };
    match attempts {
        0 | 1 => what.to_owned(),
        n => format!("Tried {n} times. {what}"),
    }
}

/// The facts of a cell, named, in the order of reading; what is not known is left out. Latency and cost of a cached
/// output are those of the call that it repeats.
pub fn facts(cell: &CellView, now_ms: i64) -> Vec<(&'static str, String)> {
    let latency = cell.line.latency_ms.map(|ms| latency_words(ms.into()));
    let then =
        |words: String| if cell.line.cached { format!("{words} then, $0 now") } else { words };
    let named = [
        ("answer", cell.output.as_ref().map(|_| freshness(cell, now_ms))),
        ("latency", latency),
        ("first token", cell.first_token_ms.map(latency_words)),
        (
            "input tokens",
            tokens(cell.input_tokens, cell.cached_tokens, "from the provider's cache"),
        ),
        ("output tokens", tokens(cell.output_tokens, cell.reasoning_tokens, "of reasoning")),
        ("cost", cell.cost.map(|cost| then(money::dollars(cost)))),
        ("finish", finish(cell)),
        ("attempts", (!cell.line.cached).then(|| cell.attempts.to_string())),
        ("request id", cell.request_id.clone()),
    ];
    named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Why the model stopped.
fn finish(cell: &CellView) -> Option<String> {
    match cell.is_tool_call() {
        true => Some("a tool call".to_owned()),
        false => cell.finish.clone(),
    }
}

/// Whether an output is new or repeats one, and since when that one is there.
fn freshness(cell: &CellView, now_ms: i64) -> String {
    match (cell.line.cached, cell.received_ms) {
        (false, _) => "fresh".to_owned(),
        (true, Some(then)) => format!("from cache, received {}", ago(now_ms, then)),
        (true, None) => "from cache".to_owned(),
    }
}

/// A count of tokens, and how many of them are of a kind.
fn tokens(all: Option<u64>, some: Option<u64>, kind: &str) -> Option<String> {
    let all = grouped(all?);
    match some.filter(|n| *n > 0) {
        Some(some) => Some(format!("{all}, {} {kind}", grouped(some))),
        None => Some(all),
    }
}

/// The class and the hover of a piece of a message, by where it came from.
pub fn provenance(from: &str) -> (&'static str, Option<String>) {
    match from {
        "template" => ("from from--template", None),
        example if example.starts_with("example ") => {
            ("from from--example", Some(example.to_owned()))
        }
        input => ("from from--input", Some(format!("input {input}"))),
    }
}

/// JSON text over several lines; any other text as it is.
pub fn pretty(json: &str) -> String {
    serde_json::from_str::<serde_json::Value>(json)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| json.to_owned())
}

#[cfg(test)]
mod tests {
    use assay_wire::CellLine;

    use super::*;
    use crate::panes::matrix::model::sample::{line, run};

    #[test]
    fn streamed_text_continues_where_it_belongs() {
        let mut text = String::new();
        assert!(continued(&mut text, 0, "Grü"));
        assert!(continued(&mut text, 4, "ße"));
        assert_eq!(text, "Grüße");
        assert!(continued(&mut text, 0, "New"), "0 starts anew");
        assert_eq!(text, "New");
        assert!(!continued(&mut text, 9, "!"), "a piece was missed");
    }

    #[test]
    fn a_refused_key_leads_to_the_settings() {
        let hint = |error, attempts| failure_hint(CellState::Failed, error, attempts);
        assert!(hint("the provider answered 401 Unauthorized", 1).contains("key in Settings"));
        assert!(hint("something new", 3).starts_with("Tried 3 times."));
    }

    #[test]
    fn a_cell_that_the_run_stopped_before_is_asked_again_by_resuming() {
        let hint = failure_hint(CellState::Cancelled, "status 429: rate limit", 3);
        assert_eq!(
            hint,
            "Tried 3 times. The run stopped after this. Resume it to have the cell asked again."
        );
    }

    #[test]
    fn a_cell_says_whether_it_is_fresh_and_what_it_cost_then() {
        let run = run();
        let cell = CellView {
            line: line(CellState::Done, &[]),
            column: run.columns[0].column.clone(),
            row: run.rows[0].clone(),
            messages: Vec::new(),
            output: Some("yes".into()),
            error: None,
            finish: None,
            input_tokens: Some(1_200),
            output_tokens: Some(300),
            cached_tokens: Some(800),
            reasoning_tokens: None,
            first_token_ms: None,
            cost: Some(0.42),
            received_ms: Some(0),
            request_id: None,
            attempts: 1,
            scores: Vec::new(),
            expected: None,
        };
        let said = |cell: &CellView, name: &str| {
            facts(cell, 7_200_000)
                .into_iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value)
        };
        assert_eq!(said(&cell, "answer").as_deref(), Some("fresh"));
        let calls = CellView { finish: Some("tool_calls".into()), ..cell.clone() };
        assert_eq!(said(&calls, "finish").as_deref(), Some("a tool call"));
        assert_eq!(said(&cell, "cost").as_deref(), Some("$0.42"));
        assert_eq!(
            said(&cell, "input tokens").as_deref(),
            Some("1,200, 800 from the provider's cache")
        );
        assert_eq!(said(&cell, "output tokens").as_deref(), Some("300"));
        let cached = CellView { line: CellLine { cached: true, ..cell.line.clone() }, ..cell };
        assert_eq!(said(&cached, "answer").as_deref(), Some("from cache, received 2 h ago"));
        assert_eq!(said(&cached, "cost").as_deref(), Some("$0.42 then, $0 now"));
    }

    #[test]
    fn expected_values_are_laid_out_and_plain_text_is_kept() {
        assert_eq!(pretty(r#"{"a":1}"#), "{\n  \"a\": 1\n}");
        assert_eq!(pretty("Hello"), "Hello");
    }
}
