// Keeps one Y.Doc and its awareness in step with a room of the host over a socket that may come and go. It knows
// bytes, time and codes; it knows neither pages nor documents' shapes.
//
// The url, with its session id, stays the same for the provider's life: a new session id would walk round the host's
// check that both sides share one history, and mixing two histories loses text without an error.
import * as awarenessProtocol from 'y-protocols/awareness';
import * as Y from 'yjs';
import { read, write } from './wire';

/** Where the connection is. `away` = it was live once and is being restored. */
export type Link = 'connecting' | 'loading' | 'live' | 'away';

/** Why the room will not be tried again. */
export interface End {
  kind: 'history' | 'broken' | 'forbidden' | 'gone' | 'stopped' | 'refused';
  /** The host's words, if any. */
  reason: string;
}

export type SaveAnswer = { status: 'success' | 'skipped' } | { status: 'failed'; message: string };

/** The part of WebSocket that is used; tests bring their own. */
export type Socket = Pick<WebSocket, 'binaryType' | 'onopen' | 'onmessage' | 'onclose' | 'send' | 'close' | 'readyState'>;

export interface Options {
  url: string;
  doc: Y.Doc;
  awareness: awarenessProtocol.Awareness;
  open?: (url: string) => Socket;
  /** Asked when a socket was refused before it opened, which says nothing about why: the end, or null to go on trying. */
  probe?: () => Promise<End | null>;
  /** Hears what the host says of its own accord. */
  news?: (body: Record<string, unknown>) => void;
  /** 0 to 1; for jitter. */
  random?: () => number;
}

const SILENCE_MS = 30_000;
const CHECK_MS = 3_000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;
const TICK_DELAY_MS = 100;
const SAVE_TIMEOUT_MS = 30_000;
const OPEN = 1;

export class Provider {
  link: Link = 'connecting';
  /** When the connection was lost, unix ms; null while there is one, or before the first. */
  awaySince: number | null = null;
  end: End | null = null;
  /** The host confirms edits. Where it never did, nothing may be said about its log. */
  confirms = false;
  /** The document's content has arrived at least once. */
  loaded = false;
  /** How many sockets were opened so far. */
  sockets = 0;

