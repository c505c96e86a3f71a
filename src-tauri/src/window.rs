//! The one window: how it is made, what it may show, where it stands.

use std::path::Path;

use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Manager, Url, WebviewWindow, WebviewWindowBuilder, Wry};

const LABEL: &str = "main";

/// Makes the window that `tauri.conf.json` describes.
///
/// # Errors
/// When the platform cannot make a webview.
pub fn create(app: &AppHandle, data_dir: Option<&Path>) -> tauri::Result<()> {
    let Some(config) = app.config().app.windows.iter().find(|window| window.label == LABEL) else {
        return Err(tauri::Error::WindowNotFound);
    };
    let mut builder = WebviewWindowBuilder::from_config(app, config)?.on_navigation(is_our_page);
    if let Some(own) = data_dir.map(|data_dir| data_dir.join("webview")) {
        builder = match std::fs::create_dir_all(&own) {
            Ok(()) => builder.data_directory(own),
            // The window must open all the same, to say that this folder cannot be used.
            Err(_) => builder.incognito(true),
        };
    }
    mend(&builder.build()?)
}

/// Keeps the window's size and place from one start to the next.
pub fn remembered(data_dir: Option<&Path>) -> TauriPlugin<Wry> {
    let builder = tauri_plugin_window_state::Builder::default();
    match data_dir {
        // The plugin joins the name to its own folder, and a whole path wins over that folder.
        Some(data_dir) => builder.with_filename(data_dir.join("window.json").to_string_lossy()),
        None => builder,
    }
    .build()
}

/// Shows the window in front of the others.
pub fn bring_forward(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        // A platform that refuses one of these leaves the window as it was, which is no failure.
        let _ = window.show();
        let _ = window.unminimize();
        let _ = window.set_focus();
    }
}

/// Starts the page again, after what it shows was replaced beneath it.
pub fn reload(app: &AppHandle) {
    let reloaded = app.get_webview_window(LABEL).map_or(Ok(()), |window| window.reload());
    if let Err(error) = reloaded {
        eprintln!("assay-desktop: the page could not be read again: {error}");
    }
}

/// The webview shows the embedded page and never leaves it, whatever a link in a prompt or in a
/// model's output says.
fn is_our_page(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // How Windows spells the same address.
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        // What a webview holds before its first page.
        "about" => url.path() == "blank",
        _ => false,
    }
}

/// WebKitGTK as wry sets it up hides the text of an input method while it is being composed, and
/// its smooth scrolling stutters with high-resolution wheels (WebKit bug 258926).
#[cfg(target_os = "linux")]
fn mend(window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{InputMethodContextExt, SettingsExt, WebViewExt};
    window.with_webview(|webview| {
        let webview = webview.inner();
        if let Some(settings) = WebViewExt::settings(&webview) {
            settings.set_enable_smooth_scrolling(false);
        }
        if let Some(input_method) = webview.input_method_context() {
            input_method.set_enable_preedit(true);
        }
    })
}

#[cfg(not(target_os = "linux"))]
fn mend(_window: &WebviewWindow) -> tauri::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> bool {
        is_our_page(&Url::parse(url).expect("a URL"))
    }

    #[test]
    fn the_window_shows_its_own_page() {
        assert!(shown("tauri://localhost/index.html"));
        assert!(shown("http://tauri.localhost/"));
        assert!(shown("about:blank"));
    }

    #[test]
    fn a_link_never_takes_the_window_elsewhere() {
        for url in [
            "https://example.com/",
            "http://localhost/",
            "https://tauri.localhost.example.com/",
            "tauri://elsewhere/",
            "file:///etc/passwd",
            "data:text/html,hello",
            "javascript:alert(1)",
            "about:srcdoc",
        ] {
            assert!(!shown(url), "{url} would replace the page");
        }
    }
}
