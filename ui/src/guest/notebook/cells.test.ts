import { YNotebook } from '@jupyter/ydoc';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { Notebook, newId } from './cells';

/** A notebook here and JupyterLab's own model of it there, kept in step. */
function pair(cells: Record<string, unknown>[] = []) {
  const theirs = new YNotebook();
  const doc = new Y.Doc();
  doc.on('update', (update: Uint8Array, origin: unknown) => origin !== 'there' && Y.applyUpdate(theirs.ydoc, update, 'here'));
  theirs.ydoc.on('update', (update: Uint8Array, origin: unknown) => origin !== 'here' && Y.applyUpdate(doc, update, 'there'));
  theirs.nbformat = 4;
  theirs.nbformat_minor = 5;
  const mine = new Notebook(doc);
  mine.insert(0, cells.map((cell) => ({ metadata: {}, source: '', ...cell })));
  return { mine, theirs, doc };
}

const sources = (notebook: Notebook) => notebook.cells.map((cell) => cell.text);

describe('a notebook', () => {
  it('UI-1 is the same for Jupyter’s own model after every edit made here', () => {
    const { mine, theirs } = pair([{ id: 'a', cell_type: 'code', source: 'a = 1' }, { id: 'b', cell_type: 'markdown', source: '# b' }]);
    const same = () => expect(theirs.toJSON().cells.map(({ id, cell_type, source }) => [id, cell_type, source])).toEqual(mine.cells.map((cell) => [cell.id, cell.type, cell.text]));
    same();
    const key = mine.insert(1, [{ cell_type: 'code', metadata: {}, source: 'new', outputs: [{ output_type: 'stream', name: 'stdout', text: ['x\n', 'y'] }] }]);
    expect([mine.indexOf(key), mine.cells[1]?.id]).toEqual([1, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    same();
    mine.move(0, 2);
    expect(mine.cells.map((cell) => cell.id).slice(1)).toEqual(['b', 'a']);
    same();
    mine.setType(2, 'markdown');
    same();
    mine.cells[1]?.source?.insert(0, '## ');
    same();
    mine.remove(0);
    same();
    expect(sources(mine)).toEqual(['## # b', 'a = 1']);
    theirs.insertCell(0, { cell_type: 'raw', source: 'theirs', metadata: {} });
    same();
    theirs.moveCell(0, 2);
    same();
  });

  it('UI-2 undo and redo are mine only, over text and cells alike', () => {
    const { mine, theirs } = pair([{ id: 'a', cell_type: 'code', source: 'one' }, { id: 'b', cell_type: 'code', source: 'two' }]);
    mine.undo.clear();
    const origin = {};
    mine.undo.addTrackedOrigin(origin);
    mine.doc.transact(() => mine.cells[0]?.source?.insert(0, 'mine '), origin);
    theirs.getCell(1).updateSource(0, 0, 'theirs ');
    mine.remove(0);
    expect(sources(mine)).toEqual(['theirs two']);
    mine.undo.undo();
    expect(sources(mine)).toEqual(['mine one', 'theirs two']);
    expect(mine.cells[0]?.source).toBeInstanceOf(Y.Text);
    mine.undo.undo();
    expect(sources(mine)).toEqual(['one', 'theirs two']);
    mine.undo.undo();
    expect(sources(mine)).toEqual(['one', 'theirs two']);
    mine.undo.redo();
    mine.undo.redo();
    expect(sources(mine)).toEqual(['theirs two']);
    expect(theirs.toJSON().cells.map((cell) => cell.source)).toEqual(['theirs two']);
  });

  it('UI-3 one cell’s change is told by that cell alone, and a moved cell keeps its key', () => {
    const { mine, theirs } = pair([{ id: 'a', cell_type: 'code', source: '1' }, { id: 'b', cell_type: 'code', source: '2' }]);
    const told: string[] = [];
    for (const cell of mine.cells) cell.listen(() => told.push(cell.key));
    const [a] = mine.cells;
    theirs.getCell(1).updateSource(0, 0, 'x');
    expect(told).toEqual(['b']);
    expect(mine.cells[0]).toBe(a);
    mine.move(0, 1);
    expect(mine.cells.map((cell) => cell.key)).toEqual(['b', 'a']);
  });

  it('UI-4 reads what older and foreign clients write, and bad shapes harm nothing', () => {
    const doc = new Y.Doc();
    const map = (entries: [string, unknown][]) => new Y.Map(entries);
    doc.getArray('cells').insert(0, [
      map([['id', 'x'], ['cell_type', 'code'], ['source', ['a\n', 'b']], ['outputs', [{ output_type: 'stream', name: 'stdout', text: ['1\n', '2'] }]], ['execution_count', 0]]),
      map([['id', 'x'], ['cell_type', 'nonsense']]),
      map([['outputs', 7], ['cell_type', 'code'], ['attachments', 'no']]),
      'not a cell',
    ]);
    doc.getMap('meta').set('metadata', 'broken');
    const notebook = new Notebook(doc);
    expect(notebook.cells.map((cell) => [cell.key, cell.type, cell.text, cell.count, cell.source])).toEqual([['x', 'code', 'a\nb', null, null], ['x#1', 'code', '', null, null], ['cell', 'code', '', null, null]]);
    expect(notebook.cells[0]?.outputs).toEqual([{ kind: 'stream', stderr: false, text: '1\n2' }]);
    expect(notebook.cells[2]?.outputs).toEqual([]);
    expect(notebook.language).toBe('python');
  });

  it('UI-160 a cell of another type keeps its pictures, except in code, where they come back with undo', () => {
    const attachments = { 'a.png': { 'image/png': 'aGk=' } };
    const { mine, theirs } = pair([{ id: 'a', cell_type: 'markdown', source: '![](attachment:a.png)', attachments }]);
    const theirCell = () => theirs.toJSON().cells[0] as unknown as Record<string, unknown>;
    mine.setType(0, 'raw');
    expect(theirCell()).toMatchObject({ cell_type: 'raw', attachments });
    mine.setType(0, 'code');
    expect(theirCell().attachments).toBeUndefined();
    mine.undo.undo();
    expect(theirCell().attachments).toEqual(attachments);
  });

  it('can be kept as a file', () => {
    const { mine } = pair([{ id: 'a', cell_type: 'code', source: '1', outputs: [], execution_count: 3 }]);
    mine.cells[0]?.map.set('execution_state', 'running');
    expect(mine.cells[0]?.running).toBe(true);
    expect(JSON.parse(JSON.stringify(mine.toJson()))).toEqual({
      cells: [{ id: 'a', cell_type: 'code', source: '1', outputs: [], execution_count: 3, metadata: {} }],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5,
    });
  });

  it('makes ids of the form that nbformat wants', () => {
    expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
