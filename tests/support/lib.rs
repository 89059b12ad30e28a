//! What tests of the running system share: a real host in a temporary folder, a client that replays the protocol into
//! plain fields, the headless program as a process, and a plain HTTP request.
//!
//! Nothing here is a stand-in for a part of the product, and nothing waits for a time: [`TestClient::until`] and its like
//! wait for a condition and fail after [`DEADLINE`].

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod client;
mod guest;
mod host;
mod http;
mod program;
mod wire;

pub use client::{Seen, TestClient};
pub use guest::Guest;
pub use host::{GUEST_ADDRESS, OWNER_TOKEN, Setup, TestHost};
pub use http::{Reply, Request, socket};
pub use program::Program;
pub use wire::frame;

use std::time::Duration;

/// How long a test waits for what must happen. Far above what it takes, so that a busy machine fails nothing.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The text of a notebook with these cells, as Jupyter writes it.
pub fn notebook(cells: &[(&str, &str)]) -> String {
    let cell = |(number, (ty, source)): (usize, &(&str, &str))| {
        let id = format!("cell-{number}");
        let mut cell = serde_json::json!({ "cell_type": ty, "id": id, "metadata": {}, "source": [source] });
        if *ty == "code" {
            cell["execution_count"] = serde_json::Value::Null;
            cell["outputs"] = serde_json::json!([]);
        }
        cell
    };
    let cells: Vec<serde_json::Value> = cells.iter().enumerate().map(cell).collect();
    let notebook = serde_json::json!({ "cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5 });
    serde_json::to_string_pretty(&notebook).unwrap_or_default() + "\n"
}

/// Waits for a condition that something else than a client makes true, such as a file's content.
pub async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, waiting).await.is_ok(), "not within the deadline: {what}");
}
