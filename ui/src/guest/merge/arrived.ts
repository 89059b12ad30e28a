// Tints letters that came with a change of the file, in an editor and where text just stands, for as long as the document
// says that they have just come.
import { StateEffect, StateField, type Extension } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, ViewPlugin } from '@codemirror/view';
import type * as Y from 'yjs';
import { rangesOf, type Range } from '../../shared/collab/arrival';
import type { OpenDocument } from '../../shared/collab/document';
import './arrived.css';

export type Arrivals = Pick<OpenDocument, 'arrived' | 'listen'>;

const setRanges = StateEffect.define<readonly Range[]>();
const mark = Decoration.mark({ class: 'arrived' });

const tinted = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, transaction) {
    const effect = transaction.effects.find((one) => one.is(setRanges));
    if (!effect) return value.map(transaction.changes);
    const { length } = transaction.state.doc;
    const ranges = (effect.value as readonly Range[]).filter(({ from, to }) => from < to && to <= length);
    return Decoration.set(ranges.map(({ from, to }) => mark.range(from, to)));
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** For the editor of one shared text. */
export function arrivedText(text: Y.Text, arrivals: Arrivals): Extension {
  const follow = ViewPlugin.define((view) => {
    let shown = null as typeof arrivals.arrived;
    let gone = false;
    const look = () => {
      const now = arrivals.arrived;
      if (gone || now === shown) return;
      shown = now;
      view.dispatch({ effects: setRanges.of(now ? rangesOf(text, now) : []) });
    };
    // An editor must not be changed while it is being made or updated.
    const soon = () => queueMicrotask(look);
    const stop = arrivals.listen(soon);
    soon();
    return {
      destroy: () => {
        gone = true;
        stop();
      },
    };
  });
  return [tinted, follow];
}

/** Marks the ranges of the text of a piece of document. */
export function tint(fragment: DocumentFragment, ranges: readonly Range[]): void {
  if (!ranges.length) return;
  const pieces: Text[] = [];
  const walk = (node: Node) => (node instanceof Text ? pieces.push(node) : node.childNodes.forEach(walk));
  walk(fragment);
  let start = 0;
  for (let piece of pieces) {
    const { length } = piece.data;
    for (const { from, to } of ranges) {
      const [first, end] = [Math.max(from, start), Math.min(to, start + length)];
      if (first >= end) continue;
      // What is before stays where it is; the rest may have more to be marked.
      const marked = piece.splitText(first - (start + length - piece.data.length));
      const rest = marked.splitText(end - first);
      const span = document.createElement('span');
      span.className = 'arrived';
      marked.replaceWith(span);
      span.append(marked);
      piece = rest;
    }
    start += length;
  }
}
