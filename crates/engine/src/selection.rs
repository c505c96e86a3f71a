//! What a run asks for that cannot be: refused before anything of it is planned.

use assay_prompt::{Prompt, Severity};

use crate::error::EngineError;
use crate::shards;
use crate::spec::RunSpec;

/// A budget that is no sum, or a shard of nothing.
pub(crate) fn refuse_nonsense(spec: &RunSpec) -> Result<(), EngineError> {
    if let Some(budget) = spec.request.budget.filter(|b| !b.is_finite() || *b < 0.0) {
        return Err(EngineError::BadBudget { budget });
    }
    match spec.request.shard {
        Some(shard) if !shards::is_valid(shard) => {
            Err(EngineError::BadShard { index: shard.index, of: shard.of })
        }
        _ => Ok(()),
    }
}

/// Prompts with errors.
pub(crate) fn refuse_broken(spec: &RunSpec, prompts: &[Prompt]) -> Result<(), EngineError> {
    for (source, prompt) in spec.prompts.iter().zip(prompts) {
        let diagnostics: Vec<_> =
            prompt.diagnostics.iter().filter(|d| d.severity == Severity::Error).cloned().collect();
        if !diagnostics.is_empty() {
            return Err(EngineError::InvalidPrompt { prompt: source.key.clone(), diagnostics });
        }
    }
    Ok(())
}

/// Variants and cases that no prompt has.
pub(crate) fn refuse_unknown(spec: &RunSpec, prompts: &[Prompt]) -> Result<(), EngineError> {
    for wanted in &spec.request.variants {
        if !prompts.iter().any(|p| p.variant(wanted).is_some()) {
            return Err(EngineError::UnknownVariant {
                variant: wanted.clone(),
                known: prompts.iter().flat_map(|p| &p.variants).map(|v| v.id.clone()).collect(),
            });
        }
    }
    for wanted in &spec.request.cases {
        if !prompts.iter().any(|p| p.run_cases().iter().any(|case| case.id == *wanted)) {
            return Err(EngineError::UnknownCase { case: wanted.clone() });
        }
    }
    Ok(())
}
