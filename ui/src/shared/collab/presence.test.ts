import { describe, expect, it } from 'vitest';
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { decodeCursors, encodeCursors } from './cursors';
import { Presence } from './presence';

function two() {
  const [mine, theirs] = [new Y.Doc(), new Y.Doc()];
  mine.getText('source').insert(0, 'hello world');
  Y.applyUpdate(theirs, Y.encodeStateAsUpdate(mine));
  const [here, there] = [new Awareness(mine), new Awareness(theirs)];
  const send = () => applyAwarenessUpdate(here, encodeAwarenessUpdate(there, [there.clientID]), 'remote');
  return { mine, theirs, here, there, send, end: () => [here, there].forEach((one) => one.destroy()) };
}

describe('places', () => {
  it('SYNC-37 travel in JupyterLab’s form and stay at their letters when the text grows', () => {
    const { mine, theirs, end } = two();
    const cursors = encodeCursors(theirs.getText('source'), [{ anchor: 6, head: 11, primary: true }]);
    expect(Object.keys(cursors[0] ?? {})).toEqual(['anchor', 'head', 'primary', 'empty']);
    // Every part is said: JupyterLab's editors stop at one that is left out.
    for (const place of [cursors[0]?.anchor, cursors[0]?.head]) expect(Object.keys(place as object)).toEqual(['type', 'tname', 'item', 'assoc']);
    mine.getText('source').insert(0, 'oh, ');
    const wire: unknown = JSON.parse(JSON.stringify(cursors));
    expect(decodeCursors(mine, wire)).toEqual([{ text: mine.getText('source'), anchor: 10, head: 15, primary: true }]);
    end();
  });

  it('SYNC-37 that cannot be read are left out', () => {
    const { mine, end } = two();
    const bad = [null, 7, {}, { anchor: 'x', head: [] }, { anchor: { item: { client: 'a', clock: {} } }, head: { item: 1 } }, { anchor: { tname: 'cells' }, head: { tname: 'cells' } }];
    expect(decodeCursors(mine, bad)).toEqual([]);
    expect(decodeCursors(mine, { length: 3 })).toEqual([]);
    expect([...mine.share.keys()]).toEqual(['source']);
    end();
  });
});

describe('presence', () => {
  it('SYNC-38 lists people once, me first, and leaves out what is no person', () => {
    const { here, there, send, end } = two();
    here.setLocalState({ user: { username: 'me', display_name: 'Wen' } });
    const presence = new Presence(here, () => 42);
    there.setLocalState({});
    send();
    expect(presence.people.map((person) => person.name)).toEqual(['Wen']);
    there.setLocalState({ user: { username: 'a', name: 'Wes', color: 'var(--x)' }, cursors: 'nonsense' });
    send();
    expect(presence.people.map(({ name, initials, me, moved }) => [name, initials, me, moved])).toEqual([['Wen', 'WE', true, 42], ['Wes', 'WS', false, 42]]);
    expect(presence.others[0]?.places).toEqual([]);
    there.setLocalState({ user: { username: 'me', name: 'Wen' } });
    send();
    expect(presence.people.map(({ name, pages }) => [name, pages])).toEqual([['Wen', 2]]);
    there.setLocalState(null);
    send();
    expect(presence.peers.length).toBe(1);
    presence.destroy();
    end();
  });

  it('says my place once, and my cell when I have no caret', () => {
    const { here, mine, end } = two();
    here.setLocalState({ user: { username: 'me' }, cursors: [] });
    const presence = new Presence(here);
    let said = 0;
    presence.listen(() => (said += 1));
    const source = mine.getText('source');
    presence.setCursors(source, [{ anchor: 1, head: 1, primary: true }]);
    presence.setCursors(source, [{ anchor: 1, head: 1, primary: true }]);
    expect([said, presence.peers[0]?.places[0]?.head]).toEqual([1, 1]);
    presence.setCell('c1');
    presence.setCell('c1');
    expect([said, presence.peers[0]?.places, presence.peers[0]?.cell]).toEqual([2, [], 'c1']);
    presence.destroy();
    end();
  });
});
