// Which letters of a shared text came with one change of the document, so that they can be tinted for a moment. Pure.
import type * as Y from 'yjs';

/** What one change brought: of each author, the letters numbered from … to before …. */
export type Arrival = ReadonlyMap<number, readonly [number, number]>;

export interface Range {
  from: number;
  to: number;
}

export function arrivalOf({ beforeState, afterState }: Pick<Y.Transaction, 'beforeState' | 'afterState'>): Arrival {
  const arrival = new Map<number, readonly [number, number]>();
  for (const [author, to] of afterState) {
    const from = beforeState.get(author) ?? 0;
    if (to > from) arrival.set(author, [from, to]);
  }
  return arrival;
}

/** Where in the text its letters stand now. */
export function rangesOf(text: Y.Text, arrival: Arrival): Range[] {
  const ranges: Range[] = [];
  let at = 0;
  for (let item = text._start; item; item = item.right) {
    if (item.deleted || !item.countable) continue;
    const [first, end] = arrival.get(item.id.client) ?? [0, 0];
    const from = at + Math.max(0, first - item.id.clock);
    at += item.length;
    const to = at - Math.max(0, item.id.clock + item.length - end);
    if (from >= to) continue;
    const last = ranges.at(-1);
    if (last?.to === from) last.to = to;
    else ranges.push({ from, to });
  }
  return ranges;
}
