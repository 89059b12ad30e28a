// What the window shows, worked out from what the host said. Pure.
import type { Folder, Presence, State } from '../bindings/protocol';
import { distinctInitials } from '../shared/format/people';
import { since } from '../shared/format/measures';
import { strings } from '../shared/strings';

/** The folder to show: the one that was chosen while it is there, one that has just been added, or the first. */
export function chosen(before: readonly Folder[] | undefined, now: readonly Folder[], slug: string | undefined): string | undefined {
  // At the start there is nothing "just added".
  const fresh = before && now.filter((folder) => !before.some((old) => old.slug === folder.slug)).at(-1);
  if (fresh) return fresh.slug;
  if (slug !== undefined && now.some((folder) => folder.slug === slug)) return slug;
  // The one that took the place of a folder that is gone.
  const place = before?.findIndex((folder) => folder.slug === slug) ?? 0;
  return (now[Math.max(0, place)] ?? now.at(-1))?.slug;
}

/** What stands under a folder's name in the sidebar. */
export function caption(folder: Folder): string {
  if (!folder.present) return strings.folder.away;
  return folder.sharing ? strings.sharing.sharedWith(guests(folder)) : strings.sharing.privateShort;
}

/** People in a folder besides the person at the host. */
export function guests(folder: Folder): number {
  return folder.people.filter((person) => !person.owner).length;
}

/** A row of the list of people. */
export interface Row {
  id: string;
  name: string;
  initials: string | undefined;
  color: string | null;
  since: string;
  document: string | undefined;
  device: string;
  role: string;
}

/** The rows of the people, with initials that can be told apart. */
export function rows(people: readonly Presence[], now: number): Row[] {
  const letters = distinctInitials(people.map((person) => person.name));
  return people.map((person, i) => {
    const name = person.connections > 1 ? strings.presence.times(person.name, person.connections) : person.name;
    return {
      id: person.username,
      name: person.owner ? strings.presence.you(name) : name,
      initials: letters[i],
      color: person.color,
      since: since(person.since, now),
      document: person.documents[0],
      device: person.documents.length > 1 ? `${strings.presence.documents(person.documents.length)} · ${person.device}` : person.device,
      role: strings.presence.role[person.role],
    };
  });
}

/** The line at the foot of the window: whether everything is in the files, and what goes on. */
export function summary(state: State, folder: Folder): { saved: boolean; words: string; facts: string[] } {
  const saved = folder.unsaved === 0;
  const facts = [folder.documents ? strings.summary.documents(folder.documents) : strings.summary.noDocuments];
  if (folder.people.length) facts.push(strings.people(folder.people.length));
  if (state.edits_per_minute) facts.push(strings.summary.edits(state.edits_per_minute));
  return { saved, words: saved ? strings.saving.allInFiles : strings.saving.notYet(folder.unsaved), facts };
}

/** Whether a scrolled list stands at its end, give or take a line that is half in view. */
export function atEnd(list: { scrollTop: number; clientHeight: number; scrollHeight: number }): boolean {
  return list.scrollHeight - list.scrollTop - list.clientHeight < 13;
}

/** Last part of a path of either kind of system. */
export function baseName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;
}

/** Who came and went between two moments, as a sentence; empty when nobody did. */
export function changes(before: readonly Presence[], now: readonly Presence[]): string {
  const missing = (from: readonly Presence[], among: readonly Presence[]) =>
    from.filter((person) => !among.some((other) => other.username === person.username)).map((person) => person.name);
  const names = ([first, ...rest]: string[]) => (first && rest.length ? strings.presence.others(first, rest.length) : (first ?? ''));
  const [came, went] = [names(missing(now, before)), names(missing(before, now))];
  const said = [came && strings.presence.joined(came), went && strings.presence.left(went)].filter(Boolean);
  return strings.sentences(said.map((clause) => strings.sentence([clause])));
}
