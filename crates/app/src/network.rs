//! The network: what was contacted, and the switch that keeps everything on this machine.

use assay_net::LedgerEntry;
use assay_store::Store;
use assay_wire::*;

use crate::app::App;
use crate::error::Explain;
use crate::router::Answer;

/// The setting that keeps everything on this machine.
const LOOPBACK_ONLY: &str = "network.loopback-only";

impl Answer<SetLoopbackOnly> for App {
    fn answer(&self, command: SetLoopbackOnly) -> Result<ModelsView, ApiError> {
        let value = if command.on { "on" } else { "off" };
        self.inner.store.set_setting(LOOPBACK_ONLY, value).map_err(|e| e.explain())?;
        self.inner.client.set_loopback_only(command.on);
        self.models_view()
    }
}

impl Answer<ReadLedger> for App {
    fn answer(&self, _: ReadLedger) -> Result<Vec<LedgerView>, ApiError> {
        let contacted = self.inner.client.ledger().into_iter().map(|entry| line(entry, false));
        let refused = self.inner.client.refused().into_iter().map(|entry| line(entry, true));
        Ok(contacted.chain(refused).collect())
    }
}

/// Whether the user wants everything to stay on this machine.
pub(crate) fn is_loopback_only(store: &Store) -> Result<bool, ApiError> {
    let value = store.setting(LOOPBACK_ONLY).map_err(|e| e.explain())?;
    Ok(value.as_deref() == Some("on"))
}

fn line(entry: LedgerEntry, refused: bool) -> LedgerView {
    LedgerView {
        origin: entry.origin.to_string(),
        purpose: entry.purpose.to_owned(),
        requests: entry.requests,
        first_ms: entry.first_ms,
        last_ms: entry.last_ms,
        refused,
    }
}
