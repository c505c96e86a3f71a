//! Scorers of likeness in meaning, by the embedded model: `similar` and `bert-score`.

use assay_prompt::ScorerSpec;

use super::answer::{Answer, Place};
use super::limits::Limits;
use super::metric::short;
use super::references::References;
use super::settings::Settings;
use super::{Check, Compiled, Direction, Fact, Stop};
use crate::semantic::{self, BertScore};
use crate::{Embed, Subject};

/// What the embedded model is called in signatures and reasons.
const MODEL: &str = "MiniLM-L6";
/// Its last layer, which BERTScore compares.
const LAYER: usize = 6;

/// `similar`: does the output mean much the same as a reference?
///
/// *Definition.* The cosine of the angle between the embeddings of the output and of a reference, by
/// all-MiniLM-L6-v2; of several references the nearest counts.
///
/// *Range* −1 to 1, higher is better. *Defaults*: the references are the case's `references` and its
/// `expected` where that is text; no threshold. *Source*: sentence-transformers.
///
/// *Misleads* on what matters most: a wrong number or a negation keeps about 0.8, so it is never a gate
/// on its own. Only the first 256 word pieces are read, and the model knows English best.
pub(super) fn similar(spec: &ScorerSpec) -> Compiled {
    compile(spec, Measure::Cosine)
}

/// `bert-score`: do the words of the output mean what those of a reference mean?
///
/// *Definition.* Each word piece is matched with the most similar one of the other text, by the last
/// layer of all-MiniLM-L6-v2; precision, recall, and F1, which is the score unless
/// `options: {score: precision}` or `recall` says otherwise. Of several references the best counts.
///
/// *Range* −1 to 1, in practice a narrow high band, higher is better. *Defaults*: as `similar`.
/// *Source*: bert-score 0.3.13, without idf and rescaling.
///
/// *Misleads* when compared with figures of the literature, which come from a larger model.
pub(super) fn bert_score(spec: &ScorerSpec) -> Compiled {
    let settings = Settings::of(spec);
    let parts: [(&str, (&str, BertPart)); 3] = [
        ("f1", ("f1", |score| score.f1)),
        ("precision", ("precision", |score| score.precision)),
        ("recall", ("recall", |score| score.recall)),
    ];
    let (name, part) = settings.choice("score", &parts)?;
    settings.refuse_others()?;
    let spec = ScorerSpec { options: serde_json::Map::new(), ..spec.clone() };
    compile(&spec, Measure::Bert(part, name.to_owned()))
}

type BertPart = fn(&BertScore) -> f64;

fn compile(spec: &ScorerSpec, measure: Measure) -> Compiled {
    Settings::of(spec).refuse_others()?;
    Ok(Box::new(Alike {
        measure,
        path: Place::of(spec.path.as_deref())?,
        references: References::of(spec)?,
        limits: Limits::of_metric(spec, Direction::Higher)?,
    }))
}

#[derive(Debug)]
enum Measure {
    Cosine,
    Bert(BertPart, String),
}

#[derive(Debug)]
struct Alike {
    measure: Measure,
    path: Option<Place>,
    references: References,
    limits: Limits,
}

impl Check for Alike {
    fn find(&self, subject: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let references = self.references.texts(subject.case)?;
        let references: Vec<&str> = references.iter().map(String::as_str).collect();
        let output = answer.text_at(self.path.as_ref())?;
        let embedder = subject.resources.embedder().map_err(Stop::CannotJudge)?;
        let value = self.measure.of(embedder, &output, &references).map_err(Stop::CannotJudge)?;
        Ok(self.limits.measure(value, &format!("{} {}", self.measure.name(), short(value))))
    }

    fn signature(&self) -> Option<String> {
        let signature = match &self.measure {
            Measure::Cosine => semantic::cosine_signature(MODEL),
            Measure::Bert(_, part) => {
                let of = semantic::bert_score_signature(MODEL, LAYER, None);
                if part == "f1" { of } else { format!("{of}|of:{part}") }
            }
        };
        Some(match &self.path {
            Some(path) => format!("{signature}|path:{}", path.source),
            None => signature,
        })
    }
}

impl Measure {
    fn name(&self) -> &'static str {
        match self {
            Measure::Cosine => "cosine (MiniLM-L6)",
            Measure::Bert(..) => "BERTScore (MiniLM-L6, layer 6)",
        }
    }

    fn of(&self, embedder: &dyn Embed, output: &str, references: &[&str]) -> Result<f64, String> {
        let value = match self {
            Measure::Cosine => nearest(embedder, output, references)?,
            Measure::Bert(part, _) => {
                let pieces: Result<Vec<_>, String> =
                    references.iter().map(|one| embedder.pieces(one.trim())).collect();
                let output = embedder.pieces(output.trim())?;
                semantic::bert_score(&output, &pieces?, None).map(|score| part(&score))
            }
        };
        value.ok_or_else(|| "the embedding model has no value for these texts".to_owned())
    }
}

fn nearest(embedder: &dyn Embed, output: &str, references: &[&str]) -> Result<Option<f64>, String> {
    let texts: Vec<&str> = std::iter::once(output).chain(references.iter().copied()).collect();
    let points = embedder.embed(&texts)?;
    let Some((output, references)) = points.split_first() else { return Ok(None) };
    let cosines = references.iter().filter_map(|one| semantic::cosine(output, one));
    Ok(cosines.max_by(f64::total_cmp))
}
