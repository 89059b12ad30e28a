//! The frames of a room, written and read by hand after the protocol's description: no code shared with the product.

use serde_json::Value;

/// Frames a client sends.
pub mod frame {
    use super::{put_bytes, put_number};

    /// SyncStep1 with an encoded state vector.
    pub fn step_1(state_vector: &[u8]) -> Vec<u8> {
        sync(0, state_vector)
    }

    /// SyncStep2 with an update.
    pub fn step_2(update: &[u8]) -> Vec<u8> {
        sync(1, update)
    }

    /// An update.
    pub fn update(update: &[u8]) -> Vec<u8> {
        sync(2, update)
    }

    fn sync(ty: u8, body: &[u8]) -> Vec<u8> {
        let mut frame = vec![0, ty];
        put_bytes(&mut frame, body);
        frame
    }

    /// The awareness state of one client; `"null"`: it leaves.
    pub fn awareness(client: u64, clock: u64, json: &str) -> Vec<u8> {
        let mut body = vec![1];
        put_number(&mut body, client);
        put_number(&mut body, clock);
        put_bytes(&mut body, json.as_bytes());
        let mut frame = vec![1];
        put_bytes(&mut frame, &body);
        frame
    }

    /// RAW `save` with its number.
    pub fn save(number: u64) -> Vec<u8> {
        let mut frame = vec![2];
        put_bytes(&mut frame, b"save");
        put_number(&mut frame, number);
        frame
    }

    /// RAW `stored?` with its number: to be told when everything before is durable.
    pub fn stored(number: u64) -> Vec<u8> {
        let mut frame = vec![2];
        put_bytes(&mut frame, b"stored?");
        put_number(&mut frame, number);
        frame
    }

    /// A chat message.
    pub fn chat(json: &str) -> Vec<u8> {
        let mut frame = vec![125];
        put_bytes(&mut frame, json.as_bytes());
        frame
    }
}

/// What a host sends.
#[derive(Debug)]
pub(crate) enum Incoming {
    Step1(Vec<u8>),
    Step2(Vec<u8>),
    Update(Vec<u8>),
    /// Client, clock, state; `Null`: gone.
    Awareness(Vec<(u64, u64, Value)>),
    Raw(Value),
    Chat(Value),
    Other,
}

pub(crate) fn parse(frame: &[u8]) -> Option<Incoming> {
    let mut at = frame;
    Some(match number(&mut at)? {
        0 => match number(&mut at)? {
            0 => Incoming::Step1(bytes(&mut at)?.to_vec()),
            1 => Incoming::Step2(bytes(&mut at)?.to_vec()),
            2 => Incoming::Update(bytes(&mut at)?.to_vec()),
            _ => Incoming::Other,
        },
        1 => {
            let mut body = bytes(&mut at)?;
            let mut states = Vec::new();
            for _ in 0..number(&mut body)? {
                let (client, clock) = (number(&mut body)?, number(&mut body)?);
                states.push((client, clock, serde_json::from_slice(bytes(&mut body)?).ok()?));
            }
            Incoming::Awareness(states)
        }
        2 => Incoming::Raw(serde_json::from_slice(bytes(&mut at)?).ok()?),
        125 => Incoming::Chat(serde_json::from_slice(bytes(&mut at)?).ok()?),
        _ => Incoming::Other,
    })
}

fn put_number(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn put_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    put_number(to, bytes.len() as u64);
    to.extend_from_slice(bytes);
}

fn number(at: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = at.split_first()?;
        *at = rest;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn bytes<'a>(at: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(number(at)?).ok()?;
    let (bytes, rest) = at.split_at_checked(length)?;
    *at = rest;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_those_of_a_recorded_session() {
        // An update and a leave, as recorded from the reference server.
        assert_eq!(frame::update(b"ab"), [0, 2, 2, b'a', b'b']);
        assert_eq!(frame::awareness(111, 2, "null"), *b"\x01\x08\x01\x6f\x02\x04null");
        assert_eq!(frame::save(7), *b"\x02\x04save\x07");
        let Some(Incoming::Awareness(states)) = parse(b"\x01\x08\x01\x6f\x02\x04null") else { panic!("not awareness") };
        assert_eq!(states, [(111, 2, Value::Null)]);
        assert!(parse(b"\x00\x02\x05ab").is_none());
    }
}
