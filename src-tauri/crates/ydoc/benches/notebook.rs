//! What large notebooks cost: opening one, saving one after an edit, merging an edit made on disk.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use protocol::{Digest, Model};
use serde_json::json;
use std::hint::black_box;
use ydoc::{Base, Document, merge_disk};

/// A notebook of about so many bytes: a thousand bytes a cell.
fn notebook(bytes: usize) -> String {
    let cells: Vec<_> = (0..bytes / 1000)
        .map(|at| {
            let lines: Vec<String> =
                (0..10).map(|line| format!("value_{line} = measure({at}, depth={line})\n")).collect();
            let text: Vec<String> = (0..6).map(|line| format!("row {line} of {at}: 0.{at}{line}\n")).collect();
            json!({"cell_type": "code", "execution_count": at, "id": format!("cell-{at}"), "metadata": {},
                   "outputs": [{"name": "stdout", "output_type": "stream", "text": text}], "source": lines})
        })
        .collect();
    let value = json!({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5});
    serde_json::to_string_pretty(&value).unwrap()
}

fn loaded(bytes: &[u8]) -> Document {
    let mut document = Document::new(Model::Notebook, 7);
    document.load(bytes).unwrap();
    document
}

fn sizes(criterion: &mut Criterion) {
    for (name, size) in [("1 MB", 1_000_000), ("10 MB", 10_000_000)] {
        let before = notebook(size);
        let after =
            before.replace("measure(7, depth=3)", "measure(7, depth=30)").replace("\"cell-20\"", "\"cell-new\"");
        let document = loaded(before.as_bytes());
        let live = document.state();
        let base = Base { state: live.clone(), digest: Digest::of(before.as_bytes()) };
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10);
        group.bench_function("open", |bencher| {
            bencher.iter_batched(|| (), |()| loaded(black_box(before.as_bytes())), BatchSize::PerIteration);
        });
        group.bench_function("save unchanged", |bencher| {
            bencher.iter(|| document.to_bytes(black_box(before.as_bytes())))
        });
        group.bench_function("save changed", |bencher| bencher.iter(|| document.to_bytes(black_box(after.as_bytes()))));
        group.bench_function("merge", |bencher| {
            bencher.iter(|| merge_disk(Model::Notebook, &live, &base, black_box(after.as_bytes()), 11).unwrap());
        });
        group.finish();
    }
}

criterion_group!(benches, sizes);
criterion_main!(benches);
