// What the guest's page asks of the host, below the page's own address. Knows addresses and shapes of answers;
// decides nothing. A failure is a `HostError`: its code says what the page can do, its message is for people.

import type * as protocol from '../../bindings/protocol';

export type { FileEntry, FileList, Hello, Joined, Knocked, Person, Role, User } from '../../bindings/protocol';

/** The two words a file is opened with. */
export type Kind = protocol.DocumentKind;

/** A code of the host, or ours: nobody answered. */
export type ErrorCode = protocol.ErrorCode | 'unreachable';

export class HostError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    /** The host's word for why, and when that was (unix ms), where it tells. */
    readonly reason: string | null = null,
    readonly at: number | null = null,
  ) {
    super(message);
  }
}

/** By what somebody comes: a link's secret, the code from the host's screen, or nothing. */
export interface Way {
  secret?: string;
  code?: string;
}

const byStatus: Record<number, ErrorCode> = { 400: 'bad-request', 401: 'forbidden', 403: 'forbidden', 404: 'not-found' };

/** Reads the host's error body, whatever really arrived. */
export function errorOf(status: number, body: unknown): HostError {
  const { code, message, reason, at } = (body && typeof body === 'object' ? body : {}) as Record<string, unknown>;
  return new HostError(
    typeof code === 'string' ? (code as ErrorCode) : (byStatus[status] ?? 'fault'),
    typeof message === 'string' ? message : '',
    typeof reason === 'string' ? reason : null,
    typeof at === 'number' ? at : null,
  );
}

/** An API path in an address: every part encoded, the slashes kept. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

const base = () => document.baseURI;

/** The address of a socket below the page's own. */
function socketUrl(path: string): URL {
  const url = new URL(path, base());
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return url;
}

async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(new URL(path, base()), {
      method,
      ...(signal && { signal }),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    });
  } catch {
    throw new HostError('unreachable', '');
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw errorOf(response.status, answer);
  return answer as T;
}

export const host = {
  hello: (way: Way = {}) => ask<protocol.Hello>('POST', 'api/commonplace/hello', way),
  join: (way: Way, name: string, color: string | null) => ask<protocol.Joined>('POST', 'api/commonplace/join', { ...way, name, color }),
  /** Asks to come in, to edit or to come back; whom a cookie knows keeps their name. */
  knock: (way: Way, name: string, color: string | null, wants: protocol.Role) =>
    ask<protocol.Knocked>('POST', 'api/commonplace/knock', { ...way, name, color, wants }),
  /** The answer to a knock, or after a while that there is none yet. */
  waitForAnswer: (ticket: string, signal: AbortSignal) => ask<protocol.Knocked>('POST', 'api/commonplace/knock/wait', { ticket }, signal),
  stopAsking: (ticket: string) => ask<null>('POST', 'api/commonplace/knock/stop', { ticket }),
  files: () => ask<protocol.FileList>('GET', 'api/commonplace/files'),
  /** Address of the socket that tells what is new in the list of files. */
  liveFilesUrl: () => socketUrl('api/commonplace/files/live').href,
  /** Once per opening of a file; reconnecting uses the same session. */
  session: (path: string, kind: Kind) => ask<protocol.SessionResponse>('PUT', `api/collaboration/session/${encodePath(path)}`, kind),
  /** Address of a file's bytes. */
  fileUrl: (path: string) => `api/commonplace/file/${encodePath(path)}`,
  /** Kept versions of a file, the newest first. */
  versions: (path: string) => ask<protocol.VersionList>('GET', `api/commonplace/versions/${encodePath(path)}`),
  /** Address of a version's bytes. */
  versionUrl: (path: string, id: number) => `api/commonplace/versions/${encodePath(path)}?id=${id}`,
  /** Makes a version the text of the document, for everybody. */
  restore: (path: string, id: number) => ask<null>('POST', `api/commonplace/versions/${encodePath(path)}`, { restore: id }),
  /** Address of JupyterLab, at a file if there is one. */
  labUrl: (path: string | null) => (path === null ? 'lab' : `lab/tree/${encodePath(path)}`),
  /** Address of a room's socket. */
  roomUrl: (session: protocol.SessionResponse) => {
    const room = [session.format, session.type, session.fileId].map(encodeURIComponent).join(':');
    const url = socketUrl(`api/collaboration/room/${room}`);
    url.searchParams.set('sessionId', session.sessionId);
    return url.href;
  },
};
