//! `assay ratings`: what people said of outputs, who rates, and sharing it.

use assay_app::App;
use assay_wire::*;
use serde_json::{Value, json};

use super::show;
use crate::arguments::{Ratings, Switch};
use crate::exit::Exit;
use crate::output::{Output, counted, table};

pub(crate) fn execute(app: &App, arguments: &Ratings, output: &Output) -> Result<Exit, ApiError> {
    match arguments {
        Ratings::Show { run, .. } => {
            let summary = app.call(SummarizeRatings { run: show::run_id(app, run)? })?;
            output.show(&document(&summary), || text(&summary))?;
        }
        Ratings::Share(_) => {
            let shared = app.call(ShareRatings {})?;
            output.show(&shared_document(&shared), || shared_text(&shared))?;
        }
        Ratings::Rater { name, .. } => {
            let rater = app.call(SetRater { name: name.clone(), share_by_itself: None })?;
            output.show(&rater_document(&rater), || rater_text(&rater))?;
        }
        Ratings::ByItself { switch } => {
            let share_by_itself = Some(*switch == Switch::On);
            let rater = app.call(SetRater { name: None, share_by_itself })?;
            output.tell(&rater_text(&rater))?;
        }
    }
    Ok(Exit::Done)
}

/// What one rater says, for scripts.
pub(super) fn said(said: &RaterSaid) -> Value {
    json!({
        "rater": said.rater, "own": said.own, "counts": !said.stranger,
        "pass": said.pass, "grade": said.grade, "comment": said.comment,
    })
}

/// What one rater says, for people.
pub(super) fn words(said: &RaterSaid) -> String {
    let pass = said.pass.map(|pass| if pass { "pass" } else { "fail" }.to_owned());
    let grade = said.grade.map(|grade| format!("{grade} of 5"));
    let comment = said.comment.as_ref().map(|comment| format!("“{comment}”"));
    let words: Vec<_> = [pass, grade, comment].into_iter().flatten().collect();
    let stranger = if said.stranger { " (does not count: nobody's key)" } else { "" };
    format!("{}: {}{stranger}", said.rater, words.join(", "))
}

/// Puts what people passed among the scores of each column, under [`PEOPLE`], where anybody did.
pub(super) fn add_people(app: &App, run: &RunView, document: &mut Value) -> Result<(), ApiError> {
    // A scorer of that name keeps it.
    if run.scorers.iter().any(|scorer| scorer == PEOPLE) {
        return Ok(());
    }
    let id = run.summary.run.clone();
    let said = app.call(ListRatings { run: id.clone(), from: 0, to: run.summary.counts.total })?;
    if said.cells.is_empty() {
        return Ok(());
    }
    let summary = app.call(SummarizeRatings { run: id })?;
    for (place, column) in summary.columns.iter().enumerate() {
        if let Some(passed) = &column.passed {
            document["columns"][place]["scores"][PEOPLE] = share(passed);
        }
    }
    Ok(())
}

fn document(summary: &RatingSummary) -> Value {
    let mut document = people(summary);
    document["schema"] = json!("assay.ratings/1");
    document["run"] = json!(summary.run);
    document
}

/// What the ratings of a run come to, without the run's name.
pub(super) fn people(summary: &RatingSummary) -> Value {
    let column = |column: &PeopleColumn| {
        json!({
            "variant": column.variant, "model": column.model,
            "passed": column.passed.as_ref().map(share), "grade": column.grade.as_ref().map(share),
        })
    };
    let rater = |count: &RaterCount| {
        json!({
            "rater": count.rater, "own": count.own, "counts": !count.stranger, "passes": count.passes, "grades": count.grades,
            "comments": count.comments, "preferences": count.preferences,
        })
    };
    let preference = |view: &PreferenceView| {
        json!({
            "variant": view.variant, "model": view.model, "comparisons": view.comparisons,
            "winRate": view.win_rate, "strength": view.strength, "low": view.low, "high": view.high,
        })
    };
    json!({
        "outputs": summary.outputs,
        "rated": summary.rated,
        "columns": summary.columns.iter().map(column).collect::<Vec<_>>(),
        "raters": summary.raters.iter().map(rater).collect::<Vec<_>>(),
        "agreement": {
            "pass": summary.pass_agreement.as_ref().map(agreement),
            "grade": summary.grade_agreement.as_ref().map(agreement),
        },
        "comparisons": summary.comparisons,
        "preference": summary.preference.iter().map(preference).collect::<Vec<_>>(),
        "refused": summary.refused,
    })
}

fn share(share: &ShareView) -> Value {
    json!({"mean": share.mean, "low": share.low, "high": share.high, "n": share.n})
}

fn agreement(view: &AgreementView) -> Value {
    json!({
        "raters": view.raters, "outputs": view.outputs, "observed": view.observed,
        "kappa": view.kappa, "alpha": view.alpha, "text": view.text,
    })
}

