// Which events a folder's list shows, and how one event reads. Pure.
import type { EventRecord, Level } from '../bindings/protocol';

/** The least level that is shown; `everything` also shows what is for developers. */
export type LeastLevel = 'everything' | 'info' | 'warning' | 'error';

/** How loud a line is. */
export type Tone = 'quiet' | 'normal' | 'merged' | 'warning' | 'error';

/** A piece of a line; strong pieces are names of people and files. */
export interface Piece {
  text: string;
  strong: boolean;
}

/** The most events that are kept: as many as the host does. */
export const MOST_EVENTS = 50_000;

const rank: Record<Level, number> = { DEBUG: 0, INFO: 1, WARNING: 2, ERROR: 3, CRITICAL: 4 };
const least: Record<LeastLevel, number> = { everything: 0, info: 1, warning: 2, error: 3 };

/** Known events with others added: each once, oldest first, and no more than are kept. */
export function added(known: readonly EventRecord[], more: readonly EventRecord[]): EventRecord[] {
  const newest = known.at(-1)?.seq ?? -1;
  const rising = more.every((event, i) => event.seq > (more[i - 1]?.seq ?? newest));
  if (rising) return [...known, ...more].slice(-MOST_EVENTS);
  const all = new Map([...known, ...more].map((event) => [event.seq, event]));
  return [...all.values()].sort((a, b) => a.seq - b.seq).slice(-MOST_EVENTS);
}

/** A folder's events, and those of the whole host, at or above a level. */
export function shown(events: readonly EventRecord[], slug: string, level: LeastLevel): EventRecord[] {
  return events.filter((event) => (event.folder === slug || event.folder === '') && rank[event.level] >= least[level]);
}

/** Quiet are the steps that happen by themselves, so that the loud ones stand out. */
export function tone(event: EventRecord): Tone {
  if (rank[event.level] >= rank.ERROR) return 'error';
  if (event.level === 'WARNING') return 'warning';
  if (event.action === 'overwrite') return 'merged';
  const quiet = event.level === 'DEBUG' || ['initialize', 'load', 'save', 'clean'].includes(event.action);
  return quiet ? 'quiet' : 'normal';
}

/** The line with the person's name in front, and the document's name set apart wherever it stands. */
export function pieces(event: EventRecord): Piece[] {
  const name = event.path?.slice(event.path.lastIndexOf('/') + 1);
  const found = [event.path, name].find((text): text is string => !!text && event.line.includes(text));
  const plain = (text: string): Piece => ({ text, strong: false });
  const strong = (text: string): Piece => ({ text, strong: true });
  const line = found === undefined ? [plain(event.line)] : event.line.split(found).flatMap((text, i) => (i ? [strong(found), plain(text)] : [plain(text)]));
  return [...(event.person ? [strong(event.person.name), plain(' ')] : []), ...line].filter((piece) => piece.text !== '');
}
