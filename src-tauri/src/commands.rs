//! What the window may ask: argument in, one call of the host, answer out. Nothing else.

use crate::app::Shell;
use crate::editor;
use crate::stream::Stream;
use protocol::panel::{self, Command, Message};
use protocol::{ErrorBody, ErrorCode, EventRecord};
use tauri::ipc::Channel;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;

/// Does what the window asks; the answer is the new state.
#[tauri::command]
pub(crate) async fn command(shell: State<'_, Shell>, command: Command) -> Result<panel::State, ErrorBody> {
    shell.running()?.server.command(command).await
}

/// Tells the window everything from now on; the first message is the whole state.
#[tauri::command]
pub(crate) async fn subscribe(
    shell: State<'_, Shell>,
    stream: State<'_, Stream>,
    messages: Channel<Message>,
) -> Result<(), ErrorBody> {
    stream.start(shell.running()?.server.messages(), messages);
    Ok(())
}

/// Asks the person for a folder; `null` when they think better of it.
#[tauri::command]
pub(crate) async fn pick_folder(app: AppHandle) -> Option<String> {
    let (answer, answered) = tokio::sync::oneshot::channel();
    app.dialog().file().pick_folder(move |folder| drop(answer.send(folder)));
    let folder = answered.await.ok()??.into_path().ok()?;
    Some(folder.to_string_lossy().into_owned())
}

/// Events before the one with this number, oldest first; see [`server::Server::events_before`].
#[tauri::command]
pub(crate) async fn older_events(shell: State<'_, Shell>, before: u64) -> Result<Vec<EventRecord>, ErrorBody> {
    shell.running()?.server.events_before(before).await
}

/// Writes a text to a file that the person chooses; `false` when they think better of it.
#[tauri::command]
pub(crate) async fn save_text(app: AppHandle, name: String, text: String) -> Result<bool, ErrorBody> {
    let (answer, answered) = tokio::sync::oneshot::channel();
    app.dialog().file().set_file_name(name).save_file(move |file| drop(answer.send(file)));
    let chosen = answered.await.ok().flatten().and_then(|file| file.into_path().ok());
    let Some(path) = chosen else { return Ok(false) };
    let written = tokio::fs::write(&path, text).await;
    written.map(|()| true).map_err(|error| {
        let message = format!("{} cannot be written: {error}", path.display());
        ErrorBody::new(ErrorCode::Fault, message)
    })
}

/// Opens a folder, or one of its documents, in a window of its own; or the folder in JupyterLab.
#[tauri::command]
pub(crate) async fn open_editor(
    app: AppHandle,
    shell: State<'_, Shell>,
    slug: String,
    path: Option<String>,
    lab: bool,
) -> Result<(), ErrorBody> {
    let page = match (lab, path) {
        (true, _) => editor::Page::Lab,
        (false, Some(path)) => editor::Page::Document(path),
        (false, None) => editor::Page::Folder,
    };
    editor::open(&app, shell.running()?, &slug, &page)
}
