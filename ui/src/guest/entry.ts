// What the page is: what the host's first answer, or its silence, means for whoever opened it. Pure, but for what the
// browser remembers.
import { HostError, type Hello, type Knocked, type Role, type User, type Way } from '../shared/host/http';

export interface Inside {
  me: User;
  role: Role;
  folder: string;
  host: string;
  /** Whether the folder can also be opened in JupyterLab. */
  jupyterlab: boolean;
}

/** Somebody asked and waits. */
export type Waiting = Extract<Knocked, { state: 'waiting' }>;

/** Why nobody comes in by a link any more, and when it ended (unix ms), as far as that is known. */
export interface LinkEnd {
  why: 'revoked' | 'expired' | 'used-up' | null;
  at: number | null;
}

/** An end of the visit. */
export type Out = ({ phase: 'ended' } & LinkEnd) | { phase: 'stopped' } | { phase: 'removed' };

export type Entry =
  | ({ phase: 'in' } & Inside)
  | { phase: 'join'; role: Role; ask: boolean }
  | { phase: 'stranger'; code?: 'wrong' | 'too-many' }
  | { phase: 'waiting'; waiting: Waiting }
  | { phase: 'refused' }
  | { phase: 'over' }
  | { phase: 'unreachable' }
  | Out;

/** Reads the answer to `hello`, asked with or without a link's secret or the code. */
export function entryOf(hello: Hello, way: Way): Entry {
  const { me, role, folder, host, sharing, jupyterlab } = hello;
  if (me && role) return { phase: 'in', me, role, folder: folder ?? '', host: host ?? '', jupyterlab };
  if (hello.removed) return { phase: 'removed' };
  // Without a cookie or a good link the host tells nothing, not even whether anything is shared.
  if (folder === null || role === null) return way.secret === undefined ? { phase: 'stranger' } : { phase: 'ended', why: null, at: null };
  return sharing ? { phase: 'join', role, ask: hello.ask } : { phase: 'stopped' };
}

export function entryOfError(error: unknown): Entry {
  if (!(error instanceof HostError)) return { phase: 'unreachable' };
  const { reason, at } = error;
  switch (error.code) {
    case 'link-ended':
      return { phase: 'ended', why: reason === 'revoked' || reason === 'expired' || reason === 'used-up' ? reason : null, at };
    case 'not-shared':
      return { phase: 'stopped' };
    case 'removed':
      return { phase: 'removed' };
    case 'forbidden':
      return { phase: 'stranger' };
    case 'bad-code':
      return { phase: 'stranger', code: 'wrong' };
    case 'too-many':
      return { phase: 'stranger', code: 'too-many' };
    default:
      return { phase: 'unreachable' };
  }
}

/** What it means for somebody who was in that the host knows them no more. */
export function outOf(entry: Entry, now: number): Out | null {
  if (entry.phase === 'ended' || entry.phase === 'stopped' || entry.phase === 'removed') return entry;
  // Guests whose link ended are forgotten.
  return entry.phase === 'stranger' || entry.phase === 'join' ? { phase: 'ended', why: null, at: now } : null;
}

/** A link's secret in the address's fragment; `#/…` is a file, not a secret. */
export function secretOfHash(hash: string): string | null {
  return hash.length > 1 && !hash.startsWith('#/') ? hash.slice(1) : null;
}

/** Storage may be refused; then nothing is remembered and all else works. */
export const memory = {
  get: (key: string, storage: () => Storage = () => localStorage): string | null => {
    try {
      return storage().getItem(key);
    } catch {
      return null;
    }
  },
  set: (key: string, value: string | null, storage: () => Storage = () => localStorage): void => {
    try {
      if (value === null) storage().removeItem(key);
      else storage().setItem(key, value);
    } catch {
      // Refused: not remembered.
    }
  },
};

const SECRET = 'commonplace-secret';
const WAITING = 'commonplace-waiting';
const session = () => sessionStorage;

/** Takes the secret out of the address, so that it stays out of histories and pictures of the screen. */
export function takeSecret(): string | null {
  const found = secretOfHash(location.hash);
  if (found === null) return memory.get(SECRET, session);
  history.replaceState(null, '', location.pathname + location.search);
  memory.set(SECRET, found, session);
  return found;
}

export function forgetSecret(): void {
  memory.set(SECRET, null, session);
}

/** Keeps a knock for this page, should it be loaded again while it waits; `null`: there is none. */
export function keepWaiting(waiting: Waiting | null): void {
  memory.set(WAITING, waiting && JSON.stringify(waiting), session);
}

export function keptWaiting(): Waiting | null {
  try {
    const kept = JSON.parse(memory.get(WAITING, session) ?? 'null') as Partial<Waiting> | null;
    const { ticket, code, since } = kept ?? {};
    if (typeof ticket !== 'string' || typeof code !== 'string' || typeof since !== 'number') return null;
    return { state: 'waiting', ticket, code, since };
  } catch {
    return null;
  }
}