  private socket: Socket | null = null;
  private synced = false;
  private attempts = 0;
  private lastHeard = Date.now();
  private retry: ReturnType<typeof setTimeout> | null = null;
  private tick: ReturnType<typeof setTimeout> | null = null;
  private readonly watchdog: ReturnType<typeof setInterval>;
  private destroyed = false;
  /** My edits are numbered; what is sent and what the host has in its log are such numbers. */
  private made = 0;
  private sent = 0;
  private stored = 0;
  private asked = 0;
  private saves = new Map<number, (answer: SaveAnswer) => void>();
  private saveId = 0;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly options: Options) {
    options.doc.on('update', this.onUpdate);
    options.awareness.on('update', this.onAwareness);
    this.watchdog = setInterval(() => {
      if (this.socket && Date.now() - this.lastHeard > SILENCE_MS) this.drop(this.socket, 0, '');
    }, CHECK_MS);
    this.connect();
  }

  /** My edits that the host has not confirmed, or, if it never confirms, that were not sent. */
  get unsent(): number {
    return this.made - (this.confirms ? this.stored : this.sent);
  }

  /** Called after every change of what this object shows. Returns the way out. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Asks the host to write the file now. */
  save(): Promise<SaveAnswer> {
    if (!this.synced) return Promise.resolve({ status: 'failed', message: '' });
    this.saveId += 1;
    const id = this.saveId;
    return new Promise((resolve) => {
      const timeout = setTimeout(() => this.answerSave(id, { status: 'failed', message: '' }), SAVE_TIMEOUT_MS);
      this.saves.set(id, (answer) => {
        clearTimeout(timeout);
        resolve(answer);
      });
      this.send(write.save(id));
    });
  }

  /** Tries at once instead of waiting; for "the network is back" and "the page is looked at again". */
  hurry = (): void => {
    if (this.retry === null) return;
    this.attempts = 0;
    this.connect();
  };

  destroy(): void {
    if (this.destroyed) return;
    awarenessProtocol.removeAwarenessStates(this.options.awareness, [this.options.doc.clientID], 'leaving');
    this.destroyed = true;
    this.options.doc.off('update', this.onUpdate);
    this.options.awareness.off('update', this.onAwareness);
    clearInterval(this.watchdog);
    this.forgetTimers();
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
    this.failSaves();
    this.listeners.clear();
  }

  private connect(): void {
    if (this.destroyed || this.end) return;
    this.forgetTimers();
    const socket = (this.options.open ?? ((url) => new WebSocket(url)))(this.options.url);
    let opened = false;
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    this.sockets += 1;
    this.synced = false;
    this.lastHeard = Date.now();
    socket.onopen = () => {
      if (socket !== this.socket) return;
      opened = true;
      this.lastHeard = Date.now();
      this.send(write.step1(Y.encodeStateVector(this.options.doc)));
      this.announce();
      if (!this.loaded) this.set(() => (this.link = 'loading'));
    };
    socket.onmessage = (event) => {
      if (socket !== this.socket) return;
      this.lastHeard = Date.now();
      if (event.data instanceof ArrayBuffer) this.hear(new Uint8Array(event.data));
    };
    socket.onclose = (event) => {
      if (socket !== this.socket) return;
      if (opened) this.drop(socket, event.code, event.reason);
      else void this.ask(socket, event.code, event.reason);
    };
  }

  /** The handshake was refused: 403, 404 and "nobody there" look the same to a page, so ask over HTTP. */
  private async ask(socket: Socket, code: number, reason: string): Promise<void> {
    const end = code === 1006 ? await this.options.probe?.().catch(() => null) : null;
    if (socket !== this.socket || this.destroyed) return;
    if (end) this.finish(end);
    else this.drop(socket, code, reason);
  }

  private hear(bytes: Uint8Array): void {
    const message = read(bytes);
    const { doc, awareness } = this.options;
    switch (message?.type) {
      case 'step1':
        this.send(write.step2(Y.encodeStateAsUpdate(doc, message.vector)));
        this.sent = this.made;
        this.askStored();
        break;
      case 'step2':
      case 'update':
        Y.applyUpdate(doc, message.update, this);
        if (message.type === 'step2') this.arrived();
        break;
      case 'awareness':
        awarenessProtocol.applyAwarenessUpdate(awareness, message.update, this);
        break;
      case 'query-awareness':
        this.announce();
        break;
      case 'raw':
        this.hearRaw(message.body);
        break;
    }
  }

  private hearRaw(body: Record<string, unknown>): void {
    const id = body.responseTo;
    if (typeof id !== 'number') {
      this.options.news?.(body);
    } else if (body.type === 'stored') {
      this.set(() => {
        this.confirms = true;
        this.stored = Math.max(this.stored, Math.min(id, this.made));
      });
    } else if (body.type === 'save') {
      const failed = { status: 'failed' as const, message: typeof body.message === 'string' ? body.message : '' };
      const { status } = body;
      this.answerSave(id, status === 'success' || status === 'skipped' ? { status } : failed);
    }
  }

  private arrived(): void {
    this.synced = true;
    this.attempts = 0;
    this.set(() => {
      this.loaded = true;
      this.link = 'live';
      this.awaySince = null;
    });
  }

  private drop(socket: Socket, code: number, reason: string): void {
    this.socket = null;
    this.synced = false;
    this.asked = 0;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (code === 0) socket.close();
    this.failSaves();
    const end = endOf(code, reason);
    if (end) {
      this.finish(end);
      return;
    }
    // Without the host nobody knows who else is here.
    const { awareness, doc } = this.options;
    const others = [...awareness.getStates().keys()].filter((id) => id !== doc.clientID);
    awarenessProtocol.removeAwarenessStates(awareness, others, this);
    this.set(() => {
      this.link = this.loaded ? 'away' : 'connecting';
      this.awaySince ??= Date.now();
    });
    const random = (this.options.random ?? Math.random)();
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.attempts, 10));
    this.attempts += 1;
    // 4503: the host dropped us because we were slow to read; there is nothing to wait for.
    this.retry = setTimeout(() => this.connect(), code === 4503 ? 0 : wait * (0.5 + random / 2));
  }

  private finish(end: End): void {
    this.forgetTimers();
    this.socket = null;
    this.synced = false;
    this.set(() => {
      this.end = end;
      this.link = this.loaded ? 'away' : 'connecting';
    });
  }

  private readonly onUpdate = (update: Uint8Array, origin: unknown, doc: Y.Doc, transaction: Y.Transaction): void => {
    if (origin === this) return;
    // `dirty` and its like are bookkeeping; what a person would call an edit changes anything else.
    const state = doc.getMap('state') as unknown;
    if ([...transaction.changed.keys()].some((type) => type !== state)) this.made += 1;
    // Before the handshake is done, the answer to the host's step 1 carries this update.
    if (this.socket?.readyState === OPEN) {
      this.send(write.update(update));
      if (this.synced) this.sent = this.made;
    }
    this.askStored();
    this.set(() => undefined);
  };

  private readonly onAwareness = (changes: { added: number[]; updated: number[] }, origin: unknown): void => {
    const { awareness, doc } = this.options;
    const mine = changes.added.includes(doc.clientID) || changes.updated.includes(doc.clientID);
    // Everybody speaks for themselves: passing on what others said would make N clients send N frames for one change.
    if (origin === 'leaving') this.send(write.awareness(awarenessProtocol.encodeAwarenessUpdate(awareness, [doc.clientID])));
    else if (mine && origin !== this) this.announceNow();
  };

  private announce(): void {
    const { awareness } = this.options;
    // When the socket dropped, the host told the others that we left, one clock ahead: be newer than that.
    const own = awareness.getLocalState();
    if (own === null) return;
    awareness.setLocalState(own);
    awareness.setLocalState(own);
  }

  private announceNow(): void {
    const { awareness, doc } = this.options;
    if (awareness.getLocalState() === null) return;
    this.send(write.awareness(awarenessProtocol.encodeAwarenessUpdate(awareness, [doc.clientID])));
  }

  /** One question for many keystrokes: asks a moment after the first edit that was not asked about. */
  private askStored(): void {
    if (this.tick !== null || this.asked === this.made || this.stored >= this.made) return;
    this.tick = setTimeout(() => {
      this.tick = null;
      if (!this.synced) return;
      this.asked = this.made;
      this.send(write.stored(this.made));
    }, TICK_DELAY_MS);
  }

  private send(frame: Uint8Array<ArrayBuffer>): void {
    if (this.socket?.readyState === OPEN) this.socket.send(frame);
  }

  private answerSave(id: number, answer: SaveAnswer): void {
    this.saves.get(id)?.(answer);
    this.saves.delete(id);
  }

  private failSaves(): void {
    for (const id of [...this.saves.keys()]) this.answerSave(id, { status: 'failed', message: '' });
  }

  private forgetTimers(): void {
    if (this.retry !== null) clearTimeout(this.retry);
    if (this.tick !== null) clearTimeout(this.tick);
    this.retry = this.tick = null;
  }

  private set(change: () => void): void {
    change();
    for (const listener of this.listeners) listener();
  }
}

/** The codes after which trying again would only annoy the host; everything else is worth another try. */
function endOf(code: number, reason: string): End | null {
  if (code === 1003) return { kind: 'history', reason };
  if (code === 1009) return { kind: 'refused', reason };
  // 4510 is a host that quits, 4410 one that no longer shares; it is the same to whoever reads it.
  if (code === 4510) return { kind: 'stopped', reason };
  if (code < 4400 || code > 4499) return null;
  const kinds: Record<number, End['kind']> = { 4400: 'broken', 4403: 'forbidden', 4404: 'gone', 4410: 'stopped' };
  return { kind: kinds[code] ?? 'refused', reason };
}
