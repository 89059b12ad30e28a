//! What a client may say of itself. Stock clients use the parts that they know as they come, and stop at what they do not expect:
//! a caret without a place ends the editors of everybody else. Such a part is left out, and the rest stays.
//!
//! Not here: who says it, and whether it is news. Parts that no stock client reads are not judged.

use crate::frame::Malformed;
use serde_json::{Map, Value};

/// More than a person can have.
const MOST_CARETS: usize = 256;

/// A client id is narrower; JavaScript has no wider whole numbers either.
pub(crate) const CLIENT_IDS: u64 = 1 << 53;

/// What of a state (JSON) others get: `None`, all of it as it is; else what is left. Of what is longer than `most` bytes the
/// carets are left out; an error if it is no JSON, or longer all the same.
pub(crate) fn fit(state: &str, most: usize) -> Result<Option<String>, Malformed> {
    let mut value: Value = serde_json::from_str(state).map_err(|_| Malformed("an awareness state is not JSON"))?;
    let mut fitted = retain(&mut value, is_sound);
    if fitted.as_deref().unwrap_or(state).len() > most {
        fitted = retain(&mut value, |key, _| !matches!(key, "cursors" | "cursor"));
    }
    if fitted.as_deref().unwrap_or(state).len() > most {
        return Err(Malformed("an awareness state is too large"));
    }
    Ok(fitted)
}

/// What is left of an object, if not all.
fn retain(value: &mut Value, keep: impl Fn(&str, &Value) -> bool) -> Option<String> {
    let parts = value.as_object_mut()?;
    let before = parts.len();
    parts.retain(|key, value| keep(key, value));
    (parts.len() < before).then(|| value.to_string())
}

fn is_sound(key: &str, value: &Value) -> bool {
    value.is_null()
        || match key {
            "user" => value.as_object().is_some_and(is_user),
            // JupyterLab's open documents, and the one in front.
            "current" => value.is_string(),
            "documents" => value.as_array().is_some_and(|paths| paths.iter().all(Value::is_string)),
            // JupyterLab's carets.
            "cursors" => value.as_array().is_some_and(|all| all.len() <= MOST_CARETS && all.iter().all(is_caret)),
            // That of other editors on Yjs.
            "cursor" => is_caret(value),
            _ => true,
        }
}

fn is_user(user: &Map<String, Value>) -> bool {
    let parts = ["username", "name", "display_name", "initials", "color", "avatar_url"];
    parts.iter().all(|part| user.get(*part).is_none_or(|value| value.is_string() || value.is_null()))
}

fn is_caret(caret: &Value) -> bool {
    let place = |key: &str| caret.get(key).is_none_or(|place| place.is_null() || is_place(place));
    caret.is_object() && place("anchor") && place("head")
}

/// Yjs' relative position: beside an item, or at an end of a type or of a root. The three keys have to be there, as `null` at
/// least.
fn is_place(place: &Value) -> bool {
    let (Some(item), Some(root), Some(kind)) = (place.get("item"), place.get("tname"), place.get("type")) else {
        return false;
    };
    let is_id = |id: &Value| {
        let number = |key: &str| id.get(key).and_then(Value::as_u64);
        number("client").is_some_and(|client| client < CLIENT_IDS)
            && number("clock").is_some_and(|clock| clock <= u64::from(u32::MAX))
    };
    let right = |value: &Value, is: &dyn Fn(&Value) -> bool| value.is_null() || is(value);
    right(item, &is_id)
        && right(kind, &is_id)
        && right(root, &Value::is_string)
        && !(item.is_null() && kind.is_null() && root.is_null())
        && place.get("assoc").is_none_or(|assoc| right(assoc, &Value::is_number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const MOST: usize = 10_000;

    fn caret(place: Value) -> Value {
        json!([{"anchor": place, "head": place, "primary": true, "empty": true}])
    }

    #[test]
    fn what_stock_clients_say_stays_to_the_letter() {
        let id = json!({"client": 4_294_967_295u64, "clock": 7});
        let states = [
            json!({"user": {"username": "u", "name": "A", "display_name": "A", "initials": "A", "color": "var(--c)",
                "avatar_url": null}, "autosave": true, "current": "notebook:a.ipynb", "documents": ["a.ipynb"]}),
            json!({"cursors": caret(json!({"type": null, "tname": null, "item": id, "assoc": 0}))}),
            json!({"cursors": caret(json!({"type": id, "tname": null, "item": null, "assoc": -1}))}),
            json!({"cursor": caret(json!({"type": null, "tname": "source", "item": null}))[0]}),
            json!({"cursors": [], "cursor": null, "user": null, "current": null, "documents": []}),
            json!({"cursors": [{"anchor": null, "head": null}], "whatever": {"a": [1, {}]}}),
            json!([1]),
            json!("x"),
            json!(1),
        ];
        for state in states {
            assert_eq!(fit(&state.to_string(), MOST), Ok(None), "{state}");
        }
        assert_eq!(fit("{ \"cursors\" : [ ] }", MOST), Ok(None));
    }

    #[test]
    fn aware_60_what_stops_stock_clients_is_left_out_and_the_rest_stays() {
        let id = |client: Value, clock: Value| json!({"client": client, "clock": clock});
        let item = |item: Value| json!({"cursors": caret(json!({"type": null, "tname": null, "item": item}))});
        let parts = [
            item(id(json!("5"), json!(1))),
            item(id(json!(5), json!(-1))),
            item(id(json!(5), json!(0.5))),
            item(id(json!(1u64 << 53), json!(1))),
            item(json!({"client": 5})),
            item(json!([])),
            item(Value::Null),
            json!({"cursors": caret(json!({"item": id(json!(5), json!(1))}))}),
            json!({"cursors": caret(json!({"type": null, "tname": 5, "item": null}))}),
            json!({"cursors": caret(json!(5))}),
            json!({"cursors": caret(json!({"type": null, "tname": "source", "item": null, "assoc": {}}))}),
            json!({"cursors": [null]}),
            json!({"cursors": 5}),
            json!({"cursors": {"length": 1}}),
            json!({"cursors": vec![json!({}); MOST_CARETS + 1]}),
            json!({"cursor": {"anchor": {}, "head": null}}),
            json!({"cursor": 5}),
            json!({"user": {"username": "u", "display_name": {}}}),
            json!({"user": "u"}),
            json!({"current": 5}),
            json!({"documents": "a"}),
            json!({"documents": [5]}),
        ];
        for part in parts {
            let mut state = json!({"user": {"username": "u"}, "autosave": true});
            let mut rest = state.clone();
            for (key, value) in part.as_object().unwrap() {
                state[key] = value.clone();
                rest.as_object_mut().unwrap().shift_remove(key);
            }
            assert_eq!(fit(&state.to_string(), MOST), Ok(Some(rest.to_string())), "{state}");
        }
    }

    #[test]
    fn aware_61_a_state_that_is_too_large_goes_without_its_carets_or_not_at_all() {
        let place = json!({"type": null, "tname": "source", "item": null});
        let many: Vec<Value> = (0..200).flat_map(|_| caret(place.clone()).as_array().unwrap().clone()).collect();
        let state = json!({"user": {"username": "u"}, "cursors": many});
        assert_eq!(fit(&state.to_string(), MOST), Ok(Some(json!({"user": {"username": "u"}}).to_string())));
        assert!(fit(&json!({"user": {"username": "u".repeat(MOST)}}).to_string(), MOST).is_err());
        assert!(fit(&json!("u".repeat(MOST)).to_string(), MOST).is_err());
        assert!(fit("{", MOST).is_err());
    }
}
