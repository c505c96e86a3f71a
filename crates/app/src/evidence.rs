//! What a commit says of the prompts that it changes: the verdict of runs of exactly this content.
//!
//! A line is written only where both contents, the committed one and the one before, were run on the same model: the
//! verdict then speaks of what is committed and of nothing else. Whatever keeps it from being found keeps no commit from
//! being made. Where a verdict is found and a part of what it rests on is not, its line says which.

use std::collections::BTreeSet;

use assay_engine::{ComparedPair, SideOf};
use assay_repo::{FileChange, PromptKey};
use assay_store::{NewColumn, RunId, RunState};

use crate::app::{App, Open};
use crate::compare::verdict_line;
use crate::judges::ComparedJudges;

/// Runs that are looked through, newest first, and how large they may be.
const LOOKED_AT: usize = 50;
const MOST_CELLS: u32 = 20_000;

/// Prompts of one commit that evidence is looked for.
const MOST_PROMPTS: usize = 20;

/// Lines of one commit.
const MOST_LINES: usize = 20;

/// A verdict of what is committed, with what is to be said of it.
struct Evidence {
    pair: ComparedPair,
    /// What is to be said of its judges; none when that could not be read.
    judges: Option<ComparedJudges>,
    /// Whether what people said of the outputs could be read.
    people: bool,
}

/// A column of a run.
struct Ran {
    run: RunId,
    column: NewColumn,
}

impl App {
    /// The message with a trailer for each verdict there is of what these paths bring.
    pub(crate) fn with_evidence(&self, open: &Open, message: &str, paths: &[String]) -> String {
        if message.trim().is_empty() {
            return message.to_owned();
        }
        let Ok(changes) = open.workspace.changes() else { return message.to_owned() };
        let mut lines = Vec::new();
        let ran = self.ran(open);
        for key in whole_prompts(&changes, paths).into_iter().take(MOST_PROMPTS) {
            if let Ok(key) = open.workspace.find_prompt(key) {
                lines.extend(self.evidence_of(open, &key, &ran).unwrap_or_default());
            }
        }
        lines.truncate(MOST_LINES);
        with_trailers(message, &lines)
    }

    /// Every column that was run to its end, newest first.
    fn ran(&self, open: &Open) -> Vec<Ran> {
        let store = &self.inner.store;
        let runs = store.runs(&open.id, LOOKED_AT).unwrap_or_default();
        let whole = runs.into_iter().filter(|r| r.state == RunState::Done && r.total <= MOST_CELLS);
        whole
            .flat_map(|run| {
                let columns = store.columns(&run.id).unwrap_or_default();
                columns.into_iter().map(move |column| Ran { run: run.id.clone(), column })
            })
            .collect()
    }

    /// The verdicts of one prompt's changed variants; none when it cannot be read.
    fn evidence_of(&self, open: &Open, key: &PromptKey, ran: &[Ran]) -> Option<Vec<String>> {
        let now = open.workspace.load(key).ok()?;
        let before = open.workspace.load_at_head(key).ok()??;
        let stands =
            open.workspace.head().map_or_else(String::new, |id| id.chars().take(8).collect());
        let mut lines = Vec::new();
        for variant in &now.variants {
            let Some(old) = before.variant(&variant.id) else { continue };
            if old.content_id == variant.content_id {
                continue;
            }
            let Some(evidence) =
                self.verdict_of(key, (&old.content_id, &variant.content_id), &stands, ran)
            else {
                continue;
            };
            let place = format!("{}/{}", key.key, variant.id);
            lines.push(format!("Prompt-Content: {place} {}", variant.content_id));
            lines.extend(evidence.lines());
        }
        Some(lines)
    }

    /// The newest comparison of the two contents on one model, and what is to be said of it.
    fn verdict_of(
        &self,
        key: &PromptKey,
        (old, new): (&str, &str),
        stands: &str,
        ran: &[Ran],
    ) -> Option<Evidence> {
        let of = |content: &str| {
            let content = content.to_owned();
            ran.iter()
                .filter(move |ran| ran.column.prompt == key.key && ran.column.content_id == content)
        };
        let (head, base) = of(new).find_map(|head| {
            let base = of(old).find(|base| base.column.model == head.column.model)?;
            Some((head, base))
        })?;
        let side = |ran: &Ran, label: &str| SideOf {
            run: ran.run.clone(),
            label: label.to_owned(),
            variant: Some(ran.column.variant.clone()),
            model: Some(ran.column.model.clone()),
        };
        let judges = self.compared_judges(&base.run, &head.run).ok();
        let (base, head) = (side(base, stands), side(head, "this commit"));
        let said = self.people_of([base.run.as_str(), head.run.as_str()]);
        let (people, said) = (said.is_ok(), said.unwrap_or_default());
        let prompts = std::slice::from_ref(&key.key);
        let compared = self.inner.engine.compare_with(&base, &head, prompts, &said).ok()?;
        let pair = compared.pairs.into_iter().next()?;
        (!pair.verdict.scorers.is_empty()).then_some(Evidence { pair, judges, people })
    }
}

impl Evidence {
    /// A line for each scorer that a release hangs on; for each of all where none does.
    fn lines(&self) -> impl Iterator<Item = String> {
        let Evidence { pair, judges, .. } = self;
        let all = !pair.verdict.scorers.iter().any(|scorer| scorer.gate);
        let found = pair.verdict.scorers.iter().filter(move |scorer| scorer.gate || all);
        let lacks = self.lacks();
        found.map(move |scorer| {
            let line = verdict_line(pair, scorer, judges.as_ref());
            format!("Eval-Evidence: {line}{lacks}")
        })
    }

