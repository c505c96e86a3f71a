//! What people have set for their providers, counted over all the runs of this process.
//!
//! Two runs side by side, or one that is stopped and gone on with at once, are one caller to the provider.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ceiling::Ceiling;
use super::limits::ProviderLimits;
use super::quota::Quota;

/// The providers' ceilings and the models' quotas.
#[derive(Debug, Default)]
pub(crate) struct Bounds(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// By provider, with the number it was made for.
    ceilings: HashMap<String, (u32, Arc<Ceiling>)>,
    /// By model id.
    quotas: HashMap<String, Arc<Quota>>,
}

impl Bounds {
    /// The ceiling of a provider, when it has one. Where the number has changed, runs that are under way keep the old
    /// one.
    pub fn ceiling(&self, provider: &str, limits: &ProviderLimits) -> Option<Arc<Ceiling>> {
        let places = limits.concurrency?;
        let mut known = self.known();
        if let Some((_, ceiling)) = known.ceilings.get(provider).filter(|(n, _)| *n == places) {
            return Some(Arc::clone(ceiling));
        }
        let ceiling = Arc::new(Ceiling::new(places as usize));
        known.ceilings.insert(provider.to_owned(), (places, Arc::clone(&ceiling)));
        Some(ceiling)
    }

    /// What a model may be asked in a minute: from now on as these limits say, for the runs under way too.
    pub fn quota(&self, model: &str, limits: &ProviderLimits) -> Arc<Quota> {
        let mut known = self.known();
        let quota = Arc::clone(known.quotas.entry(model.to_owned()).or_default());
        quota.allow(limits);
        quota
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
