//! What the bar says.

use assay_wire::{ApiError, ModelsView, PlanView, Theme, WorkspaceView};

use crate::{money, state::Scope};

/// The branch, or where the head is instead.
pub fn branch_name(workspace: &WorkspaceView) -> String {
    match (&workspace.branch, &workspace.head) {
        (Some(branch), _) => branch.clone(),
        (None, Some(head)) => format!("at {head}"),
        (None, None) => "no commits".to_owned(),
    }
}

/// The next run in a few words.
pub fn estimate(plan: Option<Result<PlanView, ApiError>>) -> String {
    match plan {
        None => String::new(),
        Some(Err(_)) => "cannot run yet".to_owned(),
        Some(Ok(plan)) => plan_words(&plan),
    }
}

fn plan_words(plan: &PlanView) -> String {
    let mut words = match plan.cells {
        1 => "1 call".to_owned(),
        n => format!("{} calls", grouped(n.into())),
    };
    if plan.cached > 0 {
        words += &format!(", {} from cache", grouped(plan.cached.into()));
    }
    words += &match (&plan.cost, plan.missing_keys.as_slice()) {
        (_, [only]) => format!(", {only} has no key"),
        (_, [_, ..]) => ", keys are missing".to_owned(),
        _ if plan.hosts.is_empty() => ", on this machine".to_owned(),
        (Some(cost), _) => format!(", {}", money::range_words(cost)),
        (None, _) => ", cost unknown".to_owned(),
    };
    words
}

/// The next run in full, or why there is none.
pub fn estimate_hint(plan: Option<Result<PlanView, ApiError>>) -> String {
    match plan {
        None => String::new(),
        Some(Err(error)) => {
            std::iter::once(error.message).chain(error.hints).collect::<Vec<_>>().join("\n")
        }
        Some(Ok(plan)) => {
            let hosts = if plan.hosts.is_empty() {
                "Nothing leaves this machine.".to_owned()
            } else {
                format!("Contacts {}.", plan.hosts.join(", "))
            };
            let unknown = match plan.unknown_prices.as_slice() {
                [] => String::new(),
                models => format!("\nNo price is known for {}.", models.join(", ")),
            };
            format!(
                "{} cases × {} columns, about {} input tokens.\n{hosts}{unknown}",
                plan.rows,
                plan.columns.len(),
                grouped(plan.input_tokens)
            )
        }
    }
}

/// A number with thousands apart: `12,345`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What a choice in the list of scopes means; the empty one means all.
pub fn scope_of(value: &str) -> Scope {
    if value.is_empty() { Scope::All } else { Scope::Tag(value.to_owned()) }
}

/// Ids of the models that can be chosen: the embedded one where it is installed, then those the
/// person named for their providers.
pub fn offered(models: Option<ModelsView>) -> Vec<String> {
    let Some(models) = models else { return Vec::new() };
    let local = models.local.installed.then_some(models.local.id);
    let named = models.providers.into_iter().flat_map(|provider| {
        let name = provider.name;
        provider.models.into_iter().map(move |model| format!("{name}/{model}"))
    });
    local.into_iter().chain(named).collect()
}

/// An appearance in words.
pub fn theme_name(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "as the system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

#[cfg(test)]
mod tests {
    use assay_wire::{
        Code, CostRange, KeyFileView, KeyView, KeysStatusView, LimitsView, LocalModelView,
        OsKeysView, ProviderView, TimesView,
    };

    use super::*;

    fn plan() -> PlanView {
        PlanView {
            cells: 1200,
            cached: 0,
            input_tokens: 90_000,
            judge_calls: 0,
            output_tokens_max: None,
            cost: None,
            unknown_prices: Vec::new(),
            unsendable: 0,
            left_out: Vec::new(),
            hosts: Vec::new(),
            per_host: Vec::new(),
            missing_keys: Vec::new(),
            columns: Vec::new(),
            rows: 600,
            needs_consent: false,
            power: Vec::new(),
        }
    }

    #[test]
    fn a_run_that_stays_here_says_so() {
        assert_eq!(estimate(Some(Ok(plan()))), "1,200 calls, on this machine");
    }

    #[test]
    fn money_and_cache_are_named() {
        let cost = CostRange { low: 0.4, high: 0.42, currency: "USD".into() };
        let plan = PlanView { cached: 7, cost: Some(cost), hosts: vec!["h".into()], ..plan() };
        assert_eq!(estimate(Some(Ok(plan))), "1,200 calls, 7 from cache, $0.40–0.42");
    }

    #[test]
    fn what_is_not_known_or_not_there_is_said() {
        let away = PlanView { hosts: vec!["https://h".into()], ..plan() };
        assert_eq!(estimate(Some(Ok(away.clone()))), "1,200 calls, cost unknown");
        let keyless = PlanView { missing_keys: vec!["openai".into()], ..away };
        assert_eq!(estimate(Some(Ok(keyless))), "1,200 calls, openai has no key");
    }

    #[test]
    fn a_refused_plan_says_why_on_hover() {
        let error = ApiError::new(Code::NoModel, "no model").hint("Add one.");
        assert_eq!(estimate_hint(Some(Err(error))), "no model\nAdd one.");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_model_that_is_not_installed_is_not_offered() {
        let models = |installed| {
            let local = LocalModelView { id: "local/small".into(), installed, path: "/m".into() };
            let provider = ProviderView {
                name: "ours".into(),
                preset: "openai-compatible".into(),
                wire: "openai-chat".into(),
                base_url: "http://localhost:1/v1".into(),
                key: KeyView::default(),
                models: vec!["large".into()],
                limits: LimitsView::default(),
                times: TimesView::default(),
                custom: None,
                key_header: None,
                test_calls: false,
            };
            let keys = KeysStatusView {
                os: OsKeysView { available: true, reason: None },
                file: KeyFileView::Absent,
                path: None,
            };
            Some(ModelsView {
                local,
                providers: vec![provider],
                presets: Vec::new(),
                keys,
                usual_times: TimesView::default(),
                loopback_only: false,
            })
        };
        assert_eq!(offered(models(true)), ["local/small", "ours/large"]);
        assert_eq!(offered(models(false)), ["ours/large"]);
        assert!(offered(None).is_empty());
    }
}
