// The host through its owner's HTTP routes: the window's page in an ordinary browser, against a host without a window.
// The owner's token comes in the page's address, `?token=…`, or it is in a cookie already: the host moves it there.
import type { Command, EventRecord, Message, State } from '../../bindings/protocol';
import { strings } from '../strings';
import { HostError, isErrorBody, type HostApi, type Watcher } from './api';

/** Milliseconds until a lost connection is tried again. */
const AGAIN = 1000;

/** Where the browser's own parts come from, so that a test can bring others. */
export interface Surroundings {
  fetch: typeof fetch;
  connect(address: URL): WebSocket;
  /** Opens an address in another tab. */
  open(address: string): void;
  /** Downloads a text as a file. */
  keep(name: string, text: string): void;
  /** Asks the person for a line of text. */
  prompt(question: string): string | null;
}

const browser: Surroundings = {
  fetch: (...request) => fetch(...request),
  connect: (address) => new WebSocket(address),
  open: (address) => void window.open(address, '_blank', 'noopener'),
  keep(name, text) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text]));
    link.download = name;
    link.click();
    // The browser has begun to read it by then.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  },
  prompt: (question) => window.prompt(question),
};

/** The host that served `page`, for whoever holds its owner's token. */
export function panelOverHttp(page: URL, around: Surroundings = browser): HostApi {
  const token = page.searchParams.get('token');
  const at = (path: string) => {
    const address = new URL(path, page);
    if (token) address.searchParams.set('token', token);
    return address;
  };
  const route = at('/api/commonplace/panel');

  async function ask<T>(address: URL, request?: RequestInit): Promise<T> {
    let answer: Response;
    try {
      answer = await around.fetch(address, request);
    } catch {
      throw new Error(strings.host.away.text);
    }
    const value: unknown = await answer.json().catch(() => undefined);
    if (answer.ok) return value as T;
    if (isErrorBody(value)) throw new HostError(value);
    throw new Error(strings.host.refused(answer.status));
  }

  const command = (command: Command) =>
    ask<State>(route, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(command) });

  function watch(watcher: Watcher): () => void {
    const address = new URL(route);
    address.protocol = page.protocol === 'https:' ? 'wss:' : 'ws:';
    let socket: WebSocket | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const connect = () => {
      socket = around.connect(address);
      socket.onmessage = (event) => watcher.message(JSON.parse(String(event.data)) as Message);
      socket.onclose = () => {
        watcher.lost();
        timer = setTimeout(connect, AGAIN);
      };
    };
    connect();
    return () => {
      clearTimeout(timer);
      if (socket) socket.onclose = null;
      socket?.close();
    };
  }

  return {
    command,
    watch,
    // A browser cannot name a folder on the host's machine: it has to be typed.
    pickFolder: () => Promise.resolve(around.prompt(strings.folder.typePath)?.trim() || null),
    openEditor(slug, path, lab = false) {
      const address = at(`/${encodeURIComponent(slug)}/${lab ? 'lab' : ''}`);
      if (path !== null) address.hash = `/${path.split('/').map(encodeURIComponent).join('/')}`;
      around.open(address.href);
      return Promise.resolve();
    },
    eventsBefore(seq) {
      const address = at('/api/commonplace/panel/events');
      address.searchParams.set('before', String(seq));
      return ask<EventRecord[]>(address);
    },
    saveText(name, text) {
      around.keep(name, text);
      return Promise.resolve();
    },
    watchDrops: () => () => undefined,
  };
}
