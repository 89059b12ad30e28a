// What the page is: what the host's first answer, or its silence, means for whoever opened it. Pure, but for what the
// browser remembers.
import { HostError, type Hello, type Role, type User } from '../shared/host/http';

export interface Inside {
  me: User;
  role: Role;
  folder: string;
  host: string;
  /** Whether the folder can also be opened in JupyterLab. */
  jupyterlab: boolean;
}

export type Entry =
  | ({ phase: 'in' } & Inside)
  | { phase: 'join'; folder: string; host: string | null; role: Role; jupyterlab: boolean }
  | { phase: 'no-link' }
  | { phase: 'ended' | 'stopped' | 'removed' }
  | { phase: 'unreachable' };

/** Reads the answer to `hello`, asked with or without a link's secret. */
export function entryOf(hello: Hello, secret: string | null): Entry {
  const { me, role, folder, host, sharing, jupyterlab } = hello;
  if (me && role) return { phase: 'in', me, role, folder: folder ?? '', host: host ?? '', jupyterlab };
  // Without a cookie or a good link the host tells nothing, not even whether anything is shared.
  if (folder === null || role === null) return { phase: secret === null ? 'no-link' : 'ended' };
  return sharing ? { phase: 'join', folder, host, role, jupyterlab } : { phase: 'stopped' };
}

export function entryOfError(error: unknown): Entry {
  const code = error instanceof HostError ? error.code : 'fault';
  if (code === 'link-ended') return { phase: 'ended' };
  if (code === 'not-shared') return { phase: 'stopped' };
  if (code === 'forbidden') return { phase: 'no-link' };
  return { phase: 'unreachable' };
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
