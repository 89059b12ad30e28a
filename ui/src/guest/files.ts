// The list of files as it is shown, and how a path is opened. Pure.
import type { FileEntry, Kind } from '../shared/host/http';

export interface Folder {
  /** Empty for the folder that is shared itself. */
  path: string;
  files: FileEntry[];
}

/** Files by folder: sub-folders first, as the design's tree has them, each by name; the shared folder's own last. */
export function foldersOf(files: readonly FileEntry[]): Folder[] {
  const folders = new Map<string, FileEntry[]>();
  for (const file of files) {
    const folder = file.path.slice(0, Math.max(0, file.path.lastIndexOf('/')));
    const list = folders.get(folder);
    if (list) list.push(file);
    else folders.set(folder, [file]);
  }
  const byName = new Intl.Collator(undefined, { numeric: true }).compare;
  return [...folders]
    .map(([path, list]) => ({ path, files: [...list].sort((a, b) => byName(a.path, b.path)) }))
    .sort((a, b) => Number(a.path === '') - Number(b.path === '') || byName(a.path, b.path));
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export type Opening = 'notebook' | 'text';

/** How a path opens that the list does not know (yet). */
export function openingOf(path: string): Opening {
  return /\.ipynb$/i.test(path) ? 'notebook' : 'text';
}

export const kinds: Record<Opening, Kind> = {
  notebook: { format: 'json', type: 'notebook' },
  text: { format: 'text', type: 'file' },
};

/** Gives the reader a file of this content, made here. */
export function saveCopy(name: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
