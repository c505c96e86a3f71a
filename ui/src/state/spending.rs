//! What a run may cost before the person is asked, and the plan that waits for their yes.

use assay_wire::{
    ApiError, Code, PlanRevisions, PlanView, RevisionsPlan, RunRequest, SideRef, StartRevision,
};
use leptos::{prelude::*, task::spawn_local};

use super::{Runs, context, desk};
use crate::{ipc, money};

/// Where the amount is kept, on this machine.
const KEPT: &str = "assay:ask-above";

/// The amount until somebody sets another, in US dollars.
const USUAL: f64 = 1.0;

/// What the plan is of.
#[derive(Debug, Clone, PartialEq)]
enum Errand {
    /// The next run.
    Run,
    /// What is missing of two revisions, to compare them.
    Revisions(Box<PlanRevisions>),
}

/// The amount below which runs start at once, and the plan that is shown above it.
#[derive(Clone, Copy)]
pub struct Spending {
    /// Whether the plan is shown.
    pub open: RwSignal<bool>,
    /// The budget, as typed.
    pub budget: RwSignal<String>,
    above: RwSignal<f64>,
    plan: RwSignal<Option<PlanView>>,
    refused: RwSignal<Option<ApiError>>,
    starting: RwSignal<bool>,
    errand: RwSignal<Errand>,
    comparing: RwSignal<bool>,
    uncompared: RwSignal<Option<ApiError>>,
    compared: RwSignal<Option<(SideRef, SideRef)>>,
    runs: Runs,
}

impl Spending {
    /// With the amount that was set last.
    pub fn new() -> Self {
        let kept = desk::storage().and_then(|storage| storage.get_item(KEPT).ok().flatten());
        let above = kept.and_then(|text| text.parse().ok()).unwrap_or(USUAL);
        Self {
            open: RwSignal::new(false),
            budget: RwSignal::new(String::new()),
            above: RwSignal::new(above),
            plan: RwSignal::new(None),
            refused: RwSignal::new(None),
            starting: RwSignal::new(false),
            errand: RwSignal::new(Errand::Run),
            comparing: RwSignal::new(false),
            uncompared: RwSignal::new(None),
            compared: RwSignal::new(None),
            runs: context(),
        }
    }

    /// Runs that may cost more than this are asked about.
    pub fn above(self) -> f64 {
        self.above.get()
    }

    /// Sets that amount, for every workspace on this machine.
    pub fn ask_above(self, amount: f64) {
        self.above.set(amount);
        if let Some(storage) = desk::storage() {
            // A full or forbidden storage only means that it is not remembered.
            let _ = storage.set_item(KEPT, &amount.to_string());
        }
    }

    /// The plan that is shown.
    pub fn plan(self) -> Option<PlanView> {
        self.plan.get()
    }

    /// Why it did not start.
    pub fn refused(self) -> Signal<Option<ApiError>> {
        self.refused.into()
    }

    /// Whether it is about to start.
    pub fn is_starting(self) -> bool {
        self.starting.get()
    }

    /// What is wrong with the budget.
    pub fn budget_trouble(self) -> Option<String> {
        self.budget.with(|typed| money::amount(typed).err())
    }

    /// Starts the next run, after its plan where that is to be confirmed.
    pub fn run(self) {
        if self.open.get_untracked() || !self.runs.prepare() {
            return;
        }
        spawn_local(async move {
            let planned = self.runs.plan_now().await;
            let outcome = match planned {
                Some(Ok(plan)) if asks_first(&plan, self.above.get_untracked()) => {
                    self.show(Errand::Run, plan);
                    Ok(())
                }
                Some(Ok(_)) => self.runs.begin(None).await,
                Some(Err(error)) => Err(error),
                None => Ok(()),
            };
            self.runs.prepared(outcome);
        });
    }

