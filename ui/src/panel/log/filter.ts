// Which of a folder's events its log shows, by what the person chose, and how they stand in rows. Pure.
import type { Action, EventRecord } from '../../bindings/protocol';
import { type LeastLevel, shown } from '../events';

/** What is shown; an empty choice lets everything pass. */
export interface Filter {
  level: LeastLevel;
  action: Action | '';
  /** API path of a document. */
  path: string;
  /** Username of a person. */
  person: string;
  /** Words that are looked for in what happened, the document's path and the person's name. */
  text: string;
}

export const everything: Filter = { level: 'everything', action: '', path: '', person: '', text: '' };

/** Whether a filter hides anything at all. */
export const hides = (filter: Filter): boolean =>
  filter.level !== 'everything' || [filter.action, filter.path, filter.person, filter.text.trim()].some((choice) => choice !== '');

/** The events of a folder, and of the whole host, that a filter lets pass. All words of its text have to be there. */
export function passing(events: readonly EventRecord[], slug: string, filter: Filter): EventRecord[] {
  const words = filter.text.toLocaleLowerCase().split(/\s+/u).filter(Boolean);
  const { action, path, person } = filter;
  return shown(events, slug, filter.level).filter((event) => {
    if (action !== '' && event.action !== action) return false;
    if (path !== '' && event.path !== path) return false;
    if (person !== '' && event.person?.username !== person) return false;
    if (!words.length) return true;
    const said = [event.action, event.path, event.person?.name, event.line].join('\n').toLocaleLowerCase();
    return words.every((word) => said.includes(word));
  });
}

/** What the events of a folder can be chosen by. */
export interface Choices {
  actions: Action[];
  paths: string[];
  /** Username and the name that was last seen with it. */
  people: [string, string][];
}

export function choices(events: readonly EventRecord[], slug: string): Choices {
  const of = shown(events, slug, 'everything');
  const paths = new Set(of.flatMap((event) => event.path ?? []));
  const people = new Map(of.flatMap(({ person }) => (person ? [[person.username, person.name] as const] : [])));
  return {
    actions: [...new Set(of.map((event) => event.action))].sort(),
    paths: [...paths].sort((a, b) => a.localeCompare(b)),
    people: [...people].sort(([, a], [, b]) => a.localeCompare(b)),
  };
}

/** A line of the table: an event, or the day on which the ones below it happened. */
export type Row = { day: number } | { event: EventRecord };

/** Events, oldest first, with a row for each day. */
export function rows(events: readonly EventRecord[]): Row[] {
  let last = '';
  return events.flatMap((event): Row[] => {
    const day = new Date(event.time).toDateString();
    if (day === last) return [{ event }];
    last = day;
    return [{ day: event.time }, { event }];
  });
}

/** Numbers of the first row in view and of the one behind the last, with some more on either side. */
export function inView(count: number, height: number, top: number, room: number, more = 12): { from: number; to: number } {
  if (height <= 0) return { from: 0, to: 0 };
  const from = Math.floor(top / height) - more;
  const to = Math.ceil((top + room) / height) + more;
  const within = (n: number) => Math.min(count, Math.max(0, n));
  return { from: within(from), to: within(to) };
}
