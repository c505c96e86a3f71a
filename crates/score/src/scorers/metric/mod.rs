//! Text metrics as scorers: the references of a case, the settings of `options`, and a limit if one
//! is wanted. What each metric is stands in [`crate::metrics`].

mod columns;

use assay_prompt::ScorerSpec;

use super::answer::{Answer, Place};
use super::limits::Limits;
use super::references::References;
use super::settings::Settings;
use super::{Check, ColumnSum, Compiled, Direction, Fact, Ledger, Stop};
use crate::metrics::bleu::tokenizers::Tokenizer;
use crate::metrics::bleu::{Bleu, Smoothing};
use crate::metrics::chrf::Chrf;
use crate::metrics::corpus::CorpusMetric;
use crate::metrics::edit::Measure;
use crate::metrics::meteor::{self, Meteor};
use crate::metrics::python;
use crate::metrics::rouge::{self, Words};
use crate::metrics::squad::{self, Version};
use crate::metrics::ter::Ter;
use crate::metrics::words::{Counts, Preparation, Unit};
use crate::{Resources, Subject};

/// A text metric with its settings.
#[derive(Debug)]
pub(super) enum Metric {
    Bleu(Bleu),
    Chrf(Chrf),
    Ter(Ter),
    Rouge(Box<rouge::Scorer>, RougePart),
    Meteor(MeteorStages, meteor::Weights, MeteorWords),
    Words(Unit, Rate),
    ExactMatch,
    TokenF1(Version),
    Edit(Measure),
}

/// Which of ROUGE's three numbers is the score.
#[derive(Debug, Clone, Copy)]
pub(super) enum RougePart {
    F1,
    Precision,
    Recall,
}

/// How far METEOR goes to match words.
#[derive(Debug, Clone, Copy)]
pub(super) enum MeteorStages {
    Synonyms,
    Stems,
    Exact,
}

/// What METEOR takes for words.
#[derive(Debug, Clone, Copy)]
pub(super) enum MeteorWords {
    Nltk,
    Whitespace,
}

/// What is made of the counts of an alignment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rate {
    Error,
    Match,
    Lost,
}

/// A text metric by its kind; nothing for a kind that is none.
///
/// *Definition, range, direction, source*: see the metric in [`crate::metrics`]. *Defaults*: the
/// references are the case's `references` and its `expected` where that is text; there is no limit,
/// so nothing passes or fails until `threshold`, `min` or `max` is set. `threshold` is the worst
/// value that passes: the least for what is better when higher, the greatest for the rest.
pub(super) fn metric(spec: &ScorerSpec) -> Option<Compiled> {
    let settings = Settings::of(spec);
    let metric = read(&spec.kind, &settings)?;
    Some(metric.and_then(|metric| {
        settings.refuse_others()?;
        let path = Place::of(spec.path.as_deref())?;
        let limits = Limits::of_metric(spec, metric.direction())?;
        let references = References::of(spec)?;
        Ok(Box::new(Measured { metric, path, references, limits }) as Box<dyn Check>)
    }))
}

fn read(kind: &str, settings: &Settings) -> Option<Result<Metric, String>> {
    Some(match kind {
        "bleu" => bleu(settings).map(Metric::Bleu),
        "chrf" => chrf(settings).map(Metric::Chrf),
        "ter" => ter(settings).map(Metric::Ter),
        "rouge-1" => rouge(settings, rouge::Kind::N(1)),
        "rouge-2" => rouge(settings, rouge::Kind::N(2)),
        "rouge-3" => rouge(settings, rouge::Kind::N(3)),
        "rouge-n" => rouge_n(settings),
        "rouge-l" => rouge(settings, rouge::Kind::L),
        "rouge-lsum" => rouge(settings, rouge::Kind::Lsum),
        "meteor" => meteor_metric(settings),
        "wer" => words(settings, Rate::Error),
        "mer" => words(settings, Rate::Match),
        "wil" => words(settings, Rate::Lost),
        "cer" => Ok(Metric::Words(Unit::Characters, Rate::Error)),
        "exact-match" => Ok(Metric::ExactMatch),
        "token-f1" => token_f1(settings),
        other => Ok(Metric::Edit(*Measure::ALL.iter().find(|m| m.name() == other)?)),
    })
}

