// What to say of changes that other programs made to the open file: one notice for all that nobody closed yet, and the
// places where both sides wrote. Pure.
import type { Conflict, Merge } from '../../bindings/protocol';
import type { Merged } from '../../shared/collab/document';
import { strings } from '../../shared/strings';

/** A place where both sides wrote, and the merge it belongs to. */
export interface Place {
  key: string;
  merge: Merge;
  conflict: Conflict;
}

/** What is spoken of above the page: a cell by its id, or a line, from 1, of a text. */
export interface Spoken {
  cell: string | null;
  line: number | null;
}

export interface MergeNews {
  head: string;
  text: string;
  /** There is nothing to decide, and it happened before my eyes: it need not stay. */
  passing: boolean;
}

/** More places than this are counted, not named. */
const MOST_NAMED = 4;

/** The places where both sides wrote, the oldest first. */
export function placesOf(merged: readonly Merged[]): Place[] {
  return merged.flatMap(({ merge }) => merge.report.conflicts.map((conflict, i) => ({ key: `${merge.id}:${i}`, merge, conflict })));
}

/** What the notice says; null if there is nothing to tell. `open`: the places that are not decided yet. */
export function mergeNews(merged: readonly Merged[], name: string, open: readonly Place[]): MergeNews | null {
  if (merged.length === 0) return null;
  const away = merged.some((one) => one.away);
  const head = strings.merge.head(name, merged.length, away);
  if (open.length) return { head, text: whereBoth(open), passing: false };
  return { head, text: whatChanged(merged), passing: !away && !merged.some(({ merge }) => merge.report.conflicts.length) };
}

function whereBoth(places: readonly Place[]): string {
  const cells = places.every(({ conflict }) => conflict.cell !== null);
  const numbers = [...new Set(places.map(({ conflict }) => conflict.number))].sort((a, b) => a - b);
  if (numbers.length > MOST_NAMED) return strings.merge.places(places.length);
  return (cells ? strings.merge.cells : strings.merge.lines)(strings.numbers(numbers), numbers.length > 1);
}

function whatChanged(merged: readonly Merged[]): string {
  const part = /\.ipynb$/i.test(merged[0]?.merge.path ?? '') ? 'cell' : 'line';
  const sum = (key: 'changed' | 'added' | 'removed' | 'kept') => merged.reduce((all, { merge }) => all + merge.report[key], 0);
  const words = strings.merge;
  const done = (['changed', 'added', 'removed'] as const).filter((key) => sum(key) > 0).map((key) => words[key](sum(key), part));
  const kept = sum('kept');
  const typed = merged.some(({ merge }) => merge.report.live_edits);
  return strings.sentences([
    ...(done.length ? [strings.sentence(done)] : []),
    ...(kept ? [words.kept(kept, part)] : typed ? [words.typingKept] : []),
  ]);
}

/** Who typed here, if it can only have been one; "you" for me. The host knows who typed, not who typed what. */
export function typedBy({ by }: Merge, me: string): string {
  const [one, ...others] = by;
  if (!one || others.length) return '';
  return one.username === me ? strings.merge.you : one.name;
}
