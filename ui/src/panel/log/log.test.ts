import { describe, expect, it } from 'vitest';
import type { EventRecord } from '../../bindings/protocol';
import { csv, fileName, jsonl } from './export';
import { choices, everything, hides, inView, passing, rows } from './filter';

const event = (seq: number, more: Partial<EventRecord> = {}): EventRecord => ({
  seq,
  time: Date.UTC(2026, 10, 23, 12, 0, seq),
  folder: 'tides',
  level: 'INFO',
  kind: 'session',
  action: 'save',
  room: null,
  path: 'counts.ipynb',
  person: null,
  msg: '',
  line: 'Saved, 47 KB',
  ...more,
});
const ana = { username: 'a', name: 'Ana', color: null };

describe('the log of events', () => {
  const all = [
    event(1),
    event(2, { action: 'join', person: ana, line: 'came in by the link “Class”' }),
    event(3, { level: 'WARNING', action: 'load', path: 'a/shore.ipynb', line: 'Half-written on disk; reading again' }),
    event(4, { folder: 'other' }),
    event(5, { folder: '', action: 'wake', path: null, line: 'This computer slept 12 min' }),
  ];
  const seen = (filter: Partial<typeof everything>) => passing(all, 'tides', { ...everything, ...filter }).map(({ seq }) => seq);

  it('UI-140 shows what the filters let pass, and of the text every word', () => {
    expect(seen({})).toEqual([1, 2, 3, 5]);
    expect(seen({ level: 'warning' })).toEqual([3]);
    expect(seen({ action: 'wake' })).toEqual([5]);
    expect(seen({ path: 'counts.ipynb' })).toEqual([1, 2]);
    expect(seen({ person: 'a' })).toEqual([2]);
    expect(seen({ text: '  ANA class ' })).toEqual([2]);
    expect(seen({ text: 'ana shore' })).toEqual([]);
    expect([hides(everything), hides({ ...everything, text: ' ' }), hides({ ...everything, path: 'x' })]).toEqual([false, false, true]);
    expect(choices(all, 'tides')).toEqual({ actions: ['join', 'load', 'save', 'wake'], paths: ['a/shore.ipynb', 'counts.ipynb'], people: [['a', 'Ana']] });
  });

  it('UI-141 draws what is in view, however many there are', () => {
    expect(inView(50_000, 29, 290_000, 580, 2)).toEqual({ from: 9_998, to: 10_022 });
    expect(inView(3, 29, 0, 580)).toEqual({ from: 0, to: 3 });
    expect(inView(50_000, 0, 0, 580)).toEqual({ from: 0, to: 0 });
    const days = rows([event(1), event(2), event(90_000)]);
    expect(days.map((row) => ('day' in row ? 'day' : row.event.seq))).toEqual(['day', 1, 2, 'day', 90_000]);
  });

  it('UI-142 is written as JSON lines and as a table in which nobody’s name is a formula', () => {
    const hostile = event(7, { person: { ...ana, name: '=HYPERLINK("x")' }, line: 'said "a, b"\nc' });
    expect(jsonl([event(1)])).toMatch(/^\{"at":"2026-11-23T12:00:01.000Z","seq":1,.*\}\n$/);
    expect(jsonl([hostile]).split('\n')).toHaveLength(2);
    const table = csv([event(1), hostile]);
    expect(table.split('\r\n')[1]).toBe('2026-11-23T12:00:01.000Z,INFO,session,save,tides,counts.ipynb,,,"Saved, 47 KB"');
    expect(table).toContain(`,"'=HYPERLINK(""x"")","said ""a, b""\nc"\r\n`);
    expect(fileName('tides', Date.UTC(2026, 10, 23), 'csv')).toBe('tides-events-2026-11-23.csv');
  });
});
