// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest';
import { obstacle, saveStatus, saveSteps, type SaveFacts } from '../shared/format/saving';
import { errorOf, HostError, host, type Hello, type User, type Way } from '../shared/host/http';
import { entryOf, entryOfError, forgetSecret, keepWaiting, keptWaiting, outOf, takeSecret } from './entry';
import { foldersOf, openingOf } from './files';
import { nextLook, noticeOf, type NoticeFacts } from './notices';

describe('the way in', () => {
  const me: User = { username: 'u', name: 'Ana', display_name: 'Ana', initials: 'AN', color: null, avatar_url: null };
  const stranger: Hello = { version: '0', folder: null, host: null, me: null, role: null, ask: false, removed: false, sharing: false, jupyterlab: false };
  const offered: Hello = { ...stranger, folder: 'Tide pools', host: 'Ines', role: 'edit', sharing: true };

  beforeEach(() => {
    history.replaceState(null, '', '/slug/');
    forgetSecret();
  });

  it('UI-10 the host’s first answer decides what the page is', () => {
    const [link, nothing] = [{ secret: 's' }, {}];
    const phase = (hello: Hello, way: Way) => entryOf(hello, way).phase;
    expect([phase(stranger, nothing), phase(stranger, link), phase(offered, link), phase({ ...offered, sharing: false }, link), phase({ ...offered, me }, nothing)]).toEqual(['stranger', 'ended', 'join', 'stopped', 'in']);
    expect(phase({ ...offered, role: null, ask: true, removed: true }, nothing)).toBe('removed');
    expect(entryOf({ ...offered, ask: true }, { code: '123456' })).toEqual({ phase: 'join', role: 'edit', ask: true });
    const error = (code: HostError['code']) => entryOfError(new HostError(code, '')).phase;
    expect([error('link-ended'), error('not-shared'), error('unreachable'), error('fault')]).toEqual(['ended', 'stopped', 'unreachable', 'unreachable']);
    expect([error('removed'), error('forbidden'), entryOfError(new HostError('bad-code', '')), entryOfError(new HostError('too-many', ''))]).toEqual(['removed', 'stranger', { phase: 'stranger', code: 'wrong' }, { phase: 'stranger', code: 'too-many' }]);
    expect([errorOf(403, null).code, errorOf(500, 'x').code, errorOf(403, { code: 'link-ended', message: 'm' }).message]).toEqual(['forbidden', 'fault', 'm']);
  });

  it('UI-124 a link that ended says why and when, and so does the page of somebody who came by it', () => {
    const ended = { code: 'link-ended', message: 'm', reason: 'expired', at: 5 };
    expect(entryOfError(errorOf(403, ended))).toEqual({ phase: 'ended', why: 'expired', at: 5 });
    expect(entryOfError(errorOf(403, { ...ended, reason: 'odd', at: 'soon' }))).toEqual({ phase: 'ended', why: null, at: null });
    // Who was in and is nobody any more came by a link that ended just now.
    expect([outOf({ phase: 'stranger' }, 7), outOf({ phase: 'removed' }, 7), outOf({ phase: 'unreachable' }, 7)]).toEqual([{ phase: 'ended', why: null, at: 7 }, { phase: 'removed' }, null]);
  });

  it('UI-122 a page that is loaded again while it waits goes on waiting, whatever else is in the storage', () => {
    const waiting = { state: 'waiting' as const, ticket: 't', code: '4821', since: 3 };
    keepWaiting(waiting);
    expect(keptWaiting()).toEqual(waiting);
    keepWaiting(null);
    expect(keptWaiting()).toBeNull();
    for (const odd of ['{', '{"ticket":1}', 'null']) {
      sessionStorage.setItem('commonplace-waiting', odd);
      expect(keptWaiting()).toBeNull();
    }
    sessionStorage.removeItem('commonplace-waiting');
  });

  it('UI-11 a link’s secret leaves the address at once and is forgotten after joining; files stay in it', () => {
    history.replaceState(null, '', '/slug/#s3cret');
    expect([takeSecret(), location.href.includes('s3cret'), takeSecret()]).toEqual(['s3cret', false, 's3cret']);
    forgetSecret();
    expect(takeSecret()).toBeNull();
    history.replaceState(null, '', '/slug/#/counts.ipynb');
    expect([takeSecret(), location.hash]).toEqual([null, '#/counts.ipynb']);
  });

  it('every address is below the page’s own', () => {
    expect(host.fileUrl('a b/c#.png')).toBe('api/commonplace/file/a%20b/c%23.png');
    const room = host.roomUrl({ format: 'json', type: 'notebook', fileId: 'f1', sessionId: 's 1' });
    expect(room).toBe('ws://localhost:3000/slug/api/collaboration/room/json:notebook:f1?sessionId=s+1');
  });
});

