//! What a type of scorer reads from its `options`, for people: a name, what it takes, what it is when nothing is said.
//!
//! Pure. An option that is set to what it is anyway is not written, so that a file says what somebody chose. Options that
//! no field is for stay as they are.

use assay_prompt::ScorerSpec;
use serde_json::{Map, Value};

use self::Takes::{Flag, Lines, Number, Text, Whole, Word};
use super::values::{self, Unfit};

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Yes or no; what it is when nothing is said.
    Flag(bool),
    /// One of a few words, the first of which it is when nothing is said.
    Word(&'static [&'static str]),
    /// A number; what it is when nothing is said.
    Number(&'static str),
    /// A whole number.
    Whole(&'static str),
    /// A text, with an example.
    Text(&'static str),
    /// Texts, one a line.
    Lines,
}

/// An option of a type of scorer.
#[derive(Debug, PartialEq, Eq)]
pub struct ScorerOption {
    /// As the file has it.
    pub name: &'static str,
    /// As people call it.
    pub label: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What it does.
    pub about: &'static str,
}

const fn option(
    name: &'static str,
    label: &'static str,
    takes: Takes,
    about: &'static str,
) -> ScorerOption {
    ScorerOption { name, label, takes, about }
}

const LOWERCASE: ScorerOption =
    option("lowercase", "Lower case", Flag(false), "Capitals do not matter.");

const BLEU: &[ScorerOption] = &[
    option(
        "tokenize",
        "Words",
        Word(&["13a", "intl", "char", "zh", "none"]),
        "How texts are cut into words.",
    ),
    option(
        "smooth",
        "Smoothing",
        Word(&["exp", "floor", "add-k", "none"]),
        "What stands for a count of zero.",
    ),
    option("smooth_value", "Smoothing value", Number(""), "Of floor and add-k."),
    option("max_order", "Longest sequence", Whole("4"), "Sequences of up to so many words."),
    LOWERCASE,
    option(
        "effective_order",
        "Short outputs",
        Flag(true),
        "Sequences longer than an output do not count against it. Columns never do so.",
    ),
];

const CHRF: &[ScorerOption] = &[
    option(
        "char_order",
        "Longest characters",
        Whole("6"),
        "Sequences of up to so many characters.",
    ),
    option("word_order", "Longest words", Whole("0"), "2 is chrF++."),
    option("beta", "Beta", Number("2"), "How much recall counts against precision."),
    LOWERCASE,
    option("whitespace", "White space", Flag(false), "Blanks count as characters."),
    option("eps_smoothing", "Smoothing", Flag(false), "As NLTK and Moses have it."),
];

const TER: &[ScorerOption] = &[
    option("normalized", "Normalized", Flag(false), "Punctuation is split from words first."),
    option("no_punct", "Without punctuation", Flag(false), "It is left out."),
    option("asian_support", "East Asian", Flag(false), "Characters count as words there."),
    option("case_sensitive", "Case", Flag(false), "Capitals matter."),
];

const STEMMER: ScorerOption =
    option("stemmer", "Stems", Flag(false), "English endings do not matter.");
const ROUGE_WORDS: ScorerOption = option(
    "tokenize",
    "Words",
    Word(&["ascii", "unicode"]),
    "unicode is for scripts but Latin, and not in the literature.",
);
const PART: ScorerOption =
    option("score", "Score", Word(&["f1", "precision", "recall"]), "Which of its three numbers.");

const ROUGE: &[ScorerOption] = &[STEMMER, ROUGE_WORDS, PART];
const ROUGE_N: &[ScorerOption] =
    &[option("n", "N", Whole("1"), "Sequences of so many words."), STEMMER, ROUGE_WORDS, PART];

const METEOR: &[ScorerOption] = &[
    option(
        "matching",
        "Matching",
        Word(&["wordnet", "stems", "exact"]),
        "How far words may differ; wordnet needs WordNet.",
    ),
    option("alpha", "Alpha", Number("0.9"), "How much recall counts against precision."),
    option("beta", "Beta", Number("3"), "The shape of the penalty for order."),
    option("gamma", "Gamma", Number("0.5"), "The weight of the penalty for order."),
    option("tokenize", "Words", Word(&["nltk", "whitespace"]), "How texts are cut into words."),
];

const ERROR_RATE: &[ScorerOption] = &[option(
    "standardize",
    "Standardize",
    Flag(false),
    "Contractions, case and punctuation do not matter.",
)];

const LABEL: &[ScorerOption] = &[
    option(
        "labels",
        "Classes",
        Lines,
        "One a line. Other outputs are of a class of their own; any output is a class when empty.",
    ),
    option("ignore_case", "Ignore case", Flag(false), "Capitals do not matter."),
    option("positive", "Positive class", Text("yes"), "The class that the probability is for."),
    option(
        "probability",
        "Probability",
        Text("$.p"),
        "Where in the output it stands: gives AUC, Brier and calibration.",
    ),
];

const RANKED: &[ScorerOption] = &[
    option("k", "First", Whole("all"), "Looks at the first so many."),
    option(
        "similarity",
        "Same from",
        Number("equal"),
        "From which likeness on two texts are the same, such as 0.8.",
    ),
];

const DIALECTS: &[&str] = &[
    "generic",
    "ansi",
    "bigquery",
    "clickhouse",
    "databricks",
    "duckdb",
    "hive",
    "mssql",
    "mysql",
    "postgresql",
    "redshift",
    "snowflake",
    "sqlite",
];

const FACTS: &[ScorerOption] = &[
    option(
        "subset",
        "Says less",
        Number("1"),
        "The value of an output that says less, and nothing wrong.",
    ),
    option(
        "superset",
        "Says more",
        Number("1"),
        "The value of one that says more, and nothing wrong.",
    ),
    option("same", "Says the same", Number("1"), "The value of one that says the same."),
    option("contradicts", "Contradicts", Number("0"), "The value of one that says otherwise."),
    option(
        "differs-immaterially",
        "Differs a little",
        Number("1"),
        "The value of one that differs in nothing that matters.",
    ),
];

const VERSION: &[ScorerOption] = &[option(
    "version",
    "SQuAD",
    Word(&["2.0", "1.1"]),
    "The version of the data set whose script it follows.",
)];

const ONE_PART: &[ScorerOption] = &[PART];

const ELEMENTS: &[ScorerOption] = &[option(
    "elements",
    "Elements",
    Lines,
    "Paths that must be there, such as order.id, one a line.",
)];

const DIALECT: &[ScorerOption] =
    &[option("dialect", "Dialect", Word(DIALECTS), "Whose SQL it is.")];

const CALLS: &[ScorerOption] = &[
    option(
        "arguments",
        "Arguments",
        Word(&["subset", "exact"]),
        "Whether a call may have more than the wanted ones.",
    ),
    option("ordered", "In order", Flag(false), "The calls come in the wanted order."),
    option("extra", "Others allowed", Flag(false), "Calls that nobody wanted are no failure."),
];

const MATCHED: &[ScorerOption] =
    &[option("match", "Match", Word(&["name", "call"]), "By name, or by name and arguments.")];

const STEPS: &[ScorerOption] = &[option(
    "steps",
    "Steps",
    Lines,
    "What the judge goes through, one a line; made from the rubric when empty.",
)];

/// The options of a type that have a field, in the order of the form.
pub fn of(kind: &str) -> &'static [ScorerOption] {
    match kind {
        "bleu" => BLEU,
        "chrf" => CHRF,
        "ter" => TER,
        "rouge-n" => ROUGE_N,
        "rouge-1" | "rouge-2" | "rouge-3" | "rouge-l" | "rouge-lsum" => ROUGE,
        "meteor" => METEOR,
        "wer" | "mer" | "wil" => ERROR_RATE,
        "token-f1" => VERSION,
        "bert-score" => ONE_PART,
        "label" => LABEL,
        "xml" | "contains-xml" => ELEMENTS,
        "sql" | "contains-sql" => DIALECT,
        "tool-calls" => CALLS,
        "tool-calls-f1" => MATCHED,
        "recall-at-k"
        | "precision-at-k"
        | "mrr"
        | "ndcg"
        | "context-precision-matched"
        | "context-recall-matched" => RANKED,
        "g-eval" => STEPS,
        "factuality" => FACTS,
        _ => &[],
    }
}

impl ScorerOption {
    /// As its field shows it.
    pub fn text(&self, scorer: &ScorerSpec) -> String {
        match (scorer.options.get(self.name), self.takes) {
            (None | Some(Value::Null), Word(words)) => {
                words.first().copied().unwrap_or_default().to_owned()
            }
            (None | Some(Value::Null), _) => String::new(),
            (Some(Value::Array(items)), Lines) if items.iter().all(Value::is_string) => {
                let texts: Vec<String> = items.iter().map(values::plain_text).collect();
                values::lines_text(&texts)
            }
            (Some(value), Number(_)) if value.is_number() => values::number_text(value.as_f64()),
            (Some(value), _) => values::plain_text(value),
        }
    }

    /// Sets it to what was typed in its field; nothing, and what it is anyway, takes it away.
    pub fn set(&self, scorer: &mut ScorerSpec, typed: &str) -> Result<(), Unfit> {
        let value = match self.takes {
            Flag(_) | Text(_) => values::text_of(typed).map(Value::from),
            Word(words) => {
                Some(typed).filter(|typed| words.first() != Some(typed)).map(Value::from)
            }
            Number(_) => values::number_of(typed)?.map(Value::from),
            Whole(_) => values::whole_of(typed)?.map(Value::from),
            Lines => {
                Some(values::lines_of(typed)).filter(|lines| !lines.is_empty()).map(Value::from)
            }
        };
        put(&mut scorer.options, self.name, value);
        Ok(())
    }

    /// Whether it is on.
    pub fn is_on(&self, scorer: &ScorerSpec) -> bool {
        let usual = self.takes == Flag(true);
        scorer.options.get(self.name).and_then(Value::as_bool).unwrap_or(usual)
    }

    /// Switches it on or off.
    pub fn switch(&self, scorer: &mut ScorerSpec, on: bool) {
        let usual = self.takes == Flag(true);
        put(&mut scorer.options, self.name, (on != usual).then_some(Value::Bool(on)));
    }

    /// Shown while nothing is said.
    pub fn placeholder(&self) -> &'static str {
        match self.takes {
            Number(usual) | Whole(usual) | Text(usual) => usual,
            Flag(_) | Word(_) | Lines => "",
        }
    }
}

