// A room for tests: the host's side of a socket, in memory. It answers as a host does, when told to.
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import type { Socket } from './provider';
import { write } from './wire';

class FakeSocket implements Socket {
  binaryType: BinaryType = 'blob';
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  readyState: Socket['readyState'] = 0;
  /** Frames with a raw word, in order: `save`, `stored?`. */
  readonly asked: { word: string; id: number }[] = [];

  constructor(
    private readonly room: Room,
    readonly url: string,
  ) {}

  open(): void {
    this.readyState = 1;
    this.onopen?.call(this as unknown as WebSocket, new Event('open'));
    this.hear(write.step1(Y.encodeStateVector(this.room.doc)));
  }

  hear(frame: Uint8Array<ArrayBuffer>): void {
    this.onmessage?.call(this as unknown as WebSocket, new MessageEvent('message', { data: frame.buffer }));
  }

  say(body: Record<string, unknown>): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 2);
    encoding.writeVarString(encoder, JSON.stringify(body));
    this.hear(new Uint8Array(encoding.toUint8Array(encoder)));
  }

  fail(code: number, reason = ''): void {
    this.readyState = 3;
    const event = Object.assign(new Event('close'), { code, reason, wasClean: true }) as CloseEvent;
    this.onclose?.call(this as unknown as WebSocket, event);
  }

  close(): void {
    this.readyState = 3;
  }

  send(frame: Parameters<Socket['send']>[0]): void {
    const decoder = decoding.createDecoder(frame as Uint8Array);
    const type = decoding.readVarUint(decoder);
    if (type === 2) this.asked.push({ word: decoding.readVarString(decoder), id: decoding.readVarUint(decoder) });
    if (type !== 0) return;
    const step = decoding.readVarUint(decoder);
    const bytes = decoding.readVarUint8Array(decoder);
    if (step === 0) this.hear(write.step2(Y.encodeStateAsUpdate(this.room.doc, bytes)));
    else Y.applyUpdate(this.room.doc, bytes, this);
  }
}

export class Room {
  readonly doc = new Y.Doc();
  readonly sockets: FakeSocket[] = [];

  constructor() {
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      const { last } = this;
      if (last && origin !== last && last.readyState === 1) last.hear(write.update(update));
    });
  }

  readonly open = (url: string): Socket => {
    const socket = new FakeSocket(this, url);
    this.sockets.push(socket);
    return socket;
  };

  get last(): FakeSocket | undefined {
    return this.sockets.at(-1);
  }
}