fn bleu(settings: &Settings) -> Result<Bleu, String> {
    let tokenizers: Vec<(&str, Tokenizer)> = ["13a", "intl", "char", "zh", "none"]
        .iter()
        .filter_map(|name| Some((*name, Tokenizer::named(name)?)))
        .collect();
    let method = settings.choice("smooth", &["exp", "floor", "add-k", "none"].map(|m| (m, m)))?;
    let value = settings.number("smooth_value")?;
    let smoothing = Smoothing::named(method, value).unwrap_or_default();
    let order = settings.count("max_order", 1, 16)?.unwrap_or(4);
    let sentences = Bleu::of_sentences();
    Ok(Bleu {
        tokenizer: settings.choice("tokenize", &tokenizers)?,
        smoothing,
        lowercase: settings.flag("lowercase", false)?,
        max_order: u8::try_from(order)
            .ok()
            .and_then(|n| n.try_into().ok())
            .unwrap_or(sentences.max_order),
        effective_order: settings.flag("effective_order", true)?,
    })
}

fn chrf(settings: &Settings) -> Result<Chrf, String> {
    let order = |name, default: u8| -> Result<u8, String> {
        let count = settings.count(name, 0, 16)?;
        Ok(count.and_then(|n| u8::try_from(n).ok()).unwrap_or(default))
    };
    let plain = Chrf::default();
    let beta = settings.number("beta")?.unwrap_or(plain.beta);
    if beta <= 0.0 {
        return Err(format!("option `beta` is above 0, not {beta}"));
    }
    let chrf = Chrf {
        char_order: order("char_order", plain.char_order)?,
        word_order: order("word_order", plain.word_order)?,
        beta,
        lowercase: settings.flag("lowercase", false)?,
        whitespace: settings.flag("whitespace", false)?,
        eps_smoothing: settings.flag("eps_smoothing", false)?,
    };
    match (chrf.char_order, chrf.word_order) {
        (0, 0) => Err("counts nothing: `char_order` and `word_order` are both 0".to_owned()),
        _ => Ok(chrf),
    }
}

fn ter(settings: &Settings) -> Result<Ter, String> {
    let mut ter = Ter::default();
    ter.tokenizer.normalized = settings.flag("normalized", false)?;
    ter.tokenizer.no_punct = settings.flag("no_punct", false)?;
    ter.tokenizer.asian_support = settings.flag("asian_support", false)?;
    ter.tokenizer.case_sensitive = settings.flag("case_sensitive", false)?;
    Ok(ter)
}

fn rouge_n(settings: &Settings) -> Result<Metric, String> {
    let n = settings.count("n", 1, 9)?.unwrap_or(1);
    rouge(settings, rouge::Kind::N(u8::try_from(n).unwrap_or(1)))
}

fn rouge(settings: &Settings, kind: rouge::Kind) -> Result<Metric, String> {
    let stems = settings.flag("stemmer", false)?;
    let unicode = settings.choice("tokenize", &[("ascii", false), ("unicode", true)])?;
    let words = match (unicode, stems) {
        (true, true) => return Err("`stemmer` knows English words in ASCII only".to_owned()),
        (true, false) => Words::Unicode,
        (false, stems) => Words::Ascii { stems },
    };
    let parts =
        [("f1", RougePart::F1), ("precision", RougePart::Precision), ("recall", RougePart::Recall)];
    let part = settings.choice("score", &parts)?;
    let scorer = rouge::Scorer::new(kind, words).map_err(|error| error.to_string())?;
    Ok(Metric::Rouge(Box::new(scorer), part))
}

fn meteor_metric(settings: &Settings) -> Result<Metric, String> {
    let stages = [
        ("wordnet", MeteorStages::Synonyms),
        ("stems", MeteorStages::Stems),
        ("exact", MeteorStages::Exact),
    ];
    let stages = settings.choice("matching", &stages)?;
    let usual = meteor::Weights::default();
    let weight = |name, default| Ok::<f64, String>(settings.number(name)?.unwrap_or(default));
    let weights = meteor::Weights {
        alpha: weight("alpha", usual.alpha)?,
        beta: weight("beta", usual.beta)?,
        gamma: weight("gamma", usual.gamma)?,
    };
    let words = [("nltk", MeteorWords::Nltk), ("whitespace", MeteorWords::Whitespace)];
    Ok(Metric::Meteor(stages, weights, settings.choice("tokenize", &words)?))
}

