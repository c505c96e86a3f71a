//! `assay score`: scorers on outputs that somebody has.

use std::path::Path;

use assay_app::{App, ScoreFiles, ScoreReport, ScorerReport, ScorersFrom};
use assay_wire::{ApiError, Code};
use serde_json::{Map, Value, json};

use crate::arguments::Score;
use crate::commands::file_in;
use crate::exit::Exit;
use crate::output::{Output, counted, table};

pub(crate) fn execute(
    app: &App,
    directory: &Path,
    arguments: &Score,
    output: &Output,
) -> Result<Exit, ApiError> {
    let scorers = match (&arguments.scorers, &arguments.metric) {
        (Some(file), None) => ScorersFrom::File(file_in(directory, file)),
        (None, Some(name)) => {
            ScorersFrom::Metric { name: name.clone(), options: arguments.options.clone() }
        }
        _ => return Err(ApiError::new(Code::BadInput, "name `--scorers FILE` or `--metric NAME`")),
    };
    let files = ScoreFiles {
        scorers,
        input: file_in(directory, &arguments.input),
        output: file_in(directory, &arguments.output),
    };
    let report = app.score_rows(&files)?;
    if output.is_document() {
        output.show(&document(&report), String::new)?;
    } else if arguments.output.as_os_str() == "-" {
        // The scores have standard output to themselves.
        text(&report).lines().for_each(|line| output.note(line));
    } else {
        output.tell(&text(&report))?;
    }
    Ok(Exit::Done)
}

fn document(report: &ScoreReport) -> Value {
    let scorers: Map<_, _> = report
        .scorers
        .iter()
        .map(|scorer| {
            let about = json!({
                "signature": scorer.signature,
                "mean": mean(scorer),
                "n": scorer.values.len(),
                "passed": scorer.passed,
                "failed": scorer.failed,
                "notJudged": scorer.unjudged,
                "column": column(report, &scorer.scorer),
            });
            (scorer.scorer.clone(), about)
        })
        .collect();
    json!({
        "schema": "assay.score/1",
        "rows": report.rows,
        "scorers": scorers,
        "leftOut": report.left_out,
    })
}

fn column(report: &ScoreReport, scorer: &str) -> Map<String, Value> {
    let of_scorer = report.columns.iter().filter(|column| column.scorer == scorer);
    let number = |column: &assay_app::ColumnScore| {
        let about = json!({
            "value": column.value,
            "n": column.n,
            "notJudged": column.unjudged,
            "signature": column.signature,
            "confusion": column.confusion.as_ref().map(|confusion| {
                json!({"classes": confusion.classes, "counts": confusion.counts})
            }),
        });
        (column.name.clone(), about)
    };
    of_scorer.map(number).collect()
}

fn mean(scorer: &ScorerReport) -> Option<f64> {
    let n = scorer.values.len();
    (n > 0).then(|| scorer.values.iter().sum::<f64>() / n as f64)
}

fn text(report: &ScoreReport) -> String {
    let mut rows =
        vec![["SCORER", "MEAN", "JUDGED", "PASSED", "NOT JUDGED", "SIGNATURE"].map(str::to_owned)];
    for scorer in &report.scorers {
        rows.push([
            scorer.scorer.clone(),
            mean(scorer).map_or_else(|| "none".to_owned(), |mean| format!("{mean:.4}")),
            scorer.values.len().to_string(),
            match scorer.passed + scorer.failed {
                0 => "no limit".to_owned(),
                _ => scorer.passed.to_string(),
            },
            scorer.unjudged.to_string(),
            scorer.signature.clone(),
        ]);
    }
    let rows: Vec<Vec<String>> = rows.into_iter().map(Vec::from).collect();
    let mut text = table(&rows);
    for column in &report.columns {
        let value = column.value.map_or_else(|| "undefined".to_owned(), |v| format!("{v:.4}"));
        let n = counted(u32::try_from(column.n).unwrap_or(u32::MAX), "row");
        text.push_str(&format!("{} {}: {value} over {n}", column.scorer, column.name));
        if column.unjudged > 0 {
            text.push_str(&format!(", {} not counted", column.unjudged));
        }
        text.push('\n');
    }
    for judge in &report.left_out {
        text.push_str(&format!("{judge}: left out, it asks a model\n"));
    }
    text
}
