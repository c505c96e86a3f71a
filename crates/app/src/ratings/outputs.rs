//! Which output each cell of a run holds, in the terms a rating is kept by.
//!
//! Reading and hashing every output of a large run takes longer than a key press should, so the list is kept until the
//! run has other outputs or another run is looked at.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use assay_prompt::Row;
use assay_store::{OutputRecord, RatedOutput, RunId, RunRecord};
use assay_wire::ApiError;
use serde_json::{Value, json};

use crate::app::App;
use crate::error::Explain;
use crate::planned::PlannedRun;

/// An output of one cell.
pub(crate) type RunOutput = OutputRecord;

/// The outputs of a run, as far as there are any.
pub(crate) struct RunOutputs {
    run: RunId,
    done: u32,
    outputs: Vec<RunOutput>,
    /// The digest of each row's case.
    cases: Vec<String>,
}

impl RunOutputs {
    /// All of them, by cell.
    pub fn all(&self) -> &[RunOutput] {
        &self.outputs
    }

    /// The output of a cell.
    pub fn of_cell(&self, cell: u32) -> Option<&RunOutput> {
        let place = self.outputs.binary_search_by_key(&cell, |output| output.cell).ok()?;
        self.outputs.get(place)
    }

    /// The digest of the case of a row.
    pub fn case(&self, row: u32) -> &str {
        self.cases.get(row as usize).map_or("", String::as_str)
    }

    /// What a rating of this output is about.
    pub fn subject(&self, planned: &PlannedRun, output: &RunOutput) -> RatedOutput {
        let column = planned.column(output.column);
        RatedOutput {
            prompt: column.map_or_else(String::new, |column| planned.prompt_id(&column.prompt)),
            content_id: column.map_or_else(String::new, |column| column.content_id.clone()),
            case: self.case(output.row).to_owned(),
            output: output.hash.clone(),
        }
    }

    /// The cells that hold the same output of the same content for the same case, this one among them.
    pub fn same_as<'a>(
        &'a self,
        planned: &'a PlannedRun,
        output: &'a RunOutput,
    ) -> impl Iterator<Item = &'a RunOutput> {
        let subject = self.subject(planned, output);
        let alike = move |other: &&RunOutput| {
            other.hash == output.hash && self.subject(planned, other) == subject
        };
        self.outputs.iter().filter(alike)
    }

    /// One cell for each different output.
    pub fn different<'a>(
        &'a self,
        planned: &'a PlannedRun,
    ) -> impl Iterator<Item = (&'a RunOutput, RatedOutput)> {
        let mut seen = HashSet::new();
        self.outputs.iter().filter_map(move |output| {
            let subject = self.subject(planned, output);
            seen.insert(subject.clone()).then_some((output, subject))
        })
    }
}

impl App {
    /// The outputs of a run, kept until it has others.
    pub(super) fn run_outputs(
        &self,
        planned: &PlannedRun,
        record: &RunRecord,
    ) -> Result<Arc<RunOutputs>, ApiError> {
        let mut kept = self.inner.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.as_ref().filter(|k| k.run == record.id && k.done == record.done) {
            return Ok(Arc::clone(known));
        }
        let outputs = self.inner.store.output_hashes(&record.id, 0, record.total);
        let outputs = Arc::new(RunOutputs {
            run: record.id.clone(),
            done: record.done,
            outputs: outputs.map_err(|e| e.explain())?,
            cases: planned.cases().map(|case| case_digest(&case)).collect(),
        });
        *kept = Some(Arc::clone(&outputs));
        Ok(outputs)
    }
}

/// The name of what people, or a judge, were shown of a case. Its id, tags and weight may change without any rating
/// being lost.
pub(crate) fn case_digest(case: &Row) -> String {
    let mut input: Vec<(&String, &Value)> = case.input.iter().collect();
    input.sort_by_key(|(name, _)| *name);
    let shown = json!([
        "assay/case/1",
        input,
        case.expected,
        case.references,
        case.contexts,
        case.attachments
    ]);
    assay_repo::digest(shown.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(json: &str) -> Row {
        Row { input: serde_json::from_str(json).expect("an object"), ..Row::default() }
    }

    #[test]
    fn a_renamed_case_keeps_its_ratings() {
        let plain = case(r#"{"a":"1","b":"2"}"#);
        let renamed =
            Row { id: "other".into(), tags: vec!["t".into()], ..case(r#"{"b":"2","a":"1"}"#) };
        assert_eq!(case_digest(&plain), case_digest(&renamed));
    }

    #[test]
    fn a_case_that_asks_or_expects_something_else_is_another_case() {
        let plain = case(r#"{"a":"1"}"#);
        let expecting = Row { expected: Some("x".into()), ..plain.clone() };
        let digests = [&plain, &case(r#"{"a":"2"}"#), &expecting].map(case_digest);
        assert!(digests[0] != digests[1] && digests[0] != digests[2] && digests[1] != digests[2]);
    }
}