    /// What of it could not be read, in the words of a line; without a path or an error, which are this machine's.
    fn lacks(&self) -> String {
        let judges = "whether its judges are calibrated could not be read";
        let people = "what people said could not be read";
        let lacks = [(self.judges.is_some(), judges), (self.people, people)].into_iter();
        lacks.filter(|(is_there, _)| !is_there).map(|(_, words)| format!(" · {words}")).collect()
    }
}

/// Prompts of which every change is committed: of half a prompt's changes nothing was run.
fn whole_prompts<'a>(changes: &'a [FileChange], paths: &[String]) -> BTreeSet<&'a str> {
    let is_meant = |change: &FileChange| {
        let within = |own: &str, path: &String| {
            let rest = own.strip_prefix(path.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        paths.is_empty() || paths.iter().any(|path| within(&change.path, path))
    };
    let left: BTreeSet<&str> =
        changes.iter().filter(|c| !is_meant(c)).filter_map(|c| c.prompt.as_deref()).collect();
    let meant = changes.iter().filter(|c| is_meant(c)).filter_map(|c| c.prompt.as_deref());
    meant.filter(|key| !left.contains(key)).collect()
}

/// The message with these lines in its last paragraph, which is where git looks for trailers.
fn with_trailers(message: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return message.to_owned();
    }
    let message = message.trim_end();
    let last = message.rsplit("\n\n").next().unwrap_or_default();
    let has_trailers = last.len() < message.len() && last.lines().all(is_trailer);
    let gap = if has_trailers { "\n" } else { "\n\n" };
    let lines: Vec<String> = lines.iter().map(|line| on_one_line(line)).collect();
    format!("{message}{gap}{}\n", lines.join("\n"))
}

fn is_trailer(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    })
}

/// Names come from the repository; a line break in one would begin a trailer of its own.
fn on_one_line(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_repo::FileStatus;
    use assay_score::verdict::{Answers, ComparedScorer, Comparison, Measure, PairedCase, compare};

    fn change(path: &str, prompt: &str) -> FileChange {
        FileChange {
            path: path.to_owned(),
            from: None,
            status: FileStatus::Edited,
            prompt: Some(prompt.to_owned()),
            items: Vec::new(),
        }
    }

    fn evidence(judges: Option<ComparedJudges>, people: bool) -> Evidence {
        let column = |variant: &str| NewColumn {
            prompt: "p".to_owned(),
            variant: variant.to_owned(),
            content_id: variant.to_owned(),
            model: "m".to_owned(),
        };
        let case = |n: usize| PairedCase {
            base: Answers::passes(&[n.is_multiple_of(3)]),
            head: Answers::passes(&[true]),
            ..PairedCase::new(format!("case-{n}"))
        };
        let scorer = ComparedScorer::new("polite", Measure::PassFail, (0..12).map(case).collect());
        let comparison = Comparison::new("p", "before", "after", vec![scorer]);
        let pair = ComparedPair {
            prompt: "p".to_owned(),
            base: column("before"),
            head: column("after"),
            verdict: compare(&comparison).expect("a verdict"),
            refused: Vec::new(),
            gates: Vec::new(),
            spent: Vec::new(),
            cases: Vec::new(),
            differing: Vec::new(),
            unpaired: Vec::new(),
        };
        Evidence { pair, judges, people }
    }

    #[test]
    fn evidence_says_which_part_of_it_could_not_be_read() {
        let lines = |judges, people| evidence(judges, people).lines().collect::<Vec<_>>();
        let (whole, lacking) = (lines(Some(ComparedJudges::default()), true), lines(None, false));
        assert_eq!((whole.len(), lacking.len()), (1, 1));
        assert!(whole[0].starts_with("Eval-Evidence: p ·") && !whole[0].contains("could not"));
        assert_eq!(
            lacking[0],
            format!(
                "{} · whether its judges are calibrated could not be read · what people said could not be read",
                whole[0]
            )
        );
        assert!(
            lines(Some(ComparedJudges::default()), false)[0]
                .ends_with("people said could not be read")
        );
    }

    #[test]
    fn trailers_stand_in_the_last_paragraph() {
        let lines = ["Eval-Evidence: better\nEvil: yes".to_owned()];
        assert_eq!(with_trailers("Why", &[]), "Why");
        assert_eq!(with_trailers("Why\n", &lines), "Why\n\nEval-Evidence: better Evil: yes\n");
        assert_eq!(
            with_trailers("Why\n\nBecause: of it\n", &lines),
            "Why\n\nBecause: of it\nEval-Evidence: better Evil: yes\n"
        );
        assert_eq!(
            with_trailers("fix: it", &lines),
            "fix: it\n\nEval-Evidence: better Evil: yes\n",
            "a summary is no trailer"
        );
    }

    #[test]
    fn evidence_is_for_prompts_that_are_committed_whole() {
        let changes = [
            change("p/a/x.prompty", "p/a"),
            change("p/a/y.prompty", "p/a"),
            change("p/b/x", "p/b"),
        ];
        let whole = |paths: &[&str]| {
            let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            whole_prompts(&changes, &paths).into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(whole(&[]), "p/a p/b");
        assert_eq!(whole(&["p/a"]), "p/a");
        assert_eq!(whole(&["p/a/x.prompty", "p/b/x"]), "p/b");
        assert_eq!(whole(&["p/a/x"]), "");
    }
}
