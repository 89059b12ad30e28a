//! Frames of several clients, between disk edits, failed saves, crashes and time: the room lives, a viewer changes nothing,
//! nobody gets more than he asked for, and as long as all edits were sound, whoever follows, comes back or opens the log again
//! has the same document (see `updates` for why).

use super::stage::{ANA, BEN, EVE, Stage, VIC, frame};
use super::{edit, input::Input};
use protocol::{DocumentKind, Model};
use ydoc::Document;

const NOTEBOOK: &[u8] = br#"{
 "cells": [
  {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["one\n", "two"]},
  {"cell_type": "code", "execution_count": 1, "id": "b", "metadata": {}, "outputs": [
   {"name": "stdout", "output_type": "stream", "text": "x\n"}], "source": "print(1)"}
 ],
 "metadata": {"k": 1}, "nbformat": 4, "nbformat_minor": 5
}
"#;

pub(super) fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut stage = match input.byte() % 4 {
        0 => Stage::new(DocumentKind::text(), b"one\r\ntwo\r\n"),
        1 => Stage::new(DocumentKind::new("base64", "file"), b"\x00\xff\x01"),
        _ => Stage::new(DocumentKind::notebook(), NOTEBOOK),
    };
    let mut sound = true;
    for _ in 0..48 {
        if input.is_empty() {
            break;
        }
        sound &= step(&mut stage, &mut input);
    }
    stage.failing = false;
    stage.pass(60_000);
    let here = content(stage.model, &stage.state());
    stage.sent.clear();
    stage.join(EVE);
    stage.frame(EVE, &frame(&[0, 0], &[0]));
    let answer = stage.sent.iter().find(|(to, bytes)| *to == Some(EVE) && bytes.starts_with(&[0, 1]));
    let (_, answer) = answer.expect("who asks gets an answer");
    let there = content(stage.model, super::stage::body(answer, 2));
    stage.crash();
    if !sound {
        return;
    }
    same(&here, &stage.follower.to_bytes(b""), "who follows");
    same(&here, &there, "who comes");
    same(&here, &content(stage.model, &stage.state()), "the log");
}

/// Whether it changed the document as a sound client does, or not at all.
fn step(stage: &mut Stage, input: &mut Input<'_>) -> bool {
    let what = input.byte();
    let client = [ANA, BEN, VIC, ANA][usize::from(what & 3)];
    let author = 100 + client.0;
    let bytes = match what >> 2 {
        0..=7 => input.chunk().to_vec(),
        8 | 9 => frame(&[0, 0], input.chunk()),
        10..=13 => frame(&[0, 1 + (what >> 2) % 2], input.chunk()),
        14 | 15 => frame(&[1], input.chunk()),
        16 => frame(&[125], input.chunk()),
        17..=19 => {
            let head: &[u8] = if what >> 2 == 19 { b"\x02\x07stored?" } else { b"\x02\x04save" };
            [head, &[input.byte() & 0x7f]].concat()
        }
        20..=40 => {
            let Some(mut update) = edit::update(stage.model, &stage.state(), author, input) else { return true };
            if what >> 2 > 32 {
                edit::damage(&mut update, input);
            }
            let mut bytes = frame(&[0, 1 + (what >> 2) % 2], &update);
            if what >> 2 == 40 {
                bytes.extend_from_slice(input.chunk());
            }
            bytes
        }
        41..=44 if client != VIC => {
            stage.leave(client);
            stage.join(client);
            return true;
        }
        45..=48 => {
            let chunk = input.chunk().to_vec();
            let readable = Document::new(stage.model, 1).load(&chunk).is_ok();
            stage.edit_disk((readable || what & 1 == 0).then_some(&chunk[..]));
            return true;
        }
        49..=51 => {
            let old = stage.disk.clone().unwrap_or_default();
            let at = usize::from(input.byte()) % (old.len() + 1);
            let new = [&old[..at], input.chunk(), &old[(at + usize::from(input.byte())).min(old.len())..]].concat();
            stage.edit_disk(Some(&new));
            return true;
        }
        52..=55 => {
            stage.pass(u64::from(input.byte()) * 100);
            return true;
        }
        56 | 57 => {
            stage.failing = !stage.failing;
            return true;
        }
        58 => {
            stage.crash();
            return true;
        }
        _ => return true,
    };
    let before = stage.state();
    give(stage, client, &bytes);
    matches!(what >> 2, 20..=32) || stage.state() == before
}

fn give(stage: &mut Stage, client: protocol::ClientId, bytes: &[u8]) {
    let before = (client == VIC).then(|| stage.state());
    stage.sent.clear();
    stage.frame(client, bytes);
    if let Some(before) = before {
        assert!(stage.state() == before, "a viewer's frame changed the document: {bytes:?}");
    }
    let sent: usize = stage.sent.iter().map(|(_, bytes)| bytes.len()).sum();
    let most = 64 * (1024 + bytes.len() + stage.state().len());
    assert!(sent <= most, "{} bytes of a client made the room send {sent}", bytes.len());
}

fn content(model: Model, state: &[u8]) -> Vec<u8> {
    Document::from_state(model, 1, state).expect("a state of ours").to_bytes(b"")
}

fn same(here: &[u8], there: &[u8], who: &str) {
    let text = String::from_utf8_lossy;
    assert!(here == there, "{who} has something else:\n{}\n--- than the room:\n{}", text(there), text(here));
}
