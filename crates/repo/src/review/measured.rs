//! The half of the gate that reads evidence: whether a run measured exactly what would go in, and its
//! gates hold.

use super::evidence::{Evidence, GateResult, GateRule};
use super::gate::{Question, Reason, Voice};
use super::policy::Rule;
use super::statement::{Body, Role, Statement, Subject};

const DAY_S: i64 = 86_400;

/// What a variant is measured with; a run with another of them says nothing about it.
const MEASURES: [Role; 3] = [Role::Cases, Role::Scorers, Role::Suite];

/// The id of a run that speaks for a variant; else what the newest run of it lacks.
pub(super) fn evidence_for(
    question: &Question<'_>,
    voices: &[Voice<'_>],
    subject: &Subject,
    rule: &Rule,
) -> Result<String, Vec<Reason>> {
    let mut newest: Option<(i64, &str, Vec<Reason>)> = None;
    for voice in voices.iter().filter(|voice| !voice.is_revoked) {
        let statement = voice.statement();
        let Body::Eval(evidence) = &statement.body else { continue };
        if !statement.is_about(subject) {
            continue;
        }
        let lacks = lacks(question, voice, evidence, subject, rule);
        let id = voice.signed.id.as_str();
        if lacks.is_empty() {
            return Ok(id.to_owned());
        }
        let place = (statement.time_s, id);
        if newest.as_ref().is_none_or(|(time_s, id, _)| (*time_s, *id) < place) {
            newest = Some((place.0, place.1, lacks));
        }
    }
    Err(newest.map_or_else(|| vec![Reason::NoEvidence], |(_, _, lacks)| lacks))
}

fn lacks(
    question: &Question<'_>,
    voice: &Voice<'_>,
    evidence: &Evidence,
    subject: &Subject,
    rule: &Rule,
) -> Vec<Reason> {
    let statement = voice.statement();
    let mut reasons = Vec::new();
    if rule.runners.as_ref().is_some_and(|runners| !runners.contains(voice.person)) {
        reasons.push(Reason::NotARunner { person: voice.person.to_owned() });
    }
    let days = question.now_s.saturating_sub(statement.time_s).div_euclid(DAY_S);
    if let Some(limit) = rule.max_age_days.filter(|limit| days > i64::from(*limit)) {
        reasons.push(Reason::OldEvidence { days, limit });
    }
    reasons.extend(stale(question, statement, subject));
    reasons.extend(failed(question, evidence, subject));
    reasons
}

/// What the run was measured with that the branch will not have.
fn stale<'q>(
    question: &'q Question<'_>,
    statement: &'q Statement,
    subject: &'q Subject,
) -> impl Iterator<Item = Reason> + 'q {
    let is_used = move |role: &Role| {
        let item = question.merged.of_prompt(&subject.prompt, *role);
        item.is_some_and(|item| statement.is_about(&item.subject))
    };
    MEASURES
        .into_iter()
        .filter(move |role| !is_used(role))
        .map(|role| Reason::StaleEvidence { role })
}

/// What the numbers themselves do not show.
fn failed(question: &Question<'_>, evidence: &Evidence, subject: &Subject) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if evidence.cells <= evidence.failed {
        reasons.push(Reason::NothingMeasured);
    }
    let suite = question.merged.of_prompt(&subject.prompt, Role::Suite);
    let (told, due) = (evidence.gates.len(), suite.map_or(0, |suite| suite.gates));
    if told < due {
        reasons.push(Reason::GatesMissing { told, due });
    }
    for gate in &evidence.gates {
        if !gate.holds() {
            let GateResult { name, value, limit, .. } = gate;
            reasons.push(Reason::GateFailed { name: name.clone(), value: *value, limit: *limit });
        }
    }
    if evidence.gates.iter().any(|gate| !is_compared_with_base(question, gate, subject)) {
        reasons.push(Reason::OtherBase);
    }
    reasons
}

/// Whether a comparison was made with a variant that the branch has. A new prompt has nothing to be
/// compared with.
fn is_compared_with_base(question: &Question<'_>, gate: &GateResult, subject: &Subject) -> bool {
    let known = question.base.content_ids(&subject.prompt);
    gate.rule != GateRule::NonInferior
        || known.is_empty()
        || gate.base.as_deref().is_some_and(|base| known.contains(base))
}
