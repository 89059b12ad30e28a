// Frames of a room's socket (lib0 encoding, as jupyter_server_ydoc 3.0.4 speaks it). Turns bytes into messages and
// messages into bytes; knows nothing of sockets. A frame that cannot be read is `null`, never an exception.
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

const SYNC = 0;
const AWARENESS = 1;
const RAW = 2;
const QUERY_AWARENESS = 3;

const STEP_1 = 0;
const STEP_2 = 1;

/** What a room said. */
export type Message =
  | { type: 'step1'; vector: Uint8Array }
  | { type: 'step2' | 'update'; update: Uint8Array }
  | { type: 'awareness'; update: Uint8Array }
  | { type: 'query-awareness' }
  | { type: 'raw'; body: Record<string, unknown> };

export function read(frame: Uint8Array): Message | null {
  try {
    const decoder = decoding.createDecoder(frame);
    switch (decoding.readVarUint(decoder)) {
      case SYNC: {
        const step = decoding.readVarUint(decoder);
        const bytes = decoding.readVarUint8Array(decoder);
        if (step === STEP_1) return { type: 'step1', vector: bytes };
        return step > 2 ? null : { type: step === STEP_2 ? 'step2' : 'update', update: bytes };
      }
      case AWARENESS:
        return { type: 'awareness', update: decoding.readVarUint8Array(decoder) };
      case RAW: {
        const body: unknown = JSON.parse(decoding.readVarString(decoder));
        return body && typeof body === 'object' ? { type: 'raw', body: body as Record<string, unknown> } : null;
      }
      case QUERY_AWARENESS:
        return { type: 'query-awareness' };
      default:
        return null;
    }
  } catch {
    return null;
  }
}

function frame(...parts: (number | string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const encoder = encoding.createEncoder();
  for (const part of parts) {
    if (typeof part === 'number') encoding.writeVarUint(encoder, part);
    else if (typeof part === 'string') encoding.writeVarString(encoder, part);
    else encoding.writeVarUint8Array(encoder, part);
  }
  // lib0 grows its buffer; this copy has exactly the frame's bytes, and its own memory.
  return new Uint8Array(encoding.toUint8Array(encoder));
}

export const write = {
  step1: (vector: Uint8Array) => frame(SYNC, STEP_1, vector),
  step2: (update: Uint8Array) => frame(SYNC, STEP_2, update),
  update: (update: Uint8Array) => frame(SYNC, 2, update),
  awareness: (update: Uint8Array) => frame(AWARENESS, update),
  /** Save now; the answer repeats `id`. */
  save: (id: number) => frame(RAW, 'save', id),
  /** Tell me when all that I sent before this is in the durable log; the answer repeats `clock`. */
  stored: (clock: number) => frame(RAW, 'stored?', clock),
};
