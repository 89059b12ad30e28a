//! The life of the app: start the host and its server, open the window, and at the end write everything before going.

use crate::{Arguments, attention, commands, editor, stream};
use host::{Host, HostConfig};
use protocol::ErrorBody;
use protocol::panel::{Command, Interface, InterfaceKind};
use server::{Server, ServerOptions, Tls};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tauri::webview::{PageLoadEvent, PageLoadPayload};
use tauri::{AppHandle, Manager, RunEvent, WebviewWindow, WebviewWindowBuilder, WindowEvent};

/// Label of the host's window.
pub(crate) const MAIN: &str = "main";
/// Largest WebSocket message, in bytes.
const MAX_MESSAGE: usize = 256 * 1024 * 1024;

/// What the commands work on: the running host, or why there is none. The window then says so.
pub(crate) struct Shell(Result<Running, ErrorBody>);

/// The host and its server.
pub(crate) struct Running {
    pub(crate) host: Host,
    pub(crate) server: Server,
}

impl Shell {
    /// The running host.
    pub(crate) fn running(&self) -> Result<&Running, ErrorBody> {
        self.0.as_ref().map_err(Clone::clone)
    }
}

/// Runs the app until it is closed.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut builder = tauri::Builder::default();
    // With a state directory of its own, a second app is another app, not another window of the first.
    if arguments.state_dir.is_none() {
        // Must be the first plugin. Without a session bus it does nothing.
        builder = builder.plugin(tauri_plugin_single_instance::init(|app, arguments, folder| {
            show(app);
            add_folders(app, &arguments, Path::new(&folder));
        }));
    }
    let app = builder
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .manage(stream::Stream::default())
        .invoke_handler(tauri::generate_handler![
            commands::command,
            commands::subscribe,
            commands::pick_folder,
            commands::open_editor,
            commands::older_events,
            commands::save_text
        ])
        .setup(move |app| {
            let started = tauri::async_runtime::block_on(start(&arguments));
            match &started {
                Ok(running) => attention::watch(app.handle().clone(), running.server.clone()),
                Err(error) => tracing::error!(%error, "the host did not start"),
            }
            app.manage(Shell(started));
            if let Some(window) = app.config().app.windows.iter().find(|window| window.label == MAIN) {
                // Shown once there is something to see: no white page before a dark one.
                WebviewWindowBuilder::from_config(app, window)?
                    .on_page_load(reveal)
                    .on_document_title_changed(editor::entitle)
                    .build()?;
            }
            quit_on_signal(app.handle().clone());
            Ok(())
        })
        .build(tauri::generate_context!())?;
    let (leaving, left) = (AtomicBool::new(false), Arc::new(AtomicBool::new(false)));
    app.run(move |app, event| match event {
        // The app is its main window: sharing never goes on where nobody sees it.
        RunEvent::WindowEvent { label, event: WindowEvent::Destroyed, .. } if label == MAIN => app.exit(0),
        RunEvent::ExitRequested { api, .. } if !left.load(Ordering::SeqCst) => {
            api.prevent_exit();
            if !leaving.swap(true, Ordering::SeqCst) {
                leave(app.clone(), left.clone());
            }
        }
        _ => {}
    });
    Ok(())
}

/// Starts the host with the folders of the last run and of the command line, then its server.
async fn start(arguments: &Arguments) -> Result<Running, ErrorBody> {
    let config = HostConfig {
        state_dir: arguments.state_dir.clone(),
        host_name: arguments.host_name.clone(),
        // Whoever shares a window's folder is there to be asked.
        link_ask: true,
        ..HostConfig::default()
    };
    let tls = arguments.tls_cert.as_deref().zip(arguments.tls_key.as_deref());
    let tls = tls.map(|(certificate, key)| Tls::load(certificate, key)).transpose()?;
    let host = Host::start(config).await?;
    let interfaces = arguments.interfaces.iter().map(|address| {
        let name = if address.is_loopback() { "loopback" } else { "network" };
        Interface { name: name.to_owned(), address: address.to_string(), kind: InterfaceKind::Other }
    });
    let given = (!arguments.interfaces.is_empty()).then(|| interfaces.collect());
    let options = ServerOptions {
        port: arguments.port,
        interfaces: given.unwrap_or_default(),
        bind: None,
        nearby: None,
        tls,
        max_message: MAX_MESSAGE,
        ..ServerOptions::default()
    };
    for folder in &arguments.folders {
        // A folder that is not there must not keep the window from opening.
        if let Err(error) = host.add_folder(&absolute(folder, None), None).await {
            tracing::warn!(%error, "{} was not added", folder.display());
        }
    }
    match Server::start(host.clone(), options).await {
        Ok(server) => Ok(Running { host, server }),
        Err(error) => {
            host.shutdown().await;
            Err(error)
        }
    }
}

/// A path as it was meant in the working directory of whoever wrote it.
fn absolute(path: &Path, from: Option<&Path>) -> PathBuf {
    let joined = from.map_or_else(|| path.to_owned(), |from| from.join(path));
    std::path::absolute(&joined).unwrap_or(joined)
}

/// Shows a window whose page is loaded.
fn reveal(window: WebviewWindow, load: PageLoadPayload<'_>) {
    if load.event() == PageLoadEvent::Finished
        && let Err(error) = window.show()
    {
        tracing::error!(%error, "the window cannot be shown");
    }
}

/// Brings the window to the front.
fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN)
        && let Err(error) = window.unminimize().and_then(|()| window.set_focus())
    {
        tracing::debug!(%error, "the window stays where it is");
    }
}

/// Adds the folders on another start's command line, which was given in the directory `from`.
fn add_folders(app: &AppHandle, arguments: &[String], from: &Path) {
    use clap::Parser as _;
    let Ok(arguments) = Arguments::try_parse_from(arguments) else { return };
    let app = app.clone();
    let paths: Vec<PathBuf> = arguments.folders.iter().map(|folder| absolute(folder, Some(from))).collect();
    tauri::async_runtime::spawn(async move {
        let Some(shell) = app.try_state::<Shell>() else { return };
        let Ok(running) = shell.running() else { return };
        for path in paths {
            let path = path.to_string_lossy().into_owned();
            if let Err(error) = running.server.command(Command::AddFolder { path: path.clone() }).await {
                tracing::warn!(%error, "{path} was not added");
            }
        }
    });
}

/// Hides the windows at once, then stops the server and with it the host, which writes what is unsaved; then ends.
fn leave(app: AppHandle, left: Arc<AtomicBool>) {
    for window in app.webview_windows().into_values() {
        if let Err(error) = window.hide() {
            tracing::debug!(%error, "a window was gone already");
        }
    }
    tauri::async_runtime::spawn(async move {
        if let Some(shell) = app.try_state::<Shell>()
            && let Ok(running) = shell.running()
        {
            running.server.stop().await;
        }
        left.store(true, Ordering::SeqCst);
        app.exit(0);
    });
}

/// Ctrl-C in the terminal and the system's request to end are the same as closing the window.
fn quit_on_signal(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        asked_to_end().await;
        app.exit(0);
    });
}

#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
