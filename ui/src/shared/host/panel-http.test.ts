import { describe, expect, it, vi } from 'vitest';
import type { Message } from '../../bindings/protocol';
import { HostError } from './api';
import { panelOverHttp, type Surroundings } from './panel-http';

const page = new URL('http://127.0.0.1:8787/panel?token=a%2Bb');

/** A browser whose answers are the test's. */
function browser(answer: () => Promise<Response>) {
  const sockets: FakeSocket[] = [];
  class FakeSocket {
    onmessage: ((event: { data: string }) => void) | null = null;
    onclose: (() => void) | null = null;
    closed = false;
    constructor(readonly address: URL) {
      sockets.push(this);
    }
    close() {
      this.closed = true;
    }
  }
  const around = { fetch: vi.fn(answer), connect: (address: URL) => new FakeSocket(address), open: vi.fn(), prompt: vi.fn(() => ' /home/ines/tides ') };
  return { ...around, sockets, around: around as unknown as Surroundings };
}
const json = (body: unknown, status = 200) => Promise.resolve(new Response(JSON.stringify(body), { status }));

describe('the window in an ordinary browser', () => {
  it('UI-46 asks with the owner’s token and gets the state or the host’s words', async () => {
    const good = browser(() => json({ version: '1' }));
    expect(await panelOverHttp(page, good.around).command({ do: 'add-sample' })).toEqual({ version: '1' });
    const [route, request] = good.fetch.mock.calls[0] as unknown as [URL, RequestInit];
    expect(String(route)).toBe('http://127.0.0.1:8787/api/commonplace/panel?token=a%2Bb');
    expect([request.method, request.body]).toEqual(['POST', '{"do":"add-sample"}']);

    const held = browser(() => json({ version: '1' }));
    await panelOverHttp(new URL('http://127.0.0.1:8787/panel.html'), held.around).command({ do: 'add-sample' });
    expect(String((held.fetch.mock.calls[0] as unknown as [URL])[0])).toBe('http://127.0.0.1:8787/api/commonplace/panel');

    const no = browser(() => json({ code: 'not-found', reason: null, message: '/x is no folder.' }, 404));
    const refusal = panelOverHttp(page, no.around).command({ do: 'add-folder', path: '/x' });
    await expect(refusal).rejects.toThrow('/x is no folder.');
    await expect(refusal).rejects.toBeInstanceOf(HostError);
    const odd = browser(() => Promise.resolve(new Response('<html>', { status: 502 })));
    await expect(panelOverHttp(page, odd.around).command({ do: 'add-sample' })).rejects.toThrow('502');
    const off = browser(() => Promise.reject(new TypeError('Load failed')));
    await expect(panelOverHttp(page, off.around).command({ do: 'add-sample' })).rejects.toThrow('tried again');
  });

  it('UI-46 listens, and connects anew when the host is back', () => {
    vi.useFakeTimers();
    const { sockets, around } = browser(() => json({}));
    const told: Message[] = [];
    let lost = 0;
    const stop = panelOverHttp(page, around).watch({ message: (message) => told.push(message), lost: () => (lost += 1) });
    expect(String(sockets[0]?.address)).toBe('ws://127.0.0.1:8787/api/commonplace/panel?token=a%2Bb');
    sockets[0]?.onmessage?.({ data: '{"type":"events","events":[]}' });
    expect(told).toEqual([{ type: 'events', events: [] }]);
    sockets[0]?.onclose?.();
    expect([lost, sockets.length]).toEqual([1, 1]);
    vi.runAllTimers();
    expect(sockets.length).toBe(2);
    stop();
    expect([sockets[1]?.closed, sockets[1]?.onclose]).toEqual([true, null]);
    vi.useRealTimers();
  });

  it('UI-45 opens a document at its own address', async () => {
    const { open, around } = browser(() => json({}));
    const host = panelOverHttp(page, around);
    await host.openEditor('tides', null);
    await host.openEditor('tides', 'methods/Höhe 1%.md');
    await host.openEditor('tides', null, true);
    expect(open.mock.calls.flat()).toEqual([
      'http://127.0.0.1:8787/tides/?token=a%2Bb',
      'http://127.0.0.1:8787/tides/?token=a%2Bb#/methods/H%C3%B6he%201%25.md',
      'http://127.0.0.1:8787/tides/lab?token=a%2Bb',
    ]);
    expect(await host.pickFolder()).toBe('/home/ines/tides');
  });
});