describe('files', () => {
  it('stand in their folders, by name', () => {
    const file = (path: string) => ({ path, kind: 'text' as const, size: 0, modified: 0, people: [] });
    const shown = foldersOf(['b.md', 'z/2.md', 'a10.md', 'z/1.md', 'a2.md', 'c/d/x'].map(file));
    expect(shown.map((folder) => [folder.path, ...folder.files.map((one) => one.path)])).toEqual([['c/d', 'c/d/x'], ['z', 'z/1.md', 'z/2.md'], ['', 'a2.md', 'a10.md', 'b.md']]);
    expect(['a.ipynb', 'a.md'].map(openingOf)).toEqual(['notebook', 'text']);
  });
});

describe('saving', () => {
  const at = new Date(2026, 10, 24, 14, 32).getTime();
  const facts: SaveFacts = { loaded: true, live: true, confirms: true, unsent: 0, dirty: false, savedAt: at, fault: null, file: { state: 'fine' }, writing: false, edited: true };
  const words = (more: Partial<SaveFacts>) => {
    const { step, words: text } = saveStatus({ ...facts, ...more }, 'en-GB');
    return `${step} ${text}`;
  };

  it('UI-12 is told step by step, and no step before it is reached', () => {
    expect(words({})).toBe('3 In the file, 14:32');
    expect(words({ savedAt: null })).toBe('3 In the file');
    expect(words({ dirty: true })).toBe('2 On the host');
    expect(words({ dirty: true, writing: true })).toBe('2 Writing…');
    expect(words({ unsent: 1, dirty: true })).toBe('1 On this device');
    // "Written" of an older state does not speak of what is not even on the host.
    expect(words({ unsent: 1 })).toBe('1 On this device');
    expect(words({ unsent: 3, live: false, dirty: true })).toBe('1 3 edits not on the host');
    expect(words({ fault: '', dirty: true })).toBe('2 Not in the file');
    expect(words({ file: { state: 'gone' } })).toBe('2 Not in the file');
    expect(words({ file: { state: 'unwritable', reason: 'Full.' }, dirty: true })).toBe('2 Not in the file');
    expect(words({ file: { state: 'unfit', reason: 'Half.' }, dirty: true })).toBe('2 Not in the file');
    expect(words({ file: { state: 'unwritable', reason: 'Full.' } })).toBe('3 In the file, 14:32');
    expect([obstacle({ ...facts, file: { state: 'unreadable', reason: 'No.' } }), obstacle(facts)]).toEqual(['No.', null]);
    expect(words({ loaded: false })).toBe('0 ');
    // A host that confirms nothing is not believed to have anything in its log.
    expect(words({ confirms: false, dirty: true })).toBe('1 On this device');
    expect(saveSteps({ ...facts, confirms: false, dirty: true }, 'a.md').map((step) => [step.name, step.reached])).toEqual([['On this device', true], ['In the file a.md', false]]);
    expect(saveSteps({ ...facts, dirty: true }, 'a.md', 'en-GB').map((step) => step.when)).toEqual(['now', 'now', 'in 1 s, last 14:32']);
  });
});

