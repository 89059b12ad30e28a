// What was cut or copied last, for all notebooks of this page. The system's clipboard is not to be had on plain http.
import type { CellJson } from './cells';

export const clipboard: { cell: CellJson | null } = { cell: null };

/** Where the caret goes when a cell is opened for editing. */
export type CaretPlace = 'start' | 'end' | { x: number; y: number } | { offset: number };
