import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { saveStatus } from '../format/saving';
import { OpenDocument, leaving } from './document';
import { Provider } from './provider';
import { Room } from './room.testing';
import { read, write } from './wire';

const url = 'ws://127.0.0.1/room?sessionId=s';
const open: (() => void)[] = [];

function guest(room: Room, more: Partial<ConstructorParameters<typeof Provider>[0]> = {}) {
  const doc = new Y.Doc();
  const awareness = new Awareness(doc);
  const provider = new Provider({ url, doc, awareness, open: room.open, random: () => 1, ...more });
  open.push(() => {
    provider.destroy();
    awareness.destroy();
  });
  return { doc, provider, text: doc.getText('source') };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  for (const close of open.splice(0)) close();
  vi.useRealTimers();
});

describe('the line to a room', () => {
  it('SYNC-30 what is typed while it is away is there once it is back, by the same session', () => {
    const room = new Room();
    room.doc.getText('source').insert(0, 'one ');
    const { provider, text } = guest(room);
    expect(provider.link).toBe('connecting');
    room.last?.open();
    expect([provider.link, text.toString()]).toEqual(['live', 'one ']);
    room.last?.fail(1006);
    expect(provider.link).toBe('away');
    text.insert(text.length, 'two');
    room.doc.getText('source').insert(0, 'zero ');
    vi.advanceTimersByTime(200);
    room.last?.open();
    expect(room.sockets.map((socket) => socket.url)).toEqual([url, url]);
    expect([provider.link, text.toString(), room.doc.getText('source').toString()]).toEqual(['live', 'zero one two', 'zero one two']);
  });

  it('SYNC-31 it is tried again, later each time, unless the host said that it is over', async () => {
    const room = new Room();
    const { provider } = guest(room);
    for (const wait of [200, 400, 800]) {
      const before = room.sockets.length;
      room.last?.fail(1006);
      await vi.advanceTimersByTimeAsync(wait - 1);
      expect(room.sockets.length).toBe(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(room.sockets.length).toBe(before + 1);
    }
    expect(provider.end).toBeNull();
    for (const [code, kind] of [[1003, 'history'], [4400, 'broken'], [4403, 'forbidden'], [4404, 'gone'], [4410, 'stopped'], [4510, 'stopped']] as const) {
      const other = new Room();
      const over = guest(other);
      other.last?.open();
      other.last?.fail(code, 'why');
      vi.advanceTimersByTime(60_000);
      expect([over.provider.end, other.sockets.length]).toEqual([{ kind, reason: 'why' }, 1]);
    }
  });

  it('SYNC-31 a refused handshake is explained over HTTP', async () => {
    const room = new Room();
    const { provider } = guest(room, { probe: () => Promise.resolve({ kind: 'forbidden', reason: '' }) });
    room.last?.fail(1006);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([provider.end?.kind, room.sockets.length]).toEqual(['forbidden', 1]);
  });

  it('SYNC-32 frames that cannot be read change nothing', () => {
    const room = new Room();
    const { provider, text } = guest(room);
    room.last?.open();
    for (const bytes of [[], [0], [0, 9, 0], [1], [2, 3, 110, 111, 112], [125, 1, 2], [99], [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]]) {
      room.last?.hear(new Uint8Array(bytes));
    }
    expect([provider.link, text.toString()]).toEqual(['live', '']);
    expect(read(write.save(7))).toBeNull();
  });

  it('SYNC-33 an edit is on the host when the host confirmed it, not before', () => {
    const room = new Room();
    const { provider, text } = guest(room);
    room.last?.open();
    room.last?.say({ type: 'stored', responseTo: 0 });
    text.insert(0, 'a');
    text.insert(1, 'b');
    expect(provider.unsent).toBe(2);
    vi.advanceTimersByTime(100);
    expect(room.last?.asked).toEqual([{ word: 'stored?', id: 2 }]);
    text.insert(2, 'c');
    room.last?.say({ type: 'stored', responseTo: 2 });
    expect([provider.confirms, provider.unsent]).toEqual([true, 1]);
    room.last?.fail(1006);
    vi.advanceTimersByTime(200);
    room.last?.open();
    expect(provider.unsent).toBe(1);
    vi.advanceTimersByTime(100);
    room.last?.say({ type: 'stored', responseTo: 3 });
    expect(provider.unsent).toBe(0);
  });

  it('SYNC-34 a line that is silent for 30 s is given up and tried again', () => {
    const room = new Room();
    const { provider } = guest(room);
    room.last?.open();
    vi.advanceTimersByTime(29_000);
    expect(provider.link).toBe('live');
    vi.advanceTimersByTime(5_000);
    expect(room.sockets.length).toBeGreaterThan(1);
  });
});

describe('an open document', () => {
  const options = { url, path: 'a/b.txt', user: { username: 'u' }, modified: 5, mayEdit: true };

  function opened(room: Room) {
    const file = new OpenDocument({ ...options, open: room.open, now: () => 1_000 });
    room.last?.open();
    return { file, state: room.doc.getMap('state'), text: file.doc.getText('source') };
  }

  it('SYNC-35 says “in the file” only of what was confirmed before the host wrote', async () => {
    const room = new Room();
    const { file, state, text } = opened(room);
    room.last?.say({ type: 'stored', responseTo: 0 });
    text.insert(0, 'a');
    expect(state.get('dirty')).toBe(true);
    // The host wrote something older than my letter: my page says once more that the file lacks it.
    state.set('dirty', false);
    expect([state.get('dirty'), file.saving.dirty]).toEqual([true, true]);
    await vi.advanceTimersByTimeAsync(100);
    room.last?.say({ type: 'stored', responseTo: 1 });
    state.set('dirty', false);
    expect([file.saving.dirty, file.saving.savedAt, file.unsent]).toEqual([false, 1_000, 0]);
    file.destroy();
  });

  it('SYNC-35 a save that is asked for right after a letter covers that letter', async () => {
    const room = new Room();
    const { file, state, text } = opened(room);
    room.last?.say({ type: 'stored', responseTo: 0 });
    text.insert(0, 'a');
    const saving = file.save();
    await vi.advanceTimersByTimeAsync(100);
    expect(room.last?.asked).toEqual([{ word: 'stored?', id: 1 }]);
    room.last?.say({ type: 'stored', responseTo: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect(room.last?.asked.at(-1)?.word).toBe('save');
    state.set('dirty', false);
    room.last?.say({ type: 'save', responseTo: 1, status: 'success' });
    await saving;
    expect([file.saving.dirty, file.saving.writing]).toEqual([false, false]);
    file.destroy();
  });

  it('SYNC-36 closing a file with edits that are not on the host keeps it until they are', async () => {
    const room = new Room();
    const { file, text } = opened(room);
    room.last?.say({ type: 'stored', responseTo: 0 });
    text.insert(0, 'a');
    file.leave();
    expect(leaving.has(file)).toBe(true);
    await vi.advanceTimersByTimeAsync(100);
    room.last?.say({ type: 'stored', responseTo: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect(leaving.size).toBe(0);
    expect(room.doc.getText('source').toString()).toBe('a');
  });

  it('UI-100 knows how the file fares for as long as the host said so, and calls nothing saved that is not', () => {
    const room = new Room();
    const { file } = opened(room);
    expect([file.fares.file.state, saveStatus(file.saving).words.startsWith('In the file')]).toEqual(['fine', true]);
    room.last?.say({ type: 'file', state: 'gone' });
    expect([file.fares, saveStatus(file.saving).words]).toEqual([{ file: { type: 'file', state: 'gone' }, since: 1_000 }, 'Not in the file']);
    // On a new line it is told before the document, unless the file fares well.
    room.last?.fail(1006);
    vi.advanceTimersByTime(200);
    room.last?.say({ type: 'file', state: 'unreadable', reason: 'No.' });
    room.last?.open();
    expect(file.fares.file).toMatchObject({ state: 'unreadable' });
    room.last?.fail(1006);
    vi.advanceTimersByTime(200);
    room.last?.open();
    expect(file.fares.file.state).toBe('fine');
    file.destroy();
  });

  it('UI-101 tells of merges once: not of those before it was there, and of those while it was away', () => {
    const room = new Room();
    const file = new OpenDocument({ ...options, open: room.open, now: () => 1_000 });
    const say = (...ids: number[]) => room.last?.say({ type: 'merged', merges: ids.map((id) => ({ id })) });
    const known = () => file.merges.map(({ merge, away }) => [merge.id, away]);
    say(1, 2);
    room.last?.open();
    expect(known()).toEqual([]);
    say(3);
    say(3);
    expect(known()).toEqual([[3, false]]);
    room.last?.fail(1006);
    vi.advanceTimersByTime(200);
    say(1, 2, 3, 4);
    room.last?.open();
    expect(known()).toEqual([[3, false], [4, true]]);
    file.closeMerges();
    say(4);
    expect(known()).toEqual([]);
    file.destroy();
  });

  it('follows renames, and tells a failed save in the host’s words', async () => {
    const room = new Room();
    const { file, state } = opened(room);
    expect(file.path).toBe('a/b.txt');
    state.set('path', 'a/c.txt');
    expect(file.path).toBe('a/c.txt');
    const saving = file.save();
    room.last?.say({ type: 'save', responseTo: 1, status: 'failed', message: 'The disk is full.' });
    await saving;
    expect(file.saving.fault).toBe('The disk is full.');
    file.destroy();
  });
});