describe('notices', () => {
  const facts: NoticeFacts = { loaded: true, awaySince: null, back: null, unsent: 0, fault: null, fares: { file: { state: 'fine' }, since: 0 }, merged: null, saving: false, file: 'a.md', host: 'Ines', viewOnly: false, viewOnlyClosed: false, wish: { state: 'none' }, editorSince: null };
  const id = (more: Partial<NoticeFacts>, now: number) => noticeOf({ ...facts, ...more }, now)?.id;

  it('UI-13 a lost connection is told after 1 s, a silent host after 10 s, and the return for 8 s', () => {
    expect([0, 999, 1_000, 9_999, 10_000].map((now) => id({ awaySince: 0 }, now))).toEqual([undefined, undefined, 'reconnecting', 'reconnecting', 'away']);
    expect(noticeOf({ ...facts, awaySince: 0, unsent: 3 }, 10_000)?.text).toContain('3 edits wait on this device');
    const back = { at: 0, waited: 3 };
    expect([id({ back }, 10), id({ back, unsent: 1 }, 10), id({ back }, 8_000)]).toEqual(['back', undefined, undefined]);
    expect(noticeOf({ ...facts, back }, 10)).toMatchObject({ head: 'Back.', text: 'Your 3 edits are on the host.' });
    expect([nextLook({ ...facts, awaySince: 0 }, 10), nextLook({ ...facts, awaySince: 0 }, 1_500), nextLook(facts, 0), nextLook({ ...facts, back }, 1_000)]).toEqual([990, 8_500, null, 7_000]);
  });

  it('UI-100 what is wrong with the file is said in its own words, and offers what helps', () => {
    const fares = (file: NoticeFacts['fares']['file'], since = 0) => ({ fares: { file, since } });
    const gone = fares({ state: 'gone' });
    expect(noticeOf({ ...facts, ...gone }, 0)).toEqual({ id: 'gone', kind: 'warning', head: 'a.md was deleted on the host.', text: 'It is still here.', actions: ['save again', 'copy'] });
    expect(noticeOf({ ...facts, ...gone, viewOnly: true }, 0)?.actions).toEqual(['copy']);
    expect(noticeOf({ ...facts, ...gone, fault: 'The folder is not there.' }, 0)?.text).toBe('It is still here. It could not be written: The folder is not there.');
    const full = fares({ state: 'unwritable', reason: 'The disk is full.' });
    expect(noticeOf({ ...facts, ...full }, 0)).toMatchObject({ id: 'fault', kind: 'error', head: 'a.md cannot be written.', text: 'The disk is full. Your edits are safe on the host; it tries again by itself.' });
    expect(noticeOf({ ...facts, ...fares({ state: 'unreadable', reason: 'a.md is no text' }) }, 0)?.text).toBe('a.md is no text. It is left as it is; your edits are safe on the host.');
    // Without a connection nobody knows.
    expect([id({ ...full, awaySince: 0 }, 500), id({ ...gone, awaySince: 0 }, 10_000)]).toEqual([undefined, 'away']);
  });

  it('UI-106 a notebook typed as text may be none for 3 s before that is worth a notice', () => {
    const typing = { fares: { file: { state: 'unfit' as const, reason: 'Line 3 ends too early.' }, since: 0 } };
    expect([id(typing, 2_999), id(typing, 3_000), nextLook({ ...facts, ...typing }, 1_000)]).toEqual([undefined, 'half-typed', 2_000]);
    expect(noticeOf({ ...facts, ...typing }, 3_000)?.text).toContain('Line 3 ends too early. What you type is safe on the host');
  });

  it('UI-102 a merge stays while there is something to decide, else for 8 s', () => {
    const merged = { head: 'h', text: 't', passing: true, at: 0, open: 0 };
    expect([id({ merged }, 7_999), id({ merged }, 8_000), nextLook({ ...facts, merged }, 3_000)]).toEqual(['merged', undefined, 5_000]);
    expect(noticeOf({ ...facts, merged: { ...merged, passing: false, open: 2 } }, 60_000)).toEqual({ id: 'merged', kind: 'plain', head: 'h', text: 't', actions: ['show both'], close: true });
    expect(noticeOf({ ...facts, merged }, 0)?.actions).toEqual(['versions']);
    expect(id({ merged, fares: { file: { state: 'gone' }, since: 0 } }, 0)).toBe('gone');
  });

  it('UI-13 one at a time, the worst first', () => {
    expect(id({ fault: 'The disk is full.', viewOnly: true }, 0)).toBe('fault');
    expect([id({ viewOnly: true }, 0), id({ viewOnly: true, viewOnlyClosed: true }, 0)]).toEqual(['view', undefined]);
    expect(noticeOf({ ...facts, viewOnly: true }, 0)?.text).toBe('Copying works. Ask Ines if you want to write.');
  });

  it('UI-126 a viewer’s wish to edit is told until it is answered, and a change of role at once', () => {
    const viewer = { ...facts, viewOnly: true };
    expect(noticeOf(viewer, 0)?.actions).toEqual(['ask to edit']);
    expect(noticeOf({ ...viewer, host: 'the host', wish: { state: 'waiting', code: '4821' } }, 0)).toMatchObject({ text: 'The host sees 4821 and decides. Go on reading meanwhile.', actions: ['stop asking'] });
    expect(noticeOf({ ...viewer, wish: { state: 'refused' } }, 0)).toMatchObject({ head: 'Ines did not let you edit.', actions: ['ask to edit'], close: true });
    // A closed notice comes back with news.
    expect(noticeOf({ ...viewer, viewOnlyClosed: true, wish: { state: 'failed', message: 'Too often.' } }, 0)?.text).toBe('Too often.');
    const editor = { ...facts, editorSince: 0 };
    expect([noticeOf(editor, 7_999)?.head, id(editor, 8_000), nextLook(editor, 1_000)]).toEqual(['You may edit now.', undefined, 7_000]);
  });

  it('UI-126 what an editor typed who is one no more is told to be here only', () => {
    expect(noticeOf({ ...facts, viewOnly: true, viewOnlyClosed: true, unsent: 2 }, 0)).toMatchObject({ kind: 'warning', text: '2 edits did not reach the host; they wait here until you may edit.', actions: ['ask to edit', 'copy'] });
  });
});
