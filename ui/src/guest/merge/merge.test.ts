import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import type { Conflict, Merge } from '../../bindings/protocol';
import type { Merged } from '../../shared/collab/document';
import { keep, lineOf, takeBack } from './choice';
import { mergeNews, placesOf, typedBy } from './news';
import { apply, edits, find, lineAt, middle } from './replace';

/** Numbers that look random and are the same each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

describe('putting one text in another’s place', () => {
  it('finds whole lines, the nearest to where they were', () => {
    const text = 'a\nx = 1\nb\nx = 1\nx = 12\n';
    expect([find(text, 'x = 1', 1), find(text, 'x = 1', 4), find(text, 'x = 1', 40)]).toEqual([2, 10, 10]);
    expect([find(text, 'x = ', 2), find(text, 'b\nx = 1', 9), find(text, 'nothing', 1), find('one\r\ntwo', 'one', 1)]).toEqual([null, 8, null, 0]);
    expect([find('a\n\nb\n\n', '', 2), find('a\n\nb\n\n', '', 3), find('', '', 1)]).toEqual([2, null, 0]);
    expect([lineAt(text, 0), lineAt(text, 2), lineAt(text, 9)]).toEqual([1, 2, 3]);
  });

  it('UI-103 takes the fewest letters and gives exactly the other text, whatever both are', () => {
    expect(edits('counts[counts.station != 7valid]', 'counts[counts.valid]')).toEqual([{ at: 14, remove: 12, insert: '' }]);
    expect(edits('same', 'same')).toEqual([]);
    expect(middle('a🎉c', 'a🎈c')).toEqual({ from: 1, a: '🎉', b: '🎈' });
    const next = numbers(7);
    const letters = ['a', 'b', '\n', '🎉', '🎈', 'é', ' '];
    const word = () => Array.from({ length: next(24) }, () => letters[next(letters.length)]).join('');
    for (let round = 0; round < 500; round += 1) {
      const [before, from, to, after] = [word(), word(), word(), word()];
      const text = new Y.Doc().getText('source');
      text.insert(0, before + from + after);
      apply(text, before.length, edits(from, to));
      expect(text.toString()).toBe(before + to + after);
    }
    const [long, other] = ['x'.repeat(3_000), 'y'.repeat(3_000)];
    expect(edits(long, other)).toEqual([{ at: 0, remove: 3_000, insert: other }]);
  });
});

const conflict: Conflict = { number: 3, cell: 'c', texts: { line: 2, here: 'x = hers', disk: 'x = his', merged: 'x = hershis' } };

/** A merge as the host tells it. */
function merge(id: number, report: Partial<Merge['report']> = {}): Merge {
  const nothing = { changed: 0, added: 0, removed: 0, kept: 0, conflicts: [], live_edits: false };
  return { id, time: 0, path: 'a/counts.ipynb', closed: false, by: [], here: '', disk: '', report: { ...nothing, ...report } };
}

describe('keeping one side', () => {
  function opened() {
    const doc = new Y.Doc();
    const map = new Y.Map<unknown>([['id', 'c'], ['source', new Y.Text('# one\nx = hershis\n# two')]]);
    doc.getArray('cells').insert(0, [new Y.Map([['id', 'b']]), map]);
    const undo = new Y.UndoManager(doc.getArray('cells'), { trackedOrigins: new Set() });
    return { doc, undo, text: map.get('source') as Y.Text };
  }

  it('UI-103 is an edit in that line only, which undo takes back in one step', () => {
    const { doc, undo, text } = opened();
    expect(lineOf(doc, conflict)).toBe(2);
    expect([keep({ doc, undo }, conflict, 'disk'), text.toString()]).toEqual([true, '# one\nx = his\n# two']);
    undo.undo();
    expect([text.toString(), undo.undoStack.length]).toEqual(['# one\nx = hershis\n# two', 0]);
    expect([keep({ doc, undo }, conflict, 'here'), text.toString()]).toEqual([true, '# one\nx = hers\n# two']);
    takeBack({ doc, undo }, conflict, 'here', undo.undoStack.length);
    expect(text.toString()).toBe('# one\nx = hershis\n# two');
  });

  it('UI-103 touches nothing once the text has moved on, and what was typed since stays', () => {
    const { doc, undo, text } = opened();
    text.insert(8, '!');
    expect([lineOf(doc, conflict), keep({ doc, undo }, conflict, 'disk'), undo.undoStack.length]).toEqual([null, false, 0]);
    expect([lineOf(doc, { ...conflict, texts: null }), lineOf(doc, { ...conflict, cell: 'gone' })]).toEqual([null, null]);
    text.delete(8, 1);
    keep({ doc, undo }, conflict, 'disk');
    const depth = undo.undoStack.length;
    doc.transact(() => text.insert(text.length, '!'), undo);
    takeBack({ doc, undo }, conflict, 'disk', depth);
    expect(text.toString()).toBe('# one\nx = hershis\n# two!');
    const plain = new Y.Doc();
    plain.getText('source').insert(0, 'x = hershis');
    keep({ doc: plain, undo: null }, { ...conflict, cell: null }, 'here');
    expect(plain.getText('source').toString()).toBe('x = hers');
  });
});

describe('what is said of a merge', () => {
  const told = (...merges: Merge[]): Merged[] => merges.map((one) => ({ merge: one, away: false, at: 5 }));
  const news = (merged: Merged[]) => mergeNews(merged, 'counts.ipynb', placesOf(merged));

  it('UI-102 one notice for all, with what changed, who kept what, and where both wrote', () => {
    expect(news([])).toBeNull();
    expect(news(told(merge(1, { changed: 2, added: 1, live_edits: true })))).toEqual({
      head: 'counts.ipynb was changed on disk and merged.',
      text: '2 cells changed, 1 cell added. Nobody’s typing was lost.',
      passing: true,
    });
    expect(news(told(merge(1, { kept: 1 })))?.text).toBe('1 cell deleted on disk is kept, because somebody edits it here.');
    const both = told(merge(1, { changed: 1, conflicts: [conflict] }), merge(2, { conflicts: [{ ...conflict, number: 5 }] }));
    expect(news(both)).toEqual({
      head: 'counts.ipynb was changed on disk 2 times and merged.',
      text: 'In cells 3 and 5 both wrote on one line; both texts are there.',
      passing: false,
    });
    expect(news(both.slice(0, 1))?.text).toBe('In cell 3 both wrote on one line; both texts are there.');
    expect(mergeNews(both, 'counts.ipynb', [])?.passing).toBe(false);
    expect(news(told(merge(1, { conflicts: [{ ...conflict, cell: null, number: 12 }] })))?.text).toBe('On line 12 both wrote; both texts are there.');
    const many = [1, 2, 3, 4, 5].map((number) => ({ ...conflict, number }));
    expect(news(told(merge(1, { conflicts: many })))?.text).toBe('In 5 places both wrote on one line; both texts are there.');
    expect(news([{ merge: merge(1, { changed: 1 }), away: true, at: 5 }])).toEqual({
      head: 'counts.ipynb was changed on disk while you were away, and merged.',
      text: '1 cell changed.',
      passing: false,
    });
    const by = ['ana', 'ben'].map((username) => ({ username, name: username.toUpperCase(), color: null }));
    const one = (username: string) => typedBy({ ...merge(1), by: by.filter((person) => person.username === username) }, 'ben');
    expect([one('ana'), one('ben'), one('nobody'), typedBy({ ...merge(1), by }, 'ben')]).toEqual(['ANA', 'you', '', '']);
  });
});
