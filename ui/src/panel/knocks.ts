// Who asks, in all folders, and about whom the owner is asked now. Pure.
import type { Folder, Knock } from '../bindings/protocol';
import { strings } from '../shared/strings';

/** Somebody who asks, and where. */
export interface Asks {
  knock: Knock;
  folder: Folder;
}

/** After another person's card came up, its buttons do nothing for so long: a second, hasty click was meant for the one before. */
export const GUARD_MS = 700;

/** Everybody who asks, the longest waiting first. */
export function asking(folders: readonly Folder[]): Asks[] {
  const all = folders.flatMap((folder) => folder.knocks.map((knock) => ({ knock, folder })));
  return all.sort((a, b) => a.knock.since - b.knock.since || a.knock.id.localeCompare(b.knock.id));
}

/** Whose card is up: the same one as long as they ask, then the one who waits longest. */
export function onCard(all: readonly Asks[], shown: string | undefined): Asks | undefined {
  return all.find(({ knock }) => knock.id === shown) ?? all[0];
}

/** What they ask, without their name. */
export function request({ knock, folder }: Asks): string {
  const words = strings.access.knock.asks;
  return knock.why === 'edit' ? words.edit(folder.name) : words[knock.why](folder.name, knock.wants);
}
