//! The page's only way in: one command and one subscription.
//!
//! Which questions exist is declared in [`assay_wire`]; nothing is decided here.

use assay_wire::{ApiError, Code, Notice};
use tauri::State;
use tauri::async_runtime::spawn_blocking;
use tauri::ipc::{Channel, Response};

use crate::backend::Backend;

/// Answers the command `cmd`; `payload` is its arguments as JSON text. The reply's bytes cross
/// as they are, in the command's own encoding.
#[tauri::command]
pub async fn rpc(
    backend: State<'_, Backend>,
    cmd: String,
    payload: String,
) -> Result<Response, ApiError> {
    let backend = backend.inner().clone();
    // Bodies read files and the database, so they must not hold up the window's own threads.
    match spawn_blocking(move || backend.dispatch(&cmd, &payload)).await {
        Ok(answer) => answer.map(Response::new),
        Err(panicked) => {
            Err(ApiError::new(Code::Internal, format!("Assay met a defect of its own: {panicked}")))
        }
    }
}

/// Sends what goes stale to the page, until the page is gone.
#[tauri::command]
pub fn subscribe(backend: State<'_, Backend>, channel: Channel<Notice>) -> Result<(), ApiError> {
    backend.subscribe(move |notice| channel.send(notice).is_ok())
}
