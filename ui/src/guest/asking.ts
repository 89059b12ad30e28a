// Waiting for the host's answer to a knock: asks again and again over lines that may be lost, until there is an answer or
// nobody waits any more. Knows time and answers; what a page shows of it is told from outside.
import { HostError, type Joined, type Knocked } from '../shared/host/http';

export type Answer = { state: 'let-in'; joined: Joined } | { state: 'refused' | 'over' };

export interface Options {
  ticket: string;
  /** One question; the host holds it back until there is news. */
  wait: (ticket: string, signal: AbortSignal) => Promise<Knocked>;
  signal: AbortSignal;
  /** The host does not answer questions at the moment, or does again. */
  onaway: (away: boolean) => void;
  pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const AGAIN_MS = 1_000;

/** The host's answer; `null` once the signal is aborted. */
export async function answerTo({ ticket, wait, signal, onaway, pause = sleep }: Options): Promise<Answer | null> {
  let away = false;
  const tell = (now: boolean) => {
    if (away !== now) onaway((away = now));
  };
  while (!signal.aborted) {
    try {
      const told = await wait(ticket, signal);
      if (signal.aborted) break;
      tell(false);
      if (told.state === 'let-in') return { state: 'let-in', joined: { me: told.me, role: told.role } };
      if (told.state !== 'waiting') return { state: told.state };
    } catch (error) {
      if (signal.aborted) break;
      // Whoever says no says it for good; silence does not.
      if (error instanceof HostError && error.code !== 'unreachable') return { state: 'over' };
      tell(true);
      await pause(AGAIN_MS, signal);
    }
  }
  return null;
}

/** Ends early when the signal is aborted. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
