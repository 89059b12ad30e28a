// Places in a shared text as awareness carries them, in the form JupyterLab uses: `cursors`, a list of
// `{anchor, head, primary, empty}` with Yjs relative positions. They come from anybody: what cannot be read is left out.
import * as Y from 'yjs';

/** A selection in one text; `anchor` and `head` are indices into it. */
export interface Range {
  anchor: number;
  head: number;
  primary: boolean;
}

export interface WireCursor {
  anchor: unknown;
  head: unknown;
  primary: boolean;
  empty: boolean;
}

/** A range together with the text that it is in. */
export interface Place extends Range {
  text: Y.Text;
}

export function encodeCursors(text: Y.Text, ranges: readonly Range[]): WireCursor[] {
  // JupyterLab uses what it receives as it is: a part that is left out instead of `null` stops its editors.
  const position = (index: number) => {
    const place = Y.createRelativePositionFromTypeIndex(text, Math.min(index, text.length));
    return { type: null, tname: null, item: null, ...(Y.relativePositionToJSON(place) as object) };
  };
  return ranges.map(({ anchor, head, primary }) => ({
    anchor: position(anchor),
    head: position(head),
    primary,
    empty: anchor === head,
  }));
}

/** More than a person can have; a list of thousands would only be there to slow others down. */
const MOST_CURSORS = 20;

export function decodeCursors(doc: Y.Doc, cursors: unknown): Place[] {
  if (!Array.isArray(cursors)) return [];
  return cursors.slice(0, MOST_CURSORS).flatMap((cursor: unknown) => {
    const { anchor, head, primary } = (cursor && typeof cursor === 'object' ? cursor : {}) as Record<string, unknown>;
    const from = resolve(doc, anchor);
    const to = resolve(doc, head);
    if (!from || from.text !== to?.text) return [];
    return [{ text: from.text, anchor: from.index, head: to.index, primary: primary === true }];
  });
}

function resolve(doc: Y.Doc, json: unknown): { text: Y.Text; index: number } | null {
  if (!json || typeof json !== 'object') return null;
  try {
    const relative = Y.createRelativePositionFromJSON(json);
    // A position with a name would create that root type in the document; only ours exists for texts.
    if (relative.tname !== null && relative.tname !== 'source') return null;
    const place = Y.createAbsolutePositionFromRelativePosition(relative, doc);
    return place && place.type instanceof Y.Text ? { text: place.type, index: place.index } : null;
  } catch {
    return null;
  }
}