fn put(options: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => drop(options.insert(name.to_owned(), value)),
        None => drop(options.shift_remove(name)),
    }
}

fn names(kind: &str) -> Vec<&'static str> {
    of(kind).iter().map(|option| option.name).collect()
}

/// The options without a field, as a JSON object.
pub fn others_text(scorer: &ScorerSpec) -> String {
    values::map_text(&values::others(&scorer.options, &names(&scorer.kind)))
}

/// Sets the options without a field.
pub fn set_others(scorer: &mut ScorerSpec, typed: &str) -> Result<(), Unfit> {
    let rest = values::map_of(typed)?;
    scorer.options = values::with_others(&scorer.options, &names(&scorer.kind), rest);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use assay_prompt::{SCORER_TYPES, scorer_options};
    use serde_json::json;

    use super::*;

    fn found(kind: &str, name: &str) -> &'static ScorerOption {
        of(kind).iter().find(|option| option.name == name).unwrap()
    }

    #[test]
    fn every_option_that_a_type_reads_has_a_field_and_no_other() {
        for kind in SCORER_TYPES {
            let Some(read) = scorer_options(kind) else { continue };
            let shown: BTreeSet<_> = names(kind).into_iter().collect();
            assert_eq!(shown, read.iter().copied().collect(), "{kind}");
        }
    }

    #[test]
    fn an_option_shows_what_was_typed_and_goes_with_it() {
        for kind in SCORER_TYPES {
            for option in of(kind) {
                let typed = match option.takes {
                    Flag(_) => continue,
                    Word(words) => words[1],
                    Number(_) | Whole(_) => "3",
                    Text(_) => "$.p",
                    Lines => "a\nb",
                };
                let mut scorer = ScorerSpec::new("s", *kind);
                let empty = option.text(&scorer);
                option.set(&mut scorer, typed).unwrap();
                assert_eq!(option.text(&scorer), typed, "{kind} {}", option.name);
                option.set(&mut scorer, &empty).unwrap();
                assert!(scorer.options.is_empty(), "{kind} {}", option.name);
            }
        }
    }

    #[test]
    fn a_switch_is_written_only_where_it_says_something_else() {
        let mut scorer = ScorerSpec::new("s", "bleu");
        let (short, lower) = (found("bleu", "effective_order"), found("bleu", "lowercase"));
        assert!(short.is_on(&scorer) && !lower.is_on(&scorer));
        short.switch(&mut scorer, false);
        lower.switch(&mut scorer, true);
        assert_eq!(
            Value::Object(scorer.options.clone()),
            json!({"effective_order": false, "lowercase": true})
        );
        short.switch(&mut scorer, true);
        lower.switch(&mut scorer, false);
        assert!(scorer.options.is_empty());
    }

    #[test]
    fn options_without_a_field_are_kept_beside_those_that_have_one() {
        let mut scorer = ScorerSpec::new("s", "bleu");
        found("bleu", "max_order").set(&mut scorer, "2").unwrap();
        set_others(&mut scorer, "{\"theirs\": 1}").unwrap();
        assert_eq!(Value::Object(scorer.options.clone()), json!({"max_order": 2, "theirs": 1}));
        assert_eq!(others_text(&scorer), "{\"theirs\":1}");
        assert!(found("bleu", "max_order").set(&mut scorer, "few").is_err());
    }
}
