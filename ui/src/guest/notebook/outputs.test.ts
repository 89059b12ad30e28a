import { describe, expect, it } from 'vitest';
import { CommandKeys, type Key } from './keys';
import { firstLines, overwrite, readOutputs } from './outputs';

const data = (bundle: Record<string, unknown>, metadata = {}) => readOutputs([{ output_type: 'display_data', data: bundle, metadata }])[0];

describe('outputs', () => {
  it('UI-5 are shown in the richest form that is safe, and honestly not at all otherwise', () => {
    expect(data({ 'text/plain': 'p', 'text/html': ['<b>', 'h</b>'] })).toEqual({ kind: 'html', html: '<b>h</b>' });
    expect(data({ 'text/plain': '<Figure>', 'image/png': 'aGk=\n' }, { 'image/png': { width: 40 } })).toEqual({ kind: 'image', src: 'data:image/png;base64,aGk=', alt: '', width: 40 });
    expect(data({ 'image/svg+xml': '<svg onload="x"/>' })).toEqual({ kind: 'html', html: '<svg onload="x"/>' });
    expect(data({ 'text/latex': 'x^2', 'text/plain': 'x' })).toEqual({ kind: 'markdown', text: '$$x^2$$' });
    expect(data({ 'application/json': { a: 1 }, 'text/plain': 'x' })).toEqual({ kind: 'json', text: '{\n  "a": 1\n}' });
    expect(data({ 'application/vnd.jupyter.widget-view+json': {}, 'text/plain': 'IntSlider()' })).toEqual({ kind: 'unknown', mime: 'application/vnd.jupyter.widget-view+json', plain: 'IntSlider()' });
    expect(data({ 'application/vnd.plotly.v1+json': {}, 'text/html': '<script>', 'image/png': 'aGk=' })).toMatchObject({ kind: 'image' });
    expect(data({ 'application/vnd.dataresource+json': {}, 'text/html': '<table>' })).toEqual({ kind: 'html', html: '<table>' });
    expect(data({ 'application/vnd.bokehjs_exec.v0+json': '', 'text/html': '' })).toMatchObject({ kind: 'unknown' });
    expect(data({ 'application/javascript': 'alert(1)' })).toEqual({ kind: 'unknown', mime: 'application/javascript', plain: '' });
    expect(readOutputs([null, 3, {}, { output_type: 'display_data' }, { output_type: 'update', data: 1 }, 'x'])).toEqual([]);
    expect(readOutputs('x')).toEqual([]);
  });

  it('UI-5 programs’ text stands as a terminal would leave it', () => {
    const stream = (name: string, text: unknown) => ({ output_type: 'stream', name, text });
    expect(readOutputs([stream('stdout', 'a'), stream('stdout', ['b\n']), stream('stderr', 'c')])).toEqual([
      { kind: 'stream', stderr: false, text: 'ab\n' },
      { kind: 'stream', stderr: true, text: 'c' },
    ]);
    expect(overwrite('10 %\r100 %\r\nab\b\bx\n\by')).toBe('100 %\nx\ny');
    expect(firstLines('1\n2\n3\n', 2)).toEqual({ text: '1\n2', rest: 1 });
    expect(firstLines('abcdef', 5, 3)).toEqual({ text: 'abc', rest: 1 });
  });

  it('UI-5 errors give their name, their message and the last place', () => {
    const traceback = ['\u001b[31m---\u001b[0m', 'File ~/a.py:3, in f', 'Cell \u001b[32mIn[4]\u001b[0m, line 2', '  x'];
    expect(readOutputs([{ output_type: 'error', ename: 'NameError', evalue: 'np', traceback }])).toEqual([
      { kind: 'error', name: 'NameError', message: 'np', place: 'Cell In[4], line 2', trace: traceback.join('\n') },
    ]);
  });
});

describe('keys', () => {
  const press = (key: string, more: Partial<Key> = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

  it('UI-6 mean in command mode what they mean in Jupyter', () => {
    const keys = new CommandKeys();
    const meaning = (key: string, more?: Partial<Key>) => keys.read(press(key, more), 0);
    expect(['j', 'k', 'ArrowDown', 'ArrowUp', 'a', 'b', 'c', 'x', 'v', 'm', 'y', 'r', 'z', 'Enter'].map((key) => meaning(key))).toEqual(
      ['next', 'previous', 'next', 'previous', 'above', 'below', 'copy', 'cut', 'paste', 'markdown', 'code', 'raw', 'undo', 'edit'],
    );
    expect(meaning('Z', { shiftKey: true })).toBe('redo');
    expect(meaning('Enter', { shiftKey: true })).toBe('go on');
    expect(meaning('ArrowUp', { altKey: true })).toBe('up');
    expect(['c', 'v', 'a', 'r'].map((key) => meaning(key, { ctrlKey: true }))).toEqual([null, null, null, null]);
    expect(['A', 'q', 'Tab', 'Escape'].map((key) => meaning(key, { shiftKey: key === 'A' }))).toEqual([null, null, null, null]);
  });

  it('UI-6 D deletes only when pressed twice in a row, soon', () => {
    const keys = new CommandKeys();
    expect([keys.read(press('d'), 0), keys.read(press('d'), 700)]).toEqual([null, 'delete']);
    expect([keys.read(press('d'), 2000), keys.read(press('d'), 2900), keys.read(press('d'), 3000)]).toEqual([null, null, 'delete']);
    expect([keys.read(press('d'), 5000), keys.read(press('j'), 5100), keys.read(press('d'), 5200)]).toEqual([null, 'next', null]);
  });
});
