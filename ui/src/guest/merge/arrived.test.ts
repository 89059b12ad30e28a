// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EditorView } from '@codemirror/view';
import { ySync, YSyncConfig, ySyncFacet } from 'y-codemirror.next';
import * as Y from 'yjs';
import { arrivalOf, rangesOf, type Arrival } from '../../shared/collab/arrival';
import { ARRIVED_MS, OpenDocument } from '../../shared/collab/document';
import { Room } from '../../shared/collab/room.testing';
import { arrivedText, tint } from './arrived';

/** What the text says, with brackets round what arrived. */
function marked(text: Y.Text, arrival: Arrival | null): string {
  const ranges = arrival ? rangesOf(text, arrival) : [];
  return ranges.reduceRight((all, { from, to }) => `${all.slice(0, from)}[${all.slice(from, to)}]${all.slice(to)}`, text.toString());
}

describe('letters that came with a change of the file', () => {
  it('UI-109 are found between others, in pieces, and still after more was typed', () => {
    const [here, there] = [new Y.Doc(), new Y.Doc()];
    there.getText('t').insert(0, 'one two three');
    Y.applyUpdate(here, Y.encodeStateAsUpdate(there));
    let arrival: Arrival = new Map();
    here.on('afterTransaction', (transaction) => {
      if (transaction.origin === 'host') arrival = arrivalOf(transaction);
    });
    const before = Y.encodeStateVector(there);
    there.transact(() => {
      there.getText('t').delete(4, 3);
      there.getText('t').insert(4, '2 🎉');
      there.getText('t').insert(0, '# ');
      there.getText('t').insert(there.getText('t').length, '!');
    });
    Y.applyUpdate(here, Y.encodeStateAsUpdate(there, before), 'host');
    const text = here.getText('t');
    expect(marked(text, arrival)).toBe('[# ]one [2 🎉] three[!]');
    text.insert(2, 'typed ');
    text.insert(13, 'x');
    text.delete(text.length - 1, 1);
    expect(marked(text, arrival)).toBe('[# ]typed one [2]x[ 🎉] three');
    expect(marked(new Y.Doc().getText('t'), arrival)).toBe('');
  });

  it('UI-109 are marked in coloured text, across its pieces', () => {
    const fragment = document.createRange().createContextualFragment('<b>def</b> f(<i>x</i>): pass');
    tint(fragment, [{ from: 0, to: 1 }, { from: 2, to: 5 }, { from: 6, to: 9 }]);
    const at = document.createElement('pre');
    at.append(fragment);
    expect(at.textContent).toBe('def f(x): pass');
    expect([...at.querySelectorAll('.arrived')].map((one) => one.textContent)).toEqual(['d', 'f', ' f', 'x', '):']);
    expect(at.querySelectorAll('b .arrived, i .arrived').length).toBe(3);
  });

  describe('in an open document', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    function opened() {
      const room = new Room();
      room.doc.getText('source').insert(0, 'one\n');
      const file = new OpenDocument({ url: 'ws://host/room', path: 'a.txt', user: {}, modified: null, mayEdit: true, open: room.open });
      room.last?.open();
      const say = (id: number) => room.last?.say({ type: 'merged', merges: [{ id }] });
      return { room, file, say, text: file.doc.getText('source'), disk: room.doc.getText('source') };
    }

    it('UI-109 are so for two seconds, not those that people typed nor those of before', () => {
      const { file, say, text, disk } = opened();
      say(1);
      expect(marked(text, file.arrived), 'what was there').toBe('one\n');
      vi.advanceTimersByTime(ARRIVED_MS);
      disk.insert(0, 'typed by ben ');
      disk.insert(disk.length, 'two\n');
      expect(file.arrived).toBeNull();
      say(2);
      expect(marked(text, file.arrived)).toBe('typed by ben one\n[two\n]');
      vi.advanceTimersByTime(ARRIVED_MS - 1);
      text.insert(0, 'mine ');
      expect(marked(text, file.arrived)).toBe('mine typed by ben one\n[two\n]');
      vi.advanceTimersByTime(1);
      expect(file.arrived).toBeNull();
      file.destroy();
    });

    it('UI-109 have a ground in the editor, which moves with the text and goes', async () => {
      const { file, say, text, disk } = opened();
      const parent = document.body.appendChild(document.createElement('div'));
      const extensions = [ySyncFacet.of(new YSyncConfig(text, null)), ySync, arrivedText(text, file)];
      const editor = new EditorView({ parent, doc: text.toString(), extensions });
      const shown = async () => {
        await Promise.resolve();
        return [...parent.querySelectorAll('.arrived')].map((one) => one.textContent);
      };
      disk.insert(disk.length, 'two');
      say(1);
      expect(await shown()).toEqual(['two']);
      text.insert(0, 'mine ');
      expect(await shown()).toEqual(['two']);
      vi.advanceTimersByTime(ARRIVED_MS);
      expect(await shown()).toEqual([]);
      editor.destroy();
      file.destroy();
    });
  });
});
