//! The only door to the application: typed calls, and the notices it sends unasked.
//!
//! A call names its command by its argument type and its reply type follows:
//! `call(OpenWorkspace { path }).await`. What either side may say is `assay-wire`'s business.

use assay_wire::{ApiError, Code, Command, Notice};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};

use crate::bridge;

/// Calls a command of the application.
///
/// # Errors
/// What the application answered instead, or [`Code::Internal`] when it could not be understood.
pub async fn call<C: Command>(args: C) -> Result<C::Reply, ApiError> {
    let payload = serde_json::to_string(&args)
        .map_err(|e| ApiError::new(Code::Internal, format!("could not write {}: {e}", C::NAME)))?;
    let reply = bridge::call(C::NAME, &payload).await.map_err(|e| refusal(C::NAME, &e))?;
    C::ENCODING.read(&js_sys::Uint8Array::new(&reply).to_vec())
}

/// Hands every notice of the application to `on_notice`, for as long as the window lives.
///
/// # Errors
/// When the application refuses to send any.
pub async fn listen(mut on_notice: impl FnMut(Notice) + 'static) -> Result<(), ApiError> {
    let hand_over = Closure::<dyn FnMut(String)>::new(move |text: String| {
        // A notice only says that something went stale. One that this build does not know says nothing to it.
        if let Ok(notice) = serde_json::from_str(&text) {
            on_notice(notice);
        }
    });
    let listening = bridge::listen(&hand_over).await.map_err(|e| refusal("subscribe", &e));
    hand_over.forget();
    listening.map(|_| ())
}

/// A rejected call, as the error the application meant.
fn refusal(command: &str, reason: &JsValue) -> ApiError {
    let text = reason
        .as_string()
        .or_else(|| js_sys::JSON::stringify(reason).ok().and_then(|text| text.as_string()))
        .unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_else(|_| unexpected(command, reason, &text))
}

fn unexpected(command: &str, reason: &JsValue, text: &str) -> ApiError {
    let said = match reason.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => text.to_owned(),
    };
    ApiError::new(Code::Internal, format!("{command} failed: {said}"))
}
