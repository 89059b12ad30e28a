// Who is in a document and where, read from awareness. States come from anybody, JupyterLab among them; a state
// without a user is the server's own and is not a person.
import type { Awareness } from 'y-protocols/awareness';
import type * as Y from 'yjs';
import { distinctInitials } from '../format/people';
import { Changes } from './changes';
import { decodeCursors, encodeCursors, type Place, type Range } from './cursors';

/** One page that somebody has open. */
export interface Peer {
  client: number;
  me: boolean;
  username: string;
  name: string;
  initials: string;
  color: unknown;
  places: Place[];
  /** The chosen cell, said by our own page when there is no caret. */
  cell: string | null;
  /** When it last changed anything, unix ms. */
  moved: number;
}

/** One person, in however many pages. */
export interface HerePerson {
  id: string;
  name: string;
  initials: string;
  color: unknown;
  seed: number;
  me: boolean;
  pages: number;
  moved: number;
}

const text = (value: unknown) => (typeof value === 'string' ? value.trim().slice(0, 200) : '');

export class Presence {
  private readonly changes = new Changes();
  private readonly moved = new Map<number, number>();
  private cached: Peer[] | null = null;

  constructor(
    readonly awareness: Awareness,
    private readonly now: () => number = Date.now,
  ) {
    awareness.on('change', this.onChange);
    awareness.doc.on('afterTransaction', this.onDocument);
  }

  /** Everybody, me first, then in the order of arrival. */
  get peers(): readonly Peer[] {
    this.changes.track();
    return (this.cached ??= this.read());
  }

  get others(): readonly Peer[] {
    return this.peers.filter((peer) => !peer.me);
  }

  get people(): HerePerson[] {
    const people = new Map<string, HerePerson>();
    for (const peer of this.peers) {
      const known = people.get(peer.username);
      if (known) {
        known.pages += 1;
        known.moved = Math.max(known.moved, peer.moved);
      } else {
        const { username: id, name, initials, color, client: seed, me, moved } = peer;
        people.set(id, { id, name, initials, color, seed, me, moved, pages: 1 });
      }
    }
    return [...people.values()];
  }

  listen(listener: () => void): () => void {
    return this.changes.listen(listener);
  }

  /** Where my caret is. */
  setCursors(source: Y.Text, ranges: readonly Range[]): void {
    const cursors = encodeCursors(source, ranges);
    const before = this.awareness.getLocalState()?.cursors as unknown;
    if (JSON.stringify(before) !== JSON.stringify(cursors)) this.awareness.setLocalStateField('cursors', cursors);
  }

  /** I have no caret, but chose this cell. */
  setCell(id: string | null): void {
    const state = this.awareness.getLocalState();
    if (!state) return;
    const cursors = state.cursors as unknown[] | undefined;
    if (state.cell !== id || cursors?.length) this.awareness.setLocalState({ ...state, cursors: [], cell: id });
  }

  destroy(): void {
    this.awareness.off('change', this.onChange);
    this.awareness.doc.off('afterTransaction', this.onDocument);
  }

  private read(): Peer[] {
    const { awareness } = this;
    const own = awareness.clientID;
    const clients = [...awareness.getStates().entries()].sort(([a], [b]) => Number(b === own) - Number(a === own));
    const peers = clients.flatMap(([client, state]): Peer[] => {
      const user = state.user as Record<string, unknown> | undefined;
      if (!user || typeof user !== 'object') return [];
      const name = text(user.display_name) || text(user.name) || text(user.username) || '?';
      return [
        {
          client,
          me: client === own,
          username: text(user.username) || String(client),
          name,
          initials: '',
          color: user.color,
          places: decodeCursors(awareness.doc, state.cursors),
          cell: typeof state.cell === 'string' ? state.cell : null,
          moved: this.moved.get(client) ?? this.now(),
        },
      ];
    });
    const names = new Map(peers.map((peer) => [peer.username, peer.name]));
    const letters = distinctInitials([...names.values()]);
    const initials = new Map([...names.keys()].map((username, i) => [username, letters[i] ?? '?']));
    return peers.map((peer) => ({ ...peer, initials: initials.get(peer.username) ?? '?' }));
  }

  private readonly onChange = ({ added, updated, removed }: Record<'added' | 'updated' | 'removed', number[]>): void => {
    for (const client of [...added, ...updated]) this.moved.set(client, this.now());
    for (const client of removed) this.moved.delete(client);
    this.cached = null;
    this.changes.emit();
  };

  /** Relative positions mean other indices once the text has changed; nobody is told, as nobody moved. */
  private readonly onDocument = (): void => {
    this.cached = null;
  };
}
