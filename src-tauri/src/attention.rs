//! Somebody knocks while the window is not in front: the system's own notification says so, and the window asks for attention
//! in the task bar. Where the system shows no notifications, the latter is all there is.
//!
//! The shell does this itself: no page gets the right to notify.

use crate::app::MAIN;
use protocol::panel::{Knock, Message, Purpose};
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
    /// Calls for those of these knocks, each with its folder's name, that are new.
    fn news<'a>(&mut self, knocks: impl Iterator<Item = (&'a str, &'a Knock)> + Clone) -> Vec<Call> {
        let fresh = knocks.clone().filter(|(_, knock)| !self.0.contains(&knock.id));
        let calls = fresh.map(|(folder, knock)| call(folder, knock)).collect();
        self.0 = knocks.map(|(_, knock)| knock.id.clone()).collect();
        calls
    }
}

fn call(folder: &str, knock: &Knock) -> Call {
    let (name, code) = (&knock.name, &knock.code);
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
                let knocks = state.folders.iter().flat_map(|folder| {
                    let name = folder.name.as_str();
                    folder.knocks.iter().map(move |knock| (name, knock))
                });
                let news = told.news(knocks);
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

    #[test]
    fn ui_129_each_knock_is_told_once_with_its_name_folder_and_code() {
        let mut told = Told::default();
        let mut news = |knocks: &[Knock]| told.news(knocks.iter().map(|knock| ("Tide pools", knock)));
        let (ola, ben) = (knock("a", "Oluwaseun", Purpose::Join), knock("b", "Ben", Purpose::Edit));
        let body = "Code 4821. Let them in if their screen shows the same.".to_owned();
        assert_eq!(
            news(std::slice::from_ref(&ola)),
            [Call { title: "Oluwaseun wants to join Tide pools".to_owned(), body }]
        );
        let both = [ola, ben];
        let titles = |calls: Vec<Call>| calls.into_iter().map(|call| call.title).collect::<Vec<_>>();
        assert_eq!(titles(news(&both)), ["Ben wants to edit in Tide pools"]);
        assert_eq!(news(&both), []);
        assert_eq!(news(&[]), []);
        assert_eq!(titles(news(&[knock("c", "Ana", Purpose::Back)])), ["Ana wants to come back to Tide pools"]);
    }
}
