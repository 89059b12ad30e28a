// Keeps one side of a place where both wrote: an ordinary edit of this page’s, which undo takes back.
import * as Y from 'yjs';
import type { Conflict } from '../../bindings/protocol';
import type { OpenDocument } from '../../shared/collab/document';
import { apply, edits, find, lineAt } from './replace';

export type Side = 'here' | 'disk';

type Shared = Pick<OpenDocument, 'doc' | 'undo'>;

/** The shared text that a conflict is in: a cell’s source, or the whole text. */
function textOf(doc: Y.Doc, { cell }: Conflict): Y.Text | null {
  if (cell === null) return doc.getText('source');
  const cells = doc.getArray('cells').toArray();
  const found = cells.find((one): one is Y.Map<unknown> => one instanceof Y.Map && one.get('id') === cell);
  const source = found?.get('source');
  return source instanceof Y.Text ? source : null;
}

/** Where a stretch of the conflict’s text stands now; null if the text has moved on, or was too long to be told. */
function standing(doc: Y.Doc, conflict: Conflict, stretch: string | undefined): { text: Y.Text; start: number; line: number } | null {
  const text = stretch === undefined ? null : textOf(doc, conflict);
  if (!text || stretch === undefined || !conflict.texts) return null;
  const whole = text.toString();
  const start = find(whole, stretch, conflict.texts.line);
  return start === null ? null : { text, start, line: lineAt(whole, start) };
}

/** The line, from 1, at which both texts stand now; null if they no longer do. */
export function lineOf(doc: Y.Doc, conflict: Conflict): number | null {
  return standing(doc, conflict, conflict.texts?.merged)?.line ?? null;
}

function exchange({ doc, undo }: Shared, conflict: Conflict, from: string, to: string): boolean {
  const found = standing(doc, conflict, from);
  if (!found) return false;
  undo?.stopCapturing();
  doc.transact(() => apply(found.text, found.start, edits(from, to)), undo ?? conflict);
  undo?.stopCapturing();
  return true;
}

/** Makes one side’s words stand alone; false if the text has moved on. */
export function keep(shared: Shared, conflict: Conflict, side: Side): boolean {
  return conflict.texts !== null && exchange(shared, conflict, conflict.texts.merged, conflict.texts[side]);
}

/** Takes back what was kept: `depth` is how much could be undone right after it. */
export function takeBack(shared: Shared, conflict: Conflict, side: Side, depth: number): void {
  // Undo would take back first what was typed since.
  if (shared.undo?.undoStack.length === depth && depth > 0) shared.undo.undo();
  else if (conflict.texts) exchange(shared, conflict, conflict.texts[side], conflict.texts.merged);
}