fn text(summary: &RatingSummary) -> String {
    if summary.raters.is_empty() {
        return format!("Nobody has rated any of the {}.", counted(summary.outputs, "output"));
    }
    let mut parts = vec![
        format!("{} of {} rated", summary.rated, counted(summary.outputs, "output")),
        columns_text(&summary.columns),
        raters_text(&summary.raters),
    ];
    let agreement = |what: &str, view: &Option<AgreementView>| {
        view.as_ref().map(|view| format!("{what}: {}", view.text))
    };
    parts.extend(agreement("pass or fail", &summary.pass_agreement));
    parts.extend(agreement("grades", &summary.grade_agreement));
    if !summary.preference.is_empty() {
        parts.push(preference_text(summary));
    }
    parts.extend(summary.refused.iter().map(|line| format!("not read: {line}")));
    parts.join("\n")
}

fn columns_text(columns: &[PeopleColumn]) -> String {
    let mut rows = vec![["VARIANT", "MODEL", "PASSED", "GRADE"].map(str::to_owned).to_vec()];
    rows.extend(columns.iter().map(|column| {
        vec![
            column.variant.clone(),
            column.model.clone(),
            column.passed.map_or_else(|| "-".to_owned(), passed_text),
            column.grade.map_or_else(|| "-".to_owned(), grade_text),
        ]
    }));
    table(&rows)
}

fn passed_text(share: ShareView) -> String {
    let ShareView { mean, low, high, n } = share;
    format!("{:.1} % [{:.1}, {:.1}] of {n}", mean * 100.0, low * 100.0, high * 100.0)
}

fn grade_text(share: ShareView) -> String {
    format!("{:.2} [{:.2}, {:.2}] of {}", share.mean, share.low, share.high, share.n)
}

fn raters_text(raters: &[RaterCount]) -> String {
    let head = ["RATER", "PASS/FAIL", "GRADES", "COMMENTS", "PAIRS"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(raters.iter().map(|count| {
        vec![
            if count.stranger {
                format!("{} (not counted)", count.rater)
            } else {
                count.rater.clone()
            },
            count.passes.to_string(),
            count.grades.to_string(),
            count.comments.to_string(),
            count.preferences.to_string(),
        ]
    }));
    table(&rows)
}

fn preference_text(summary: &RatingSummary) -> String {
    let head = ["PREFERRED", "MODEL", "WINS", "STRENGTH", "PAIRS"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(summary.preference.iter().map(|view| {
        let strength = match (view.strength, view.low, view.high) {
            (Some(strength), Some(low), Some(high)) => {
                format!("{strength:+.2} [{low:+.2}, {high:+.2}]")
            }
            (Some(strength), ..) => format!("{strength:+.2}"),
            _ => "-".to_owned(),
        };
        vec![
            view.variant.clone(),
            view.model.clone(),
            view.win_rate.map_or_else(|| "-".to_owned(), |rate| format!("{:.0} %", rate * 100.0)),
            strength,
            view.comparisons.to_string(),
        ]
    }));
    table(&rows)
}

fn shared_document(shared: &SharedRatings) -> Value {
    let file = |file: &SharedFile| json!({"path": file.path, "rater": file.rater, "added": file.added, "total": file.total});
    json!({
        "schema": "assay.ratings-share/1",
        "rater": shared.rater,
        "signed": shared.signed,
        "statements": shared.statements,
        "others": shared.others,
        "files": shared.files.iter().map(file).collect::<Vec<_>>(),
    })
}

fn shared_text(shared: &SharedRatings) -> String {
    let mut lines = vec![match shared.signed {
        0 => format!("{} has rated nothing here that is not shared yet.", shared.rater),
        signed => format!("{} signed; assay sync sends them", counted(signed, "rating")),
    }];
    if shared.others > 0 {
        let others = counted(shared.others, "rating");
        lines.push(format!("{others} under other names stay here: assay ratings rater NAME"));
    }
    lines.extend(shared.files.iter().map(|file| {
        format!("{}: {} added, {} in all", file.path, counted(file.added, "label"), file.total)
    }));
    lines.join("\n")
}

fn rater_document(rater: &RaterView) -> Value {
    json!({
        "schema": "assay.rater/1", "name": rater.name, "fromGit": rater.from_git,
        "known": rater.known, "shareByItself": rater.share_by_itself,
    })
}

fn rater_text(rater: &RaterView) -> String {
    let whence = if rater.from_git { " (git's user.name)" } else { "" };
    let shared = match rater.share_by_itself {
        true => "Ratings are signed with every sync.",
        false => "Ratings are shared when you say so: assay ratings share",
    };
    format!("{}{whence}\n{shared}", rater.name)
}
