//! The contents API against what a reference server was seen to answer: `recorded/contents.json`, made by `recorded/record.py`.

use serde_json::{Map, Value};
use tests::{Reply, TestHost};

/// What both servers must answer alike, without what differs in every run.
fn steady(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            Value::Object(object.iter().map(|(key, inner)| (key.clone(), steady(inner))).collect())
        }
        Value::Array(array) => {
            let mut array: Vec<Value> = array.iter().map(steady).collect();
            array.sort_by_key(|inner| inner["name"].as_str().map(str::to_owned));
            Value::Array(array)
        }
        Value::String(text) if is_time(text) => Value::from("TIME"),
        other => other.clone(),
    }
}

/// What is recorded, with the size that a new notebook has here: it has a cell from the beginning.
fn with_a_cell(recorded: &Value) -> Value {
    match recorded {
        Value::Object(object) => {
            let is_new = object.get("type") == Some(&"notebook".into()) && object.get("size") == Some(&72.into());
            let inner = |(key, inner): (&String, &Value)| match key.as_str() {
                "size" if is_new => (key.clone(), 208.into()),
                _ => (key.clone(), with_a_cell(inner)),
            };
            Value::Object(object.iter().map(inner).collect())
        }
        Value::Array(array) => Value::Array(array.iter().map(with_a_cell).collect()),
        other => other.clone(),
    }
}

/// Like `2026-03-01T12:00:00.000000Z`.
fn is_time(text: &str) -> bool {
    let shape = |c: char| if c.is_ascii_digit() { '0' } else { c };
    text.chars().map(shape).eq("0000-00-00T00:00:00.000000Z".chars())
}

/// Why an answer is not as it was recorded.
fn differs(exchange: &Map<String, Value>, reply: &Reply) -> Option<String> {
    let status = exchange.get("ours").unwrap_or(&exchange["status"]);
    if status.as_u64() != Some(reply.status.into()) {
        return Some(format!("{} instead of {status}: {}", reply.status, reply.text()));
    }
    let path = exchange["path"].as_str().unwrap();
    if reply.status >= 400 {
        let message = reply.error(reply.status);
        let reason = &exchange["answer"]["reason"];
        let is_so = !message.is_empty() && (exchange.contains_key("ours") || reply.json()["reason"] == *reason);
        return (!is_so).then(|| format!("{} instead of {reason}", reply.text()));
    }
    let location = exchange.get("location").map_or("", |location| location.as_str().unwrap());
    if location != reply.header("location") {
        return Some(format!("at {:?} instead of {location:?}", reply.header("location")));
    }
    if exchange.contains_key("ours") {
        return None;
    }
    let is_model = exchange["answer"].get("last_modified").is_some() && exchange["answer"].get("id").is_none();
    if is_model && !reply.header("last-modified").ends_with(" GMT") {
        return Some(format!("last modified {:?}", reply.header("last-modified")));
    }
    let raw = path.starts_with("/files/") || reply.status == 204;
    let answer = match raw {
        true => Value::from(reply.body.iter().map(|byte| char::from(*byte)).collect::<String>()),
        false => steady(&reply.json()),
    };
    let mut expected = with_a_cell(&exchange["answer"]);
    // Line breaks in base64 mean nothing.
    if expected["format"] == "base64" {
        expected["content"] = Value::from(expected["content"].as_str().unwrap_or_default().replace('\n', ""));
    }
    (answer != expected).then(|| format!("{answer} instead of {expected}"))
}

#[tokio::test]
async fn rest_30_contents_are_answered_as_a_reference_server_was_seen_to_answer() {
    let recorded: Value = serde_json::from_str(include_str!("recorded/contents.json")).unwrap();
    let host = TestHost::start(&[]).await;
    for (path, text) in recorded["files"].as_object().unwrap() {
        let bytes: Vec<u8> = text.as_str().unwrap().chars().map(|c| u8::try_from(c).unwrap()).collect();
        host.write(path, bytes);
    }
    let mut complaints = Vec::new();
    for exchange in recorded["exchanges"].as_array().unwrap() {
        let text = |key: &str| exchange[key].as_str().unwrap();
        let request = host.owner(text("method"), text("path")).header("Content-Type", "text/plain;charset=UTF-8");
        let request = match (exchange.get("raw"), exchange.get("body")) {
            (Some(raw), _) => request.body(raw.as_str().unwrap()),
            (None, Some(body)) => request.body(body),
            (None, None) => request,
        };
        let reply = request.send().await;
        let complaint = differs(exchange.as_object().unwrap(), &reply);
        let asked = exchange.get("body").map(Value::to_string).unwrap_or_default();
        complaints.extend(complaint.map(|why| format!("{} {} {asked}: {why}", text("method"), text("path"))));
    }
    assert!(complaints.is_empty(), "{} answers differ:\n{}", complaints.len(), complaints.join("\n"));
}