    /// Shows what the next run would do, whatever it costs.
    pub fn look(self) {
        if !self.runs.prepare() {
            return;
        }
        spawn_local(async move {
            let outcome = match self.runs.plan_now().await {
                Some(Ok(plan)) => {
                    self.show(Errand::Run, plan);
                    Ok(())
                }
                Some(Err(error)) => Err(error),
                None => Ok(()),
            };
            self.runs.prepared(outcome);
        });
    }

    /// Shows what comparing two revisions would cost, before anything of it is sent. Where all of it was answered before,
    /// they are compared at once.
    pub fn compare(self, of: PlanRevisions) {
        if self.open.get_untracked() || self.comparing.get_untracked() {
            return;
        }
        self.comparing.set(true);
        self.uncompared.set(None);
        spawn_local(async move {
            self.runs.flush().await;
            let outcome = match ipc::call(of.clone()).await {
                Ok(RevisionsPlan { plan: Some(plan), .. }) => {
                    self.show(Errand::Revisions(Box::new(of)), plan);
                    Ok(())
                }
                Ok(RevisionsPlan { differ: true, .. }) => self.begin_revisions(of, None).await,
                Ok(RevisionsPlan { left_out, .. }) => Err(nothing_differs(&left_out)),
                Err(error) => Err(error),
            };
            self.comparing.set(false);
            self.uncompared.set(outcome.err());
        });
    }

    /// Whether a comparison of revisions is being planned.
    pub fn is_comparing(self) -> bool {
        self.comparing.get()
    }

    /// Why revisions were not compared.
    pub fn uncompared(self) -> Signal<Option<ApiError>> {
        self.uncompared.into()
    }

    /// The runs of the two revisions that were compared last.
    pub fn compared(self) -> Signal<Option<(SideRef, SideRef)>> {
        self.compared.into()
    }

    /// Whether the plan is of two revisions, so that there are two runs.
    pub fn is_of_revisions(self) -> bool {
        self.errand.with(|errand| matches!(errand, Errand::Revisions(_)))
    }

    async fn begin_revisions(self, of: PlanRevisions, budget: Option<f64>) -> Result<(), ApiError> {
        let PlanRevisions { base, head, request } = of;
        let start = |revision: Option<String>, request: RunRequest| StartRevision {
            revision,
            judged_by: head.clone(),
            request,
            // Pressing Run on the plan is the consent that a repository which is not trusted needs.
            consent: true,
        };
        let request = RunRequest { budget, ..request };
        let ours = ipc::call(start(Some(base.clone()), request.clone())).await?;
        let request = RunRequest { prompts: ours.prompts, variants: ours.variants, ..request };
        let theirs = ipc::call(start(head.clone(), request)).await?;
        let (Some(ours), Some(theirs)) = (ours.run, theirs.run) else {
            return Err(nothing_differs(&ours.left_out));
        };
        let head = head.unwrap_or_else(|| "files on disk".to_owned());
        let side = |run: String, label: String| SideRef { label: Some(label), ..SideRef::run(run) };
        self.compared.set(Some((side(ours, base), side(theirs, head))));
        Ok(())
    }

    /// Starts what is shown, within the budget that was typed.
    pub fn confirm(self) {
        let typed = self.budget.with_untracked(|typed| money::amount(typed));
        let Ok(budget) = typed else { return };
        if self.starting.get_untracked() {
            return;
        }
        self.starting.set(true);
        self.refused.set(None);
        spawn_local(async move {
            let begun = match self.errand.get_untracked() {
                Errand::Run => self.runs.begin(budget).await,
                Errand::Revisions(of) => self.begin_revisions(*of, budget).await,
            };
            self.starting.set(false);
            match begun {
                Ok(()) => self.open.set(false),
                Err(error) => self.refused.set(Some(error)),
            }
        });
    }

    fn show(self, errand: Errand, plan: PlanView) {
        self.refused.set(None);
        self.errand.set(errand);
        self.plan.set(Some(plan));
        self.open.set(true);
    }
}

impl Default for Spending {
    fn default() -> Self {
        Self::new()
    }
}

