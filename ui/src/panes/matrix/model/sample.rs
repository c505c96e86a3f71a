//! A small run for tests: two rows of a prompt with two columns, then two of one with a single column.

use assay_wire::{
    CellLine, CellState, ColumnStats, ColumnView, RowView, RunState, RunSummary, RunView, ScoreLine,
};

/// All of it.
pub fn run() -> RunView {
    RunView {
        summary: RunSummary {
            run: "r".into(),
            title: String::new(),
            created_ms: 0,
            wall_ms: None,
            state: RunState::Running,
            reason: None,
            stop: None,
            counts: assay_wire::CellCounts::default(),
            budget: None,
            spent: 0.0,
            shard: None,
        },
        signatures: Vec::new(),
        scorers: Vec::new(),
        columns: vec![column("a"), column("a"), column("b")],
        rows: vec![row("a", 0), row("a", 2), row("b", 4), row("b", 5)],
        gates: Vec::new(),
        paused: Vec::new(),
    }
}

/// A row that begins with that cell.
pub fn row(prompt: &str, first_cell: u32) -> RowView {
    let case = format!("case-{first_cell}");
    RowView {
        prompt: prompt.into(),
        case,
        sample: 0,
        first_cell,
        preview: String::new(),
        tags: Vec::new(),
    }
}

fn column(prompt: &str) -> ColumnStats {
    let column = ColumnView {
        prompt: prompt.into(),
        variant: "v".into(),
        model: "m".into(),
        content_id: String::new(),
    };
    ColumnStats {
        column,
        done: 0,
        failed: 0,
        cached: 0,
        means: Vec::new(),
        unjudged: Vec::new(),
        numbers: Vec::new(),
        cost: None,
        p50_ms: None,
        p95_ms: None,
    }
}

/// A cell in that state, with a score for each verdict.
pub fn line(state: CellState, passes: &[bool]) -> CellLine {
    let score = |pass: &bool| {
        Some(ScoreLine { value: Some(f32::from(u8::from(*pass))), pass: Some(*pass) })
    };
    CellLine { state, scores: passes.iter().map(score).collect(), ..CellLine::queued(0, 0, 0) }
}
