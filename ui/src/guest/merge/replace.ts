// Puts one text in another's place with as few letters as it takes, so that carets stay where they are and undo takes
// back just that. Positions are Yjs's: UTF-16 units. Pure, but for `apply`.
import type * as Y from 'yjs';

export interface Edit {
  at: number;
  remove: number;
  insert: string;
}

/** A table of at most this many cells is filled to compare two texts; longer ones are exchanged in one piece. */
const MOST_CELLS = 1_000_000;

/** Where these whole lines stand in the text: nearest to the line (from 1) at which they were last seen; null: nowhere. */
export function find(text: string, stretch: string, line: number): number | null {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const stands = (start: number) => {
    const end = start + stretch.length;
    return text.startsWith(stretch, start) && (end === text.length || text[end] === '\n' || text[end] === '\r');
  };
  // Empty lines are everywhere: only the one that was meant is it.
  if (stretch === '') {
    const start = starts[line - 1];
    return start !== undefined && stands(start) ? start : null;
  }
  let best: number | null = null;
  for (const [i, start] of starts.entries()) {
    if (stands(start) && (best === null || Math.abs(i + 1 - line) < Math.abs(best + 1 - line))) best = i;
  }
  return best === null ? null : (starts[best] ?? null);
}

/** The number, from 1, of the line that a position is in. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

/** Where two texts differ, seen from outside: what comes before and after is the same. In whole characters. */
export function middle(a: string, b: string): { from: number; a: string; b: string } {
  const [left, right] = [Array.from(a), Array.from(b)];
  const most = Math.min(left.length, right.length);
  let head = 0;
  while (head < most && left[head] === right[head]) head += 1;
  let tail = 0;
  while (tail < most - head && left.at(-1 - tail) === right.at(-1 - tail)) tail += 1;
  const cut = (all: string[]) => all.slice(head, all.length - tail).join('');
  return { from: left.slice(0, head).join('').length, a: cut(left), b: cut(right) };
}

/** Edits that make `from` into `to`, the last first, so that none moves the place of another. */
export function edits(from: string, to: string): Edit[] {
  const differ = middle(from, to);
  if (!differ.a && !differ.b) return [];
  const [old, now] = [Array.from(differ.a), Array.from(differ.b)];
  if (!old.length || !now.length || old.length * now.length > MOST_CELLS) {
    return [{ at: differ.from, remove: differ.a.length, insert: differ.b }];
  }
  const common = longestCommon(old, now);
  const found: Edit[] = [];
  let [i, j, at] = [0, 0, differ.from];
  let edit: Edit | null = null;
  while (i < old.length || j < now.length) {
    const [letter, wanted] = [old[i], now[j]];
    if (letter !== undefined && letter === wanted && common(i, j) === common(i + 1, j + 1) + 1) {
      if (edit) found.push(edit);
      edit = null;
      at += letter.length;
      [i, j] = [i + 1, j + 1];
      continue;
    }
    edit ??= { at, remove: 0, insert: '' };
    if (letter !== undefined && (wanted === undefined || common(i + 1, j) >= common(i, j + 1))) {
      edit.remove += letter.length;
      at += letter.length;
      i += 1;
    } else {
      edit.insert += wanted ?? '';
      j += 1;
    }
  }
  if (edit) found.push(edit);
  return found.reverse();
}

/** How many letters two texts have in common, in order, from any two places on. */
function longestCommon(old: string[], now: string[]): (i: number, j: number) => number {
  const width = now.length + 1;
  const table = new Uint32Array((old.length + 1) * width);
  const cell = (i: number, j: number) => table[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      table[i * width + j] = old[i] === now[j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
    }
  }
  return cell;
}

/** Makes the edits in a shared text whose stretch begins at `start`; within a transaction of the caller's. */
export function apply(text: Y.Text, start: number, changes: readonly Edit[]): void {
  for (const { at, remove, insert } of changes) {
    if (remove) text.delete(start + at, remove);
    if (insert) text.insert(start + at, insert);
  }
}
