//! A plan in words.

use assay_wire::PlanView;

use crate::{money, panes::toolbar::grouped, state::is_here};

/// What it costs, as the first thing said.
pub fn cost_line(plan: &PlanView) -> String {
    match (&plan.cost, plan.hosts.is_empty()) {
        (_, true) => "Costs nothing: everything stays on this machine".to_owned(),
        (Some(cost), _) => format!("Costs {}", money::range_words(cost)),
        (None, _) => "What it costs is not known".to_owned(),
    }
}

/// What is said of a plan that is of two revisions.
pub const REVISIONS: &str = "Two runs, one for each revision, on the same cases; variants that are the same at both are left out. A budget holds for each of the two.";

/// Why the plan is shown.
pub fn why_asked(plan: &PlanView, above: f64) -> String {
    let leaves = plan.hosts.iter().any(|host| !is_here(host));
    if !plan.missing_keys.is_empty() {
        "A key is missing.".to_owned()
    } else if plan.needs_consent && leaves {
        "You have not said that you trust this repository, and something would leave this machine."
            .to_owned()
    } else if plan.cost.as_ref().is_some_and(|cost| cost.high > above) {
        format!("You are asked above {}.", money::dollars(above))
    } else if plan.cost.is_none() {
        "A price is missing.".to_owned()
    } else if plan.output_tokens_max.is_none() {
        "An estimate: nothing limits the length of some replies, and 4,096 tokens of each are reckoned with."
            .to_owned()
    } else {
        "An estimate: from what is read alone to every reply as long as it may be.".to_owned()
    }
}

/// What would be done, named.
pub fn facts(plan: &PlanView) -> Vec<(&'static str, String)> {
    let sent = plan.cells.saturating_sub(plan.cached).saturating_sub(plan.unsendable);
    let some = |n: u32| (n > 0).then(|| grouped(n.into()));
    let output = match plan.output_tokens_max {
        Some(most) => format!("at most {}", grouped(most)),
        None => "without a limit".to_owned(),
    };
    let rows = [
        (
            "cells",
            Some(format!(
                "{}: {} × {}",
                grouped(plan.cells.into()),
                count(plan.rows.into(), "row"),
                count(plan.columns.len() as u64, "column")
            )),
        ),
        ("from cache, free", some(plan.cached)),
        ("calls", Some(grouped(sent.into()))),
        ("calls to judges", (plan.judge_calls > 0).then(|| grouped(plan.judge_calls))),
        ("cannot be sent", some(plan.unsendable)),
        ("input tokens", Some(format!("about {}", grouped(plan.input_tokens)))),
        ("output tokens", Some(output)),
    ];
    rows.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn count(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{} {what}s", grouped(n)) }
}

/// Which models have no price.
pub fn unpriced_words(models: &[String]) -> String {
    match models {
        [only] => format!("The price of {only} is not known."),
        several => format!("The prices of {} are not known.", several.join(", ")),
    }
}

/// What a budget does, or why there can be none.
pub fn budget_about(bounded: bool) -> &'static str {
    if bounded {
        "A stop: nothing is sent once what is left may not cover it. Where no option limits a reply, 4,096 tokens are asked for at most. The run keeps what is done and can go on with more."
    } else {
        "A budget can be held only where every price is known."
    }
}

#[cfg(test)]
mod tests {
    use assay_wire::CostRange;

    use super::*;

    fn plan() -> PlanView {
        PlanView {
            cells: 1_200,
            cached: 200,
            input_tokens: 90_000,
            judge_calls: 0,
            output_tokens_max: Some(64_000),
            cost: Some(CostRange { low: 0.4, high: 2.0, currency: "USD".into() }),
            unknown_prices: Vec::new(),
            unsendable: 3,
            left_out: Vec::new(),
            hosts: vec!["https://api.openai.com".into()],
            per_host: Vec::new(),
            missing_keys: Vec::new(),
            columns: Vec::new(),
            rows: 600,
            needs_consent: false,
            power: Vec::new(),
        }
    }

    #[test]
    fn calls_are_what_is_neither_cached_nor_impossible() {
        let facts = facts(&plan());
        assert!(facts.contains(&("calls", "997".to_owned())), "{facts:?}");
        assert!(facts.contains(&("from cache, free", "200".to_owned())), "{facts:?}");
    }

    #[test]
    fn nothing_is_said_of_what_there_is_none_of() {
        let facts = facts(&PlanView { cached: 0, unsendable: 0, ..plan() });
        assert!(facts.iter().all(|(name, _)| !name.contains("cache") && !name.contains("cannot")));
    }

    #[test]
    fn the_reason_for_asking_is_the_first_that_holds() {
        assert_eq!(why_asked(&plan(), 1.0), "You are asked above $1.00.");
        assert_eq!(why_asked(&PlanView { cost: None, ..plan() }, 1.0), "A price is missing.");
        let keyless = PlanView { missing_keys: vec!["openai".into()], ..plan() };
        assert_eq!(why_asked(&keyless, 1.0), "A key is missing.");
        let unlimited = PlanView { output_tokens_max: None, ..plan() };
        assert!(why_asked(&unlimited, 9.0).contains("4,096 tokens of each are reckoned with"));
        assert!(!why_asked(&plan(), 9.0).contains("4,096"));
        assert!(why_asked(&PlanView { needs_consent: true, ..plan() }, 9.0).contains("trust"));
    }

    #[test]
    fn what_stays_here_costs_nothing() {
        assert!(cost_line(&PlanView { hosts: Vec::new(), ..plan() }).contains("nothing"));
        assert_eq!(cost_line(&plan()), "Costs $0.40–2.00");
        assert_eq!(cost_line(&PlanView { cost: None, ..plan() }), "What it costs is not known");
    }
}