fn words(settings: &Settings, rate: Rate) -> Result<Metric, String> {
    let standardise = settings.flag("standardize", false)?;
    let how = if standardise { Preparation::Standardised } else { Preparation::AsIs };
    Ok(Metric::Words(Unit::Words(how), rate))
}

fn token_f1(settings: &Settings) -> Result<Metric, String> {
    let versions = [("2.0", Version::V2), ("1.1", Version::V1)];
    settings.choice("version", &versions).map(Metric::TokenF1)
}

impl Metric {
    fn direction(&self) -> Direction {
        match self {
            Metric::Ter(_) | Metric::Words(..) => Direction::Lower,
            Metric::Edit(measure) if !measure.more_is_better() => Direction::Lower,
            _ => Direction::Higher,
        }
    }

    /// How reasons call it.
    fn name(&self) -> String {
        match self {
            Metric::Bleu(_) => "BLEU".to_owned(),
            Metric::Chrf(chrf) => chrf.name(),
            Metric::Ter(_) => "TER".to_owned(),
            Metric::Rouge(scorer, _) => first_part(&scorer.signature()).replace("rouge", "ROUGE-"),
            Metric::Meteor(MeteorStages::Synonyms, ..) => "METEOR".to_owned(),
            Metric::Meteor(MeteorStages::Stems, ..) => "METEOR (exact+stem)".to_owned(),
            Metric::Meteor(MeteorStages::Exact, ..) => "METEOR (exact)".to_owned(),
            Metric::Words(Unit::Characters, _) => "CER".to_owned(),
            Metric::Words(_, Rate::Error) => "WER".to_owned(),
            Metric::Words(_, Rate::Match) => "MER".to_owned(),
            Metric::Words(_, Rate::Lost) => "WIL".to_owned(),
            Metric::ExactMatch => "exact match".to_owned(),
            Metric::TokenF1(_) => "token F1".to_owned(),
            Metric::Edit(measure) => measure.name().replace('-', " "),
        }
    }

    fn signature(&self) -> String {
        match self {
            Metric::Bleu(bleu) => bleu.signature(None),
            Metric::Chrf(chrf) => chrf.signature(None),
            Metric::Ter(ter) => ter.signature(None),
            Metric::Rouge(scorer, part) => match part {
                RougePart::F1 => scorer.signature(),
                RougePart::Precision => format!("{}|of:precision", scorer.signature()),
                RougePart::Recall => format!("{}|of:recall", scorer.signature()),
            },
            Metric::Meteor(stages, weights, words) => {
                let words = match words {
                    MeteorWords::Nltk => "nltk",
                    MeteorWords::Whitespace => "none",
                };
                let meteor::Weights { alpha, beta, gamma } = weights;
                let stages = match stages {
                    MeteorStages::Synonyms => "exact+stem+wordnet-3.0",
                    MeteorStages::Stems => "exact+stem",
                    MeteorStages::Exact => "exact",
                };
                format!("meteor|match:{stages}|a:{alpha}|b:{beta}|g:{gamma}|tok:{words}|v:1")
            }
            Metric::Words(unit, rate) => {
                let of = unit.signature();
                let of = match rate {
                    Rate::Error => of,
                    Rate::Match => of.replacen("wer", "mer", 1),
                    Rate::Lost => of.replacen("wer", "wil", 1),
                };
                format!("{of}|refs:best")
            }
            Metric::ExactMatch => squad::exact_match_signature(),
            Metric::TokenF1(version) => version.signature(),
            Metric::Edit(measure) => format!("{}|refs:best", measure.signature()),
        }
    }

