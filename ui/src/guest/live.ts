// The folder's list of files as the host tells it, over a socket that may come and go. Knows time and messages; what a page
// shows of it, and what it means when nobody answers, is told from outside.
import type { FileList, FileNews } from '../bindings/protocol';

export interface Options {
  /** Opens the socket. */
  open: () => Pick<WebSocket, 'onmessage' | 'onclose' | 'close'>;
  onlist: (list: FileList) => void;
  /** The line was lost, or never was there; it is tried again by itself. */
  onlost: () => void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** The host says something every 15 s. */
const SILENCE_MS = 35_000;

export interface LiveFiles {
  /** Tries at once instead of waiting. */
  hurry: () => void;
  stop: () => void;
}

/** The list with what is new in it. */
export function withNews(list: FileList, { files, gone, truncated }: FileNews): FileList {
  const other = new Set([...gone, ...files.map((file) => file.path)]);
  return { files: [...list.files.filter((file) => !other.has(file.path)), ...files], truncated };
}

export function liveFiles({ open, onlist, onlost }: Options): LiveFiles {
  let socket: ReturnType<Options['open']> | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wait = FIRST_WAIT_MS;
  let stopped = false;

  const lose = () => {
    if (socket) socket.onclose = socket.onmessage = null;
    socket?.close();
    socket = null;
    clearTimeout(timer);
    timer = setTimeout(connect, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    onlost();
  };
  const connect = () => {
    let list: FileList | null = null;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(lose, SILENCE_MS);
    };
    socket = open();
    socket.onclose = lose;
    socket.onmessage = (event) => {
      wait = FIRST_WAIT_MS;
      heard();
      const news = JSON.parse(String(event.data)) as FileNews;
      // A sign of life is none.
      if (list && !news.files.length && !news.gone.length && news.truncated === list.truncated) return;
      list = withNews(list ?? { files: [], truncated: false }, news);
      onlist(list);
    };
    heard();
  };
  connect();
  return {
    hurry: () => {
      if (socket || stopped) return;
      clearTimeout(timer);
      wait = FIRST_WAIT_MS;
      connect();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      if (socket) socket.onclose = socket.onmessage = null;
      socket?.close();
      socket = null;
    },
  };
}
