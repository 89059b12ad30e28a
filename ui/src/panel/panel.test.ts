import { describe, expect, it } from 'vitest';
import type { Command, EventRecord, Folder, State } from '../bindings/protocol';
import { HostError, type DropTarget, type HostApi, type Watcher } from '../shared/host/api';
import { Panel } from './panel.svelte';

const folder = (slug: string): Folder => {
  return { slug, name: slug, path: slug, present: true, sharing: null, people: [], links: [], knocks: [], removed: [], tokens: [], remembered: [], documents: 0, unsaved: 0 };
};
const state = (...folders: Folder[]): State => {
  return { version: '', host: '', folders, interfaces: [], port: 1, taken_port: null, edits_per_minute: 0, jupyterlab: false, system: 'linux', nearby: { on: false, hosts: [], fault: null }, new_token: null };
};

/** A host that does what its test says. */
class Host implements HostApi {
  asked: Command[] = [];
  opened: unknown[] = [];
  picked: string | null = null;
  watcher: Watcher | undefined;
  target: DropTarget | undefined;
  constructor(readonly answer: (command: Command) => State) {}
  command(command: Command) {
    this.asked.push(command);
    return Promise.resolve().then(() => this.answer(command));
  }
  watch(watcher: Watcher) {
    this.watcher = watcher;
    return () => (this.watcher = undefined);
  }
  watchDrops(target: DropTarget) {
    this.target = target;
    return () => (this.target = undefined);
  }
  pickFolder() {
    return Promise.resolve(this.picked);
  }
  openEditor(slug: string, path: string | null) {
    this.opened.push([slug, path]);
    return Promise.resolve();
  }
  /** What it remembers, and how much of it at a time. */
  past: EventRecord[] = [];
  page = 3;
  eventsBefore(seq: number) {
    return Promise.resolve(this.past.filter((event) => event.seq < seq).slice(-this.page));
  }
  saved: [string, string][] = [];
  saveText(name: string, text: string) {
    this.saved.push([name, text]);
    return Promise.resolve();
  }
}
const event = (seq: number): EventRecord => {
  return { seq, time: seq, folder: 'a', level: 'INFO', kind: 'session', action: 'save', room: null, path: null, person: null, msg: '', line: String(seq) };
};
const refusing = () =>
  new Host(() => {
    throw new HostError({ code: 'cannot-bind', reason: null, message: '192.168.1.20:8787 cannot be bound.' });
  });

describe('the window', () => {
  it('UI-41 changes only when the host has answered, and says a refusal in the host’s words', async () => {
    const host = refusing();
    const panel = new Panel(host);
    panel.start();
    host.watcher?.message({ type: 'state', state: state(folder('a')) });
    const asked = panel.ask({ do: 'share', slug: 'a', address: null });
    expect([panel.busy, panel.state?.folders[0]?.sharing]).toEqual(['share', null]);
    expect(await asked).toBe(false);
    expect([panel.busy, panel.fault?.message]).toEqual([undefined, '192.168.1.20:8787 cannot be bound.']);
    expect(panel.slug).toBe('a');
  });

  it('UI-41 keeps what was told while an older answer was on its way', async () => {
    const host = new Host(() => state(folder('a'), folder('gone')));
    const panel = new Panel(host);
    panel.start();
    const asked = panel.ask({ do: 'unshare', slug: 'a' });
    host.watcher?.message({ type: 'state', state: state(folder('a')) });
    expect(await asked).toBe(true);
    expect(panel.state?.folders.map((one) => one.slug)).toEqual(['a']);
    await panel.ask({ do: 'unshare', slug: 'a' });
    expect(panel.state?.folders).toHaveLength(2);
  });

  it('UI-41 says that the host does not answer until it does', () => {
    const host = refusing();
    const panel = new Panel(host);
    const stop = panel.start();
    host.watcher?.lost('The store is in use.');
    expect(panel.lost?.reason).toBe('The store is in use.');
    host.watcher?.message({ type: 'state', state: state() });
    expect(panel.lost).toBeUndefined();
    stop();
    expect([host.watcher, host.target]).toEqual([undefined, undefined]);
  });

  it('UI-42 adds a folder that is chosen or dropped, and names it while it is dragged', async () => {
    const host = new Host((command) => state(folder(command.do === 'add-folder' ? command.path : 'none')));
    const panel = new Panel(host);
    panel.start();
    await panel.chooseFolder();
    expect(host.asked).toEqual([]);
    host.picked = '/a';
    await panel.chooseFolder();
    host.target?.enter(['/home/Tide pools']);
    expect(panel.dragged).toBe('Tide pools');
    host.target?.leave();
    expect(panel.dragged).toBeUndefined();
    host.target?.drop(['/b', '/c']);
    await expect.poll(() => panel.slug).toBe('/c');
    expect(host.asked.map((command) => 'path' in command && command.path)).toEqual(['/a', '/b', '/c']);
    await panel.open('x.ipynb');
    expect(host.opened).toEqual([['/c', 'x.ipynb']]);
  });

  it('UI-42 stops at the first of several dropped things that is refused', async () => {
    const host = refusing();
    const panel = new Panel(host);
    panel.start();
    host.target?.drop(['/b', '/c']);
    await expect.poll(() => panel.fault).toBeDefined();
    expect(host.asked).toHaveLength(1);
  });

  it('UI-143 fetches all events of before, and once more after the host was away', async () => {
    const host = new Host(() => state(folder('a')));
    host.past = [1, 2, 3, 4, 5, 6, 7, 8].map(event);
    const panel = new Panel(host);
    panel.start();
    host.watcher?.message({ type: 'events', events: [event(7), event(8)] });
    expect(panel.past).toBe('unknown');
    await panel.remember();
    expect([panel.past, panel.events.map(({ seq }) => seq)]).toEqual(['whole', [1, 2, 3, 4, 5, 6, 7, 8]]);

    host.watcher?.lost();
    host.past.push(event(9), event(10), event(11));
    host.watcher?.message({ type: 'events', events: [event(11)] });
    expect(panel.past).toBe('unknown');
    await panel.remember();
    expect(panel.events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);

    host.eventsBefore = () => Promise.reject(new Error('away'));
    await panel.remember();
    expect([panel.past, panel.events.length]).toEqual(['failed', 11]);
  });
});
