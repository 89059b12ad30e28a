import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FileEntry, FileList, FileNews } from '../bindings/protocol';
import { liveFiles, withNews, type Options } from './live';

const file = (path: string, size = 1): FileEntry => ({ path, kind: 'text', size, modified: 0, people: [] });
const news = (files: FileEntry[], gone: string[] = []): FileNews => ({ files, gone, truncated: false });
const paths = (list?: FileList) => list?.files.map((one) => `${one.path} ${one.size}`).sort();

describe('the live list of files', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function page() {
    const sockets: ReturnType<Options['open']>[] = [];
    const closed: number[] = [];
    const lists: FileList[] = [];
    let lost = 0;
    const live = liveFiles({
      open: () => {
        const number = sockets.length;
        const socket: ReturnType<Options['open']> = { onmessage: null, onclose: null, close: () => void closed.push(number) };
        sockets.push(socket);
        return socket;
      },
      onlist: (list) => lists.push(list),
      onlost: () => (lost += 1),
    });
    const tell = (number: number, body: FileNews) =>
      sockets[number]?.onmessage?.call({} as WebSocket, new MessageEvent('message', { data: JSON.stringify(body) }));
    const drop = (number: number) => sockets[number]?.onclose?.call({} as WebSocket, {} as CloseEvent);
    return { sockets, closed, lists, live, tell, drop, lost: () => lost };
  }

  it('UI-107 each message changes what it names; a sign of life changes nothing', () => {
    const { lists, tell } = page();
    tell(0, news([file('a'), file('b')]));
    tell(0, news([file('b', 2), file('c')], ['a']));
    tell(0, news([]));
    expect(lists.map((list) => paths(list))).toEqual([['a 1', 'b 1'], ['b 2', 'c 1']]);
    expect(withNews({ files: [], truncated: false }, { files: [], gone: [], truncated: true }).truncated).toBe(true);
  });

  it('UI-107 an empty folder is a list too', () => {
    const { lists, tell } = page();
    tell(0, news([]));
    expect(lists).toEqual([{ files: [], truncated: false }]);
  });

  it('UI-107 a line that is lost or silent is tried again, later each time, and what it tells begins anew', () => {
    const { sockets, closed, lists, live, tell, drop, lost } = page();
    tell(0, news([file('a'), file('b')]));
    drop(0);
    expect([lost(), sockets.length]).toEqual([1, 1]);
    vi.advanceTimersByTime(500);
    drop(1);
    vi.advanceTimersByTime(500);
    expect(sockets.length).toBe(2);
    vi.advanceTimersByTime(500);
    tell(2, news([file('c')]));
    expect([lost(), sockets.length, paths(lists.at(-1))]).toEqual([2, 3, ['c 1']]);
    vi.advanceTimersByTime(30_000);
    tell(2, news([]));
    vi.advanceTimersByTime(30_000);
    expect(lost()).toBe(2);
    vi.advanceTimersByTime(5_000);
    expect([lost(), closed]).toEqual([3, [0, 1, 2]]);
    live.hurry();
    live.hurry();
    expect(sockets.length).toBe(4);
    live.stop();
    drop(3);
    vi.advanceTimersByTime(100_000);
    live.hurry();
    expect([lost(), sockets.length]).toEqual([3, 4]);
  });
});
