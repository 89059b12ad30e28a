//! From the host to the window: state and events through one Tauri channel.

use protocol::panel::Message;
use std::sync::{Mutex, PoisonError};
use tauri::async_runtime::JoinHandle;
use tauri::ipc::Channel;
use tokio::sync::mpsc::Receiver;

/// The one stream of the window. A page that is loaded again replaces it.
#[derive(Default)]
pub(crate) struct Stream(Mutex<Option<JoinHandle<()>>>);

impl Stream {
    /// Passes every message on until the host stops, the window is gone, or another stream starts.
    pub(crate) fn start(&self, mut from: Receiver<Message>, to: Channel<Message>) {
        let task = tauri::async_runtime::spawn(async move {
            while let Some(message) = from.recv().await {
                if to.send(message).is_err() {
                    break;
                }
            }
        });
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(task);
        if let Some(before) = before {
            before.abort();
        }
    }
}