    /// The value of an output against its references. Metrics that know one reference take the best
    /// of their values.
    fn value(
        &self,
        output: &str,
        references: &[&str],
        resources: &Resources,
    ) -> Result<f64, String> {
        let value = match self {
            Metric::Bleu(bleu) => bleu.sentence_score(output, references),
            Metric::Chrf(chrf) => chrf.sentence_score(output, references),
            Metric::Ter(ter) => ter.sentence_score(output, references),
            Metric::Rouge(scorer, part) => scorer.score(output, references).map(|all| match part {
                RougePart::F1 => all.f1,
                RougePart::Precision => all.precision,
                RougePart::Recall => all.recall,
            }),
            Metric::Meteor(stages, weights, words) => {
                let matching = stages.matching(resources)?;
                let meteor = Meteor { matching, weights: *weights };
                let all: Vec<Vec<String>> = references.iter().map(|one| words.of(one)).collect();
                meteor.score(&words.of(output), &all)
            }
            Metric::Words(unit, rate) => {
                let rates = references.iter().map(|one| rate.of(&unit.counts(output, one)));
                rates.min_by(f64::total_cmp)
            }
            Metric::ExactMatch => {
                squad::exact_match(output, references).map(|same| f64::from(u8::from(same)))
            }
            Metric::TokenF1(version) => squad::token_f1(output, references, *version),
            Metric::Edit(measure) => {
                let all: Option<Vec<f64>> =
                    references.iter().map(|one| measure.of(output, one)).collect();
                let all = all.ok_or("the texts are too long for this measure")?;
                best(all, self.direction())
            }
        };
        value.ok_or_else(|| "has no value for this output and its references".to_owned())
    }
}

impl Rate {
    fn of(self, counts: &Counts) -> f64 {
        match self {
            Rate::Error => counts.error_rate(),
            Rate::Match => counts.match_error_rate(),
            Rate::Lost => counts.information_lost(),
        }
    }
}

fn best(values: Vec<f64>, direction: Direction) -> Option<f64> {
    let values = values.into_iter();
    match direction {
        Direction::Higher => values.max_by(f64::total_cmp),
        Direction::Lower => values.min_by(f64::total_cmp),
    }
}

impl MeteorStages {
    fn matching(self, resources: &Resources) -> Result<meteor::Matching, String> {
        Ok(match self {
            MeteorStages::Synonyms => meteor::Matching::Synonyms(resources.wordnet()?),
            MeteorStages::Stems => meteor::Matching::Stems,
            MeteorStages::Exact => meteor::Matching::Exact,
        })
    }
}

impl MeteorWords {
    fn of(self, text: &str) -> Vec<String> {
        match self {
            MeteorWords::Nltk => meteor::tokenizer::words(text),
            MeteorWords::Whitespace => python::split(text).map(str::to_owned).collect(),
        }
    }
}

fn first_part(signature: &str) -> &str {
    signature.split('|').next().unwrap_or(signature)
}

#[derive(Debug)]
struct Measured {
    metric: Metric,
    path: Option<Place>,
    references: References,
    limits: Limits,
}

impl Measured {
    /// A signature with the part of the output that is measured.
    fn signed(&self, signature: String) -> String {
        match &self.path {
            Some(path) => format!("{signature}|path:{}", path.source),
            None => signature,
        }
    }

    /// The text to measure. What cannot be read is measured as nothing, which is as far from its
    /// reference as a text can be, and told.
    fn text(&self, answer: &Answer) -> Result<(String, Option<String>), Stop> {
        match answer.text_at(self.path.as_ref()) {
            Ok(text) => Ok((text, None)),
            Err(Stop::Unreadable(reason)) => Ok((String::new(), Some(reason))),
            Err(stop) => Err(stop),
        }
    }
}

impl Check for Measured {
    fn find(&self, subject: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let references = self.references.texts(subject.case)?;
        let references: Vec<&str> = references.iter().map(String::as_str).collect();
        let (output, unreadable) = self.text(answer)?;
        let value = self.metric.value(&output, &references, subject.resources);
        let value = value.map_err(Stop::CannotJudge)?;
        let what = format!("{} {}", self.metric.name(), short(value));
        let fact = self.limits.measure(value, &what);
        Ok(match unreadable {
            None => fact,
            Some(reason) if fact.holds.is_none() => {
                Fact::measured(value, None, format!("{what}; {reason}"))
            }
            // However near nothing is to the reference, and negated or not.
            Some(reason) => return Err(Stop::Unreadable(reason)),
        })
    }

    fn signature(&self) -> Option<String> {
        Some(self.signed(self.metric.signature()))
    }

    fn direction(&self) -> Direction {
        self.metric.direction()
    }

    fn column(&self) -> Option<Box<dyn ColumnSum + '_>> {
        columns::sum(self)
    }

    fn ledger(&self) -> Option<Box<dyn Ledger + '_>> {
        columns::ledger(self)
    }
}

/// Up to four decimals, without zeros at the end.
pub(super) fn short(value: f64) -> String {
    ((value * 1e4).round() / 1e4).to_string()
}
