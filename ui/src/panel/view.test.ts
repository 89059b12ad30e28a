import { describe, expect, it } from 'vitest';
import type { Folder, Presence, State } from '../bindings/protocol';
import { atEnd, baseName, caption, changes, chosen, rows, summary } from './view';

function folder(slug: string, more: Partial<Folder> = {}): Folder {
  return { slug, name: slug, path: `~/${slug}`, present: true, sharing: null, people: [], links: [], knocks: [], removed: [], tokens: [], remembered: [], documents: 0, unsaved: 0, ...more };
}
function person(name: string, more: Partial<Presence> = {}): Presence {
  const plain = { color: null, role: 'edit', owner: false, by: null, documents: [], device: '192.168.1.34 · Safari' } as const;
  return { username: name, name, ...plain, documents: [], since: 0, connections: 1, ...more };
}
const [a, b, c] = [folder('a'), folder('b'), folder('c')];
const shared: Folder['sharing'] = {
  interface: { name: 'wlan0', address: '192.168.1.20', kind: 'wi-fi' },
  address: '192.168.1.20:8787/a',
  devices: 0,
  link: 'http://192.168.1.20:8787/a/#s=x',
  code: null,
  since: 0,
  away: false,
  before: null,
  name: null,
};
const state: State = { version: '', host: '', folders: [], interfaces: [], port: 1, taken_port: null, edits_per_minute: 0, jupyterlab: false, system: 'linux', nearby: { on: false, hosts: [], fault: null }, new_token: null };

describe('the window', () => {
  it('UI-40 keeps the chosen folder, shows a new one, and after a removal the one in its place', () => {
    expect(chosen(undefined, [], undefined)).toBeUndefined();
    expect(chosen(undefined, [a, b], undefined)).toBe('a');
    expect(chosen([a, b], [a, b], 'b')).toBe('b');
    expect(chosen([a], [a, b, c], 'a')).toBe('c');
    expect(chosen([], [a], undefined)).toBe('a');
    expect(chosen([a, b, c], [a, c], 'b')).toBe('c');
    expect(chosen([a, b], [a], 'b')).toBe('a');
    expect(chosen([a], [], 'a')).toBeUndefined();
  });

  it('UI-43 says that everything is in the files exactly when it is', () => {
    expect(summary(state, a)).toEqual({ saved: true, words: 'Everything is in the files', facts: ['No documents open'] });
    const busy = folder('a', { documents: 2, unsaved: 1, people: [person('Ana')] });
    expect(summary({ ...state, edits_per_minute: 12 }, busy)).toEqual({
      saved: false,
      words: '1 file not written yet',
      facts: ['2 documents open', '1 person', '12 edits a minute'],
    });
  });

  it('UI-44 shows each person once, with their tabs, and says who is at the host', () => {
    const now = 10 * 60_000;
    const people = [
      person('Ana', { connections: 2, documents: ['a/x.ipynb', 'y.md'] }),
      person('Anna', { role: 'view', since: now - 1000 }),
      person('Ines', { owner: true, role: 'run' }),
    ];
    const [ana, anna, ines] = rows(people, now);
    expect([ana?.name, anna?.name, ines?.name]).toEqual(['Ana ×2', 'Anna', 'Ines (you)']);
    expect([ana?.initials, anna?.initials, ines?.initials]).toEqual(['AN', 'AA', 'IN']);
    expect([ana?.document, ana?.device]).toEqual(['a/x.ipynb', '2 documents · 192.168.1.34 · Safari']);
    expect([anna?.since, anna?.role, anna?.document]).toEqual(['just now', 'view', undefined]);
  });

  it('UI-44 counts guests, not the person at the host, in the list of folders', () => {
    expect(caption(a)).toBe('Private');
    const people = [person('Ana'), person('Ines', { owner: true })];
    expect(caption(folder('a', { sharing: shared, people }))).toBe('Shared with 1 person');
    expect(caption(folder('a', { present: false, sharing: shared }))).toBe('Not there');
  });

  it('UI-44 tells screen readers who came and went', () => {
    const [ana, ben, cai] = [person('Ana'), person('Ben'), person('Cai')];
    expect(changes([ana], [ana])).toBe('');
    expect(changes([], [ana, ben, cai])).toBe('Ana and 2 others joined.');
    expect(changes([ana], [ben])).toBe('Ben joined. Ana left.');
  });

  it('EVENT-43 follows the newest event only while the reader is at the end', () => {
    expect(atEnd({ scrollTop: 500, clientHeight: 100, scrollHeight: 600 })).toBe(true);
    expect(atEnd({ scrollTop: 495.5, clientHeight: 100, scrollHeight: 600 })).toBe(true);
    expect(atEnd({ scrollTop: 475, clientHeight: 100, scrollHeight: 600 })).toBe(false);
    expect(atEnd({ scrollTop: 0, clientHeight: 100, scrollHeight: 100 })).toBe(true);
  });

  it('names a dragged folder by its last part', () => {
    expect(['/a/Tide pools/', 'C:\\data\\x', '/'].map(baseName)).toEqual(['Tide pools', 'x', '/']);
  });
});
