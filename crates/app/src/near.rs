//! Rows that mean nearly the same, found with the embedding model when somebody asks. Asking again
//! stops the search before.

use assay_engine::{NearDuplicate, RowPlace, Table};
use assay_prompt::Prompt;
use assay_wire::*;

use crate::app::App;
use crate::error::Explain;
use crate::router::Answer;

/// Cosine from which on two rows are told, unless somebody asks for another.
const THRESHOLD: f32 = 0.95;

impl Answer<FindNearRows> for App {
    fn answer(&self, command: FindNearRows) -> Result<Vec<NearRows>, ApiError> {
        let open = self.workspace()?;
        let threshold = command.threshold.unwrap_or(THRESHOLD);
        if !(0.0..=1.0).contains(&threshold) {
            let message = format!("a similarity lies between 0 and 1, not at {threshold}");
            return Err(ApiError::new(Code::BadInput, message));
        }
        let go_on = self.inner.looking.ask();
        let mut found = Vec::new();
        for key in self.selected(&open, &command.prompts)? {
            let prompt = open.workspace.load(&key).map_err(|e| e.explain())?;
            let near = self.inner.models.neighbours().near_duplicates(&prompt, threshold, &go_on);
            let near = near.map_err(|e| e.explain())?;
            found.extend(near.iter().map(|pair| view(&key.key, &prompt, pair)));
        }
        Ok(found)
    }
}

fn view(key: &str, prompt: &Prompt, pair: &NearDuplicate) -> NearRows {
    NearRows {
        prompt: key.to_owned(),
        left: name(prompt, pair.like),
        right: name(prompt, pair.row),
        similarity: pair.similarity,
    }
}

fn name(prompt: &Prompt, place: RowPlace) -> String {
    let (what, rows) = match place.table {
        Table::Examples => ("example", &prompt.examples.rows),
        Table::Cases => ("case", &prompt.cases.rows),
    };
    let id = rows.get(place.row).map_or("", |row| row.id.as_str());
    format!("{what} {id}")
}