/// Why two revisions are not compared.
fn nothing_differs(left_out: &[String]) -> ApiError {
    let why =
        if left_out.is_empty() { String::new() } else { format!(": {}", left_out.join("; ")) };
    ApiError::new(Code::BadInput, format!("nothing differs between them that could be asked{why}"))
}

/// Whether a plan waits for a yes: because it may cost more than `above`, because nobody knows what it costs, because a
/// key is missing, or because a repository that is not trusted would send something off this machine.
pub fn asks_first(plan: &PlanView, above: f64) -> bool {
    let leaves = plan.hosts.iter().any(|host| !is_here(host));
    let dear = match &plan.cost {
        Some(cost) => cost.high > above,
        // What a server on this machine asks for is for its owner to know.
        None => leaves,
    };
    dear || !plan.missing_keys.is_empty() || (plan.needs_consent && leaves)
}

/// Whether a host, such as `http://localhost:11434`, is this machine.
pub fn is_here(host: &str) -> bool {
    let name = host.split_once("://").map_or(host, |(_, rest)| rest);
    let name = match name.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => name.split([':', '/']).next().unwrap_or_default(),
    };
    let by_number = name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    by_number || name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use assay_wire::CostRange;

    use super::*;

    fn plan(hosts: &[&str], cost: Option<f64>) -> PlanView {
        let range = |high| CostRange { low: 0.0, high, currency: "USD".into() };
        PlanView {
            cells: 1,
            cached: 0,
            input_tokens: 1,
            judge_calls: 0,
            output_tokens_max: None,
            cost: cost.map(range),
            unknown_prices: Vec::new(),
            unsendable: 0,
            left_out: Vec::new(),
            hosts: hosts.iter().map(ToString::to_string).collect(),
            per_host: Vec::new(),
            missing_keys: Vec::new(),
            columns: Vec::new(),
            rows: 1,
            needs_consent: false,
            power: Vec::new(),
        }
    }

    const AWAY: &str = "https://api.openai.com:443";

    #[test]
    fn a_run_below_the_amount_starts_at_once() {
        assert!(!asks_first(&plan(&[AWAY], Some(0.9)), 1.0));
        assert!(asks_first(&plan(&[AWAY], Some(1.1)), 1.0));
        assert!(!asks_first(&plan(&[], Some(0.0)), 0.0), "what costs nothing is never asked about");
    }

    #[test]
    fn revisions_without_a_difference_say_why_each_prompt_was_left_out() {
        let same = nothing_differs(&["a is the same at both revisions".to_owned()]);
        assert!(same.message.ends_with(": a is the same at both revisions"), "{}", same.message);
        assert!(!nothing_differs(&[]).message.ends_with(':'));
    }

    #[test]
    fn a_cost_that_nobody_knows_is_asked_about_unless_it_stays_here() {
        assert!(asks_first(&plan(&[AWAY], None), 1_000.0));
        assert!(!asks_first(&plan(&["http://127.0.0.1:11434"], None), 0.0));
        assert!(asks_first(&plan(&["http://127.0.0.1:4000", AWAY], None), 0.0));
    }

    #[test]
    fn a_missing_key_is_asked_for_and_an_untrusted_repository_sends_nothing_unseen() {
        let free = plan(&[AWAY], Some(0.0));
        let keyless = PlanView { missing_keys: vec!["openai".into()], ..free.clone() };
        assert!(asks_first(&keyless, 1.0));
        assert!(asks_first(&PlanView { needs_consent: true, ..free }, 1.0));
        let here = PlanView { needs_consent: true, ..plan(&["http://localhost:1"], Some(0.0)) };
        assert!(!asks_first(&here, 1.0));
    }

    #[test]
    fn this_machine_is_known_by_its_names_and_numbers() {
        for here in
            ["http://localhost:1", "http://127.0.0.1:80", "http://[::1]:8080", "http://a.localhost"]
        {
            assert!(is_here(here), "{here}");
        }
        for away in [
            "https://localhost.example.com",
            "https://127.0.0.1.nip.io",
            "https://10.0.0.1:1",
            AWAY,
        ] {
            assert!(!is_here(away), "{away}");
        }
    }
}
