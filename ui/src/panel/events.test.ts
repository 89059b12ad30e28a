import { describe, expect, it } from 'vitest';
import type { EventRecord } from '../bindings/protocol';
import { added, MOST_EVENTS, pieces, shown, tone } from './events';

function event(seq: number, more: Partial<EventRecord> = {}): EventRecord {
  const plain = { time: seq, folder: 'tides', level: 'INFO', kind: 'session', action: 'join', room: null } as const;
  return { seq, ...plain, path: null, person: null, msg: '', line: 'A line', ...more };
}
const seqs = (events: readonly EventRecord[]) => events.map((one) => one.seq);
const line = (one: EventRecord) => pieces(one).map((piece) => (piece.strong ? `*${piece.text}*` : piece.text)).join('');

describe('the list of events', () => {
  it('EVENT-40 has each event once, newest last, and no more than are kept', () => {
    const known = added([], [event(1), event(2)]);
    expect(seqs(added(known, [event(3)]))).toEqual([1, 2, 3]);
    // A stream that begins anew tells its tail again.
    expect(seqs(added(known, [event(2), event(3), event(1)]))).toEqual([1, 2, 3]);
    expect(added(known, [])).toEqual(known);
    const many = added(known, Array.from({ length: MOST_EVENTS }, (_, i) => event(i + 3)));
    expect([many.length, many[0]?.seq]).toEqual([MOST_EVENTS, 3]);
  });

  it('EVENT-41 shows a folder’s events and the host’s, from a level on', () => {
    const all = [
      event(1, { level: 'DEBUG' }),
      event(2),
      event(3, { level: 'WARNING', folder: '' }),
      event(4, { level: 'CRITICAL' }),
      event(5, { level: 'ERROR', folder: 'other' }),
    ];
    expect(seqs(shown(all, 'tides', 'everything'))).toEqual([1, 2, 3, 4]);
    expect(seqs(shown(all, 'tides', 'info'))).toEqual([2, 3, 4]);
    expect(seqs(shown(all, 'tides', 'warning'))).toEqual([3, 4]);
    expect(seqs(shown(all, 'tides', 'error'))).toEqual([4]);
  });

  it('EVENT-42 says what happens by itself quietly and what matters loudly', () => {
    expect(tone(event(1))).toBe('normal');
    for (const action of ['initialize', 'load', 'save', 'clean'] as const) expect(tone(event(1, { action }))).toBe('quiet');
    expect(tone(event(1, { level: 'DEBUG' }))).toBe('quiet');
    expect(tone(event(1, { action: 'overwrite' }))).toBe('merged');
    expect(tone(event(1, { action: 'load', level: 'WARNING' }))).toBe('warning');
    expect(tone(event(1, { action: 'save', level: 'ERROR' }))).toBe('error');
    expect(tone(event(1, { level: 'CRITICAL' }))).toBe('error');
  });

  it('EVENT-42 sets the names of people and documents apart', () => {
    const person = { username: 'a', name: 'Ana', color: null };
    expect(line(event(1, { person, path: 'a/counts.ipynb', line: 'opened counts.ipynb' }))).toBe('*Ana* opened *counts.ipynb*');
    expect(line(event(1, { path: 'a/b.md', line: 'a/b.md is now b.md' }))).toBe('*a/b.md* is now b.md');
    expect(line(event(1, { path: 'a.md', line: 'Disk is full' }))).toBe('Disk is full');
    expect(line(event(1, { line: '<b>bold</b>' }))).toBe('<b>bold</b>');
  });
});
