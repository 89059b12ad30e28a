//! Somebody knocks while the window is not in front: the system's own notification says so, and the window asks for attention
//! in the task bar. Where the system shows no notifications, the latter is all there is.
//!
//! The shell does this itself: no page gets the right to notify.

use crate::app::MAIN;
use protocol::panel::{Folder, Knock, Message, Purpose, State};
use server::Server;
use std::collections::HashSet;
use tauri::{AppHandle, Manager, UserAttentionType};
use tauri_plugin_notification::NotificationExt;

/// What a notification says.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    title: String,
    body: String,
}

/// Knocks that were told of already, by id.
#[derive(Default)]
struct Told(HashSet<String>);

impl Told {
    /// Calls for the knocks that are new in this state.
    fn news(&mut self, state: &State) -> Vec<Call> {
        let all = || state.folders.iter().flat_map(|folder| folder.knocks.iter().map(move |knock| (folder, knock)));
        let fresh = all().filter(|(_, knock)| !self.0.contains(&knock.id)).map(|(folder, knock)| call(folder, knock));
        let fresh = fresh.collect();
        self.0 = all().map(|(_, knock)| knock.id.clone()).collect();
        fresh
    }
}

fn call(folder: &Folder, knock: &Knock) -> Call {
    let (name, folder, code) = (&knock.name, &folder.name, &knock.code);
    let title = match knock.why {
        Purpose::Join => format!("{name} wants to join {folder}"),
        Purpose::Edit => format!("{name} wants to edit in {folder}"),
        Purpose::Back => format!("{name} wants to come back to {folder}"),
    };
    Call { title, body: format!("Code {code}. Let them in if their screen shows the same.") }
}

/// Calls for attention until the host stops.
pub(crate) fn watch(app: AppHandle, server: Server) {
    tauri::async_runtime::spawn(async move {
        let mut messages = server.messages();
        let mut told = Told::default();
        while let Some(message) = messages.recv().await {
            if let Message::State { state } = message {
                let news = told.news(&state);
                if !news.is_empty() && !in_front(&app) {
                    attract(&app, news);
                }
            }
        }
    });
}

fn in_front(app: &AppHandle) -> bool {
    app.get_webview_window(MAIN).is_some_and(|window| window.is_focused().unwrap_or(false))
}

fn attract(app: &AppHandle, calls: Vec<Call>) {
    if let Some(window) = app.get_webview_window(MAIN)
        && let Err(error) = window.request_user_attention(Some(UserAttentionType::Informational))
    {
        tracing::debug!(%error, "the window cannot ask for attention");
    }
    for Call { title, body } in calls {
        if let Err(error) = app.notification().builder().title(title).body(body).show() {
            tracing::warn!(%error, "somebody knocks, and the system shows no notification");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Role;

    fn knock(id: &str, name: &str, why: Purpose) -> Knock {
        Knock {
            id: id.to_owned(),
            name: name.to_owned(),
            color: None,
            device: String::new(),
            code: "4821".to_owned(),
            wants: Role::Edit,
            since: 0,
            link: None,
            why,
        }
    }

    fn state(knocks: Vec<Knock>) -> State {
        let folder = Folder {
            slug: "tides".to_owned(),
            name: "Tide pools".to_owned(),
            path: String::new(),
            present: true,
            sharing: None,
            people: Vec::new(),
            links: Vec::new(),
            knocks,
            removed: Vec::new(),
            tokens: Vec::new(),
            remembered: Vec::new(),
            documents: 0,
            unsaved: 0,
        };
        State {
            version: String::new(),
            host: String::new(),
            folders: vec![folder],
            interfaces: Vec::new(),
            port: 1,
            taken_port: None,
            edits_per_minute: 0,
            jupyterlab: false,
            new_token: None,
        }
    }

    #[test]
    fn ui_129_each_knock_is_told_once_with_its_name_folder_and_code() {
        let mut told = Told::default();
        let titles = |calls: Vec<Call>| calls.into_iter().map(|call| call.title).collect::<Vec<_>>();
        let (ola, ben) = (knock("a", "Oluwaseun", Purpose::Join), knock("b", "Ben", Purpose::Edit));
        let first = told.news(&state(vec![ola.clone()]));
        let body = "Code 4821. Let them in if their screen shows the same.".to_owned();
        assert_eq!(first, [Call { title: "Oluwaseun wants to join Tide pools".to_owned(), body }]);
        assert_eq!(titles(told.news(&state(vec![ola.clone(), ben.clone()]))), ["Ben wants to edit in Tide pools"]);
        assert_eq!(told.news(&state(vec![ola, ben])), []);
        assert_eq!(told.news(&state(Vec::new())), []);
        let back = knock("c", "Ana", Purpose::Back);
        assert_eq!(titles(told.news(&state(vec![back]))), ["Ana wants to come back to Tide pools"]);
    }
}
