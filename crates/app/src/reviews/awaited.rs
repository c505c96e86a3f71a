//! Who may still give an approval that is missing, and how.

use std::collections::BTreeSet;

use assay_repo::review::{Body, Gate, ItemDecision};

/// What these people do.
const HOW: &str = "assay review show PROPOSAL, assay review approve PROPOSAL, then assay sync";

/// People who are named at most.
const MOST_NAMED: usize = 8;

/// Who could approve an item that needs more approvals, as advice. Those who proposed it cannot, unless the policy says
/// so; nor can those who have approved it already.
pub(super) fn awaited(gate: &Gate, item: &ItemDecision, now_s: i64) -> String {
    let people = could_approve(gate, item, now_s);
    match people.as_slice() {
        [] => "Nobody is left who may approve it: add somebody to .assay/allowed_signers in a proposal of its own, or ask \
               for less in .assay/policy.toml."
            .to_owned(),
        people => {
            let named: Vec<&str> = people.iter().take(MOST_NAMED).copied().collect();
            let more = match people.len() - named.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("Could approve: {}{more}. {HOW}.", named.join(", "))
        }
    }
}

fn could_approve<'g>(gate: &'g Gate, item: &ItemDecision, now_s: i64) -> Vec<&'g str> {
    let signers = &gate.rules.signers;
    let rule = gate.rules.policy.as_ref().map(|policy| policy.rule(&item.path));
    let authors = match rule.is_some_and(|rule| rule.authors_may_approve) {
        true => BTreeSet::new(),
        false => proposers(gate, item),
    };
    let valid =
        signers.lines().iter().filter(|line| signers.person(&line.key, now_s, now_s).is_ok());
    let people: BTreeSet<&str> = valid.map(|line| line.person.as_str()).collect();
    let may = |person: &&str| !item.approvals.contains(*person) && !authors.contains(person);
    people.into_iter().filter(may).collect()
}

/// Who proposed exactly this content.
fn proposers<'g>(gate: &'g Gate, item: &ItemDecision) -> BTreeSet<&'g str> {
    let said = gate.heard.statements.iter().map(|(_, signed)| signed);
    let proposals = said.filter(|signed| {
        matches!(signed.statement.body, Body::Proposal(_))
            && signed.statement.is_about(&item.subject)
    });
    proposals.filter_map(|signed| gate.rules.signers.owner(&signed.key)).collect()
}
