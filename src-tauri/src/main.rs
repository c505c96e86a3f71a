//! The window around Assay.
//!
//! This package holds no logic of its own. It opens a webview on the page in `ui/dist`, hands
//! what the page asks to [`assay_app`] through one command, and hands notices back through one
//! channel. Everything else here is what only a desktop shell can know: the command line, the
//! graphics of this machine, one window per person, and where the window stood last time.
//!
//! Deliberately absent: menus and shortcuts (the page owns them), and every plugin command (the
//! page may call nothing but [`commands`], see `src-tauri/capabilities`).

#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod arguments;
mod backend;
mod commands;
mod graphics;
mod host;
mod instance;
mod window;

use std::process::ExitCode;

use arguments::{Arguments, USAGE};
use backend::Backend;
use tauri::{DragDropEvent, Manager, RunEvent, WindowEvent};

fn main() -> tauri::Result<ExitCode> {
    if let Some(ended) = assay_app::script_worker() {
        return Ok(ended);
    }
    let arguments = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(wrong) => {
            eprintln!("{wrong}\n\n{USAGE}");
            std::process::exit(2);
        }
    };
    if arguments.help {
        println!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    }
    graphics::settle(arguments.safe_graphics);
    assay_app::prepare_git();
    open_window(arguments)?;
    Ok(ExitCode::SUCCESS)
}

fn open_window(arguments: Arguments) -> tauri::Result<()> {
    let data_dir = instance::data_dir();
    instance::only_one(tauri::Builder::default(), data_dir.as_deref())
        .plugin(tauri_plugin_dialog::init())
        .plugin(window::remembered(data_dir.as_deref()))
        .on_window_event(|window, event| {
            if let WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) = event
                && let Some(backend) = window.try_state::<Backend>()
            {
                backend.dropped(paths);
            }
        })
        .invoke_handler(tauri::generate_handler![commands::rpc, commands::subscribe])
        .setup(move |app| {
            let backend = Backend::open(app.handle());
            let refused = arguments.folder.and_then(|folder| backend.open_folder(&folder).err());
            app.manage(backend);
            window::create(app.handle(), data_dir.as_deref())?;
            if let Some(error) = refused {
                host::tell(app.handle(), &error);
            }
            Ok(())
        })
        .build(tauri::generate_context!())?
        .run(|app, event| {
            if let RunEvent::Exit = event
                && let Some(backend) = app.try_state::<Backend>()
            {
                // Calls under way end as cancelled, and not as calls nobody knows the end of.
                backend.shut_down();
            }
        });
    Ok(())
}
