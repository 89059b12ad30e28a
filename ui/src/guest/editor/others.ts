// Other people's carets and selections in an editor. Carets and tints lie in the text; the flags float over it, so that
// no scrolling frame cuts them, and never take a click.
import { type EditorState, StateEffect, StateField, type Extension, type Range as DecorationRange } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, showTooltip, type Tooltip, tooltips, ViewPlugin, WidgetType } from '@codemirror/view';
import type * as Y from 'yjs';
import type { Peer, Presence } from '../../shared/collab/presence';
import { cutEnd } from '../../shared/format/graphemes';
import { personColor } from '../../shared/format/people';

/** A caret is still after this time and then shows initials only. */
export const STILL_MS = 3_000;
const LONGEST_FLAG = 18;

/** One caret of somebody else in this text. */
export interface Mark {
  client: number;
  from: number;
  to: number;
  head: number;
  color: string;
  label: string;
}

/** The marks that `peers` leave in `text` at time `now`. */
export function marksOf(peers: readonly Peer[], text: Y.Text, now: number): Mark[] {
  return peers.flatMap((peer) =>
    peer.places
      .filter((place) => place.text === text)
      .map(({ anchor, head }) => ({
        client: peer.client,
        from: Math.min(anchor, head),
        to: Math.max(anchor, head),
        head,
        color: personColor(peer.color, peer.client),
        label: now - peer.moved < STILL_MS ? cutEnd(peer.name, LONGEST_FLAG) : peer.initials,
      })),
  );
}

class Caret extends WidgetType {
  constructor(private readonly color: string) {
    super();
  }

  override eq(other: Caret): boolean {
    return other.color === this.color;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement('span');
    caret.className = 'caret-of';
    caret.ariaHidden = 'true';
    caret.style.setProperty('--person', this.color);
    return caret;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

const setMarks = StateEffect.define<Mark[]>();

interface Shown {
  marks: Mark[];
  decorations: DecorationSet;
  flags: readonly Tooltip[];
}

function show(marks: Mark[], state: EditorState, before: readonly Tooltip[]): Shown {
  const length = state.doc.length;
  const mine = state.selection.main.head;
  const ranges: DecorationRange<Decoration>[] = [];
  const flags = marks.map((one): Tooltip => {
    const [from, to, head] = [one.from, one.to, one.head].map((at) => Math.min(at, length)) as [number, number, number];
    if (from < to) {
      ranges.push(Decoration.mark({ class: 'selection-of', attributes: { style: `--person: ${one.color}` } }).range(from, to));
    }
    // The side keeps the caret out of its own selection's tint.
    ranges.push(Decoration.widget({ widget: new Caret(one.color), side: head === to && from < to ? 1 : -1 }).range(head));
    const line = state.doc.lineAt(head);
    const above = line.number > 1 && state.doc.lineAt(mine).number !== line.number - 1;
    const known = before.find((flag) => (flag as Flag).is === flagId(one, above));
    return known ? { ...known, pos: head } : makeFlag(one, head, above);
  });
  return { marks, decorations: Decoration.set(ranges, true), flags };
}

interface Flag extends Tooltip {
  is: string;
}

const flagId = (mark: Mark, above: boolean) => `${mark.client} ${mark.label} ${mark.color} ${above}`;

function makeFlag(mark: Mark, pos: number, above: boolean): Flag {
  const create = () => {
    const dom = document.createElement('div');
    dom.className = above ? 'flag' : 'flag below';
    dom.ariaHidden = 'true';
    dom.style.setProperty('--person', mark.color);
    dom.textContent = mark.label;
    return { dom };
  };
  return { is: flagId(mark, above), pos, above, strictSide: true, create };
}

const shown = StateField.define<Shown>({
  create: () => ({ marks: [], decorations: Decoration.none, flags: [] }),
  update(value, transaction) {
    const effect = transaction.effects.find((one) => one.is(setMarks));
    if (effect) return show(effect.value as Mark[], transaction.state, value.flags);
    if (!transaction.docChanged) return value;
    // Until awareness speaks again, marks move with the text.
    const move = (at: number) => transaction.changes.mapPos(Math.min(at, transaction.startState.doc.length));
    const marks = value.marks.map((one) => ({ ...one, from: move(one.from), to: move(one.to), head: move(one.head) }));
    return show(marks, transaction.state, value.flags);
  },
  provide: (field) => [
    EditorView.decorations.from(field, (value) => value.decorations),
    showTooltip.computeN([field], (state) => state.field(field).flags),
  ],
});

export function otherPeople(text: Y.Text, presence: Presence): Extension {
  const follow = ViewPlugin.define((view) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const look = () => {
      if (gone) return;
      clearTimeout(timer);
      const now = Date.now();
      const marks = marksOf(presence.others, text, now);
      view.dispatch({ effects: setMarks.of(marks) });
      const still = presence.others.map((peer) => peer.moved + STILL_MS - now).filter((wait) => wait > 0);
      if (marks.length && still.length) timer = setTimeout(look, Math.min(...still) + 20);
    };
    // An editor must not be changed while it is being made or updated.
    const soon = () => queueMicrotask(look);
    const stop = presence.listen(soon);
    soon();
    return {
      destroy: () => {
        gone = true;
        clearTimeout(timer);
        stop();
      },
    };
  });
  return [shown, follow, tooltips({ position: 'absolute' })];
}
