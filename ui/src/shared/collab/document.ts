// One open document: the shared state, who else is in it, and the line to its room. What the text means (cells, lines)
// is the page's business.
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import type { FileState, Merge, Role } from '../../bindings/protocol';
import { Changes } from './changes';
import { Presence } from './presence';
import { arrivalOf, type Arrival } from './arrival';
import { Provider, type End, type Link, type Socket } from './provider';
import type { SaveFacts } from '../format/saving';

export interface DocumentOptions {
  url: string;
  /** Path it was opened by; the host tells of renames. */
  path: string;
  /** Identity object for awareness. */
  user: Record<string, unknown>;
  /** When the file was last written as far as the list of files knows, unix ms. */
  modified: number | null;
  mayEdit: boolean;
  /** The host changed what this person may do. */
  onrole?: (role: Role) => void;
  probe?: () => Promise<End | null>;
  open?: (url: string) => Socket;
  now?: () => number;
}

/** A change of the file by another program that was merged, and that nobody here has closed yet. */
export interface Merged {
  merge: Merge;
  /** It happened while there was no connection. */
  away: boolean;
  /** When the page was told, unix ms. */
  at: number;
}

/** How long a save that was asked for waits for the host to confirm what was typed before it. */
const CONFIRM_MS = 1_000;
/** How long what came with a change of the file is tinted. */
export const ARRIVED_MS = 2_000;
const FINE: FileState = { state: 'fine' };

/** Documents that nobody looks at any more, kept until their edits are on the host. */
export const leaving = new Set<OpenDocument>();

export class OpenDocument {
  readonly doc = new Y.Doc();
  readonly awareness = new Awareness(this.doc);
  readonly presence: Presence;
  readonly provider: Provider;
  private readonly state = this.doc.getMap<unknown>('state');
  private readonly changes = new Changes();
  private readonly now: () => number;
  private savedAt: number | null;
  private fault: string | null = null;
  private writing = false;
  private lastAway: number | null = null;
  private file: FileState = FINE;
  private fileSince = 0;
  /** The socket on which the host told how the file fares. */
  private fileFrom = 0;
  private merged: readonly Merged[] = [];
  private newestMerge = -1;
  /** What the host's newest change brought. */
  private told: Arrival = new Map();
  private fromDisk: Arrival | null = null;
  private arrivedLong: ReturnType<typeof setTimeout> | undefined;
  /** Undoes what is done here, while there is a view of the document. */
  undo: Y.UndoManager | null = null;
  private edited = false;
  /** Whether the host takes edits of this person, as far as the page knows. */
  mayEdit: boolean;
  /** Set when the connection is back: since when, and how many edits of mine had been waiting. */
  back: { at: number; waited: number } | null = null;

  constructor(private readonly options: DocumentOptions) {
    this.now = options.now ?? Date.now;
    this.savedAt = options.modified;
    this.mayEdit = options.mayEdit;
    this.presence = new Presence(this.awareness, this.now);
    this.awareness.setLocalState({ user: options.user, cursors: [], autosave: true });
    const { url, probe, open } = options;
    this.provider = new Provider({ url, doc: this.doc, awareness: this.awareness, news: this.onNews, ...(probe && { probe }), ...(open && { open }) });
    this.provider.subscribe(this.onProvider);
    this.state.observe(this.onState);
    this.doc.on('update', this.onUpdate);
    this.doc.on('afterTransaction', this.onTransaction);
  }

  get path(): string {
    this.changes.track();
    const path = this.state.get('path');
    return typeof path === 'string' && path ? path : this.options.path;
  }

  get loaded(): boolean {
    this.changes.track();
    return this.provider.loaded;
  }

  get end(): End | null {
    this.changes.track();
    return this.provider.end;
  }

  get link(): Link {
    this.changes.track();
    return this.provider.link;
  }

  get awaySince(): number | null {
    this.changes.track();
    return this.provider.awaySince;
  }

  /** My edits that are not yet on the host. */
  get unsent(): number {
    this.changes.track();
    return this.provider.unsent;
  }

  get backSince(): { at: number; waited: number } | null {
    this.changes.track();
    return this.back;
  }

  get saving(): SaveFacts {
    this.changes.track();
    const { loaded, link, end, confirms, unsent } = this.provider;
    const { savedAt, fault, writing, edited, file } = this;
    const live = link === 'live' && end === null;
    return { loaded, live, confirms, unsent, dirty: this.state.get('dirty') === true, savedAt, fault, file, writing, edited };
  }

  /** How the file fares, and since when this page knows, unix ms. */
  get fares(): { file: FileState; since: number } {
    this.changes.track();
    return { file: this.file, since: this.fileSince };
  }

  /** Changes of the file by other programs that nobody here has closed yet, the oldest first. */
  get merges(): readonly Merged[] {
    this.changes.track();
    return this.merged;
  }

  /** What came with a change of the file a moment ago. */
  get arrived(): Arrival | null {
    this.changes.track();
    return this.fromDisk;
  }

  /** They were seen. */
  closeMerges(): void {
    this.merged = [];
    this.changes.emit();
  }

  listen(listener: () => void): () => void {
    return this.changes.listen(listener);
  }

  /** Asks the host to write the file now. */
  async save(): Promise<void> {
    if (!this.mayEdit || this.writing) return;
    this.writing = true;
    this.changes.emit();
    if (this.unconfirmed) await this.confirmed();
    const answer = await this.provider.save();
    this.writing = false;
    this.fault = answer.status === 'failed' && this.provider.link === 'live' ? answer.message : null;
    if (answer.status === 'success') this.savedAt = this.now();
    this.changes.emit();
  }

  private get unconfirmed(): boolean {
    const { confirms, unsent, link } = this.provider;
    return confirms && unsent > 0 && link === 'live';
  }

  /** Resolves once the host has confirmed my edits, or soon: else "written" would seem to speak of something older. */
  private confirmed(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(late);
        stop();
        resolve();
      };
      const late = setTimeout(done, CONFIRM_MS);
      const stop = this.provider.subscribe(() => {
        if (!this.unconfirmed) done();
      });
    });
  }

  /** Closes it once every edit of mine is on the host; until then it is in `leaving`. */
  leave(): void {
    if (this.provider.unsent === 0 || this.provider.end) {
      this.destroy();
      return;
    }
    leaving.add(this);
    this.awareness.setLocalState(null);
    const stop = this.provider.subscribe(() => {
      if (this.provider.unsent > 0 && !this.provider.end) return;
      stop();
      leaving.delete(this);
      // Not in the middle of what the provider is doing.
      queueMicrotask(() => this.destroy());
    });
  }

  destroy(): void {
    this.state.unobserve(this.onState);
    this.doc.off('update', this.onUpdate);
    this.doc.off('afterTransaction', this.onTransaction);
    clearTimeout(this.arrivedLong);
    this.presence.destroy();
    this.provider.destroy();
    this.awareness.destroy();
    this.doc.destroy();
  }

  private readonly onProvider = (): void => {
    const { awaySince, sockets } = this.provider;
    // On a new line the host tells how the file fares before anything else, unless it fares well.
    if (this.provider.link === 'live' && this.fileFrom !== sockets) {
      this.fileFrom = sockets;
      this.file = FINE;
    }
    if (this.provider.link === 'live' && this.lastAway !== null) {
      const gone = this.now() - this.lastAway;
      if (gone >= 1000) this.back = { at: this.now(), waited: this.provider.unsent };
    }
    this.lastAway = awaySince;
    this.changes.emit();
  };

  private readonly onNews = (body: Record<string, unknown>): void => {
    const { provider } = this;
    if (body.type === 'file' && typeof body.state === 'string') {
      const told = body as unknown as FileState;
      if (told.state !== this.file.state) this.fileSince = this.now();
      this.file = told;
      this.fileFrom = provider.sockets;
      if (this.file.state === 'fine') this.fault = null;
    } else if (body.type === 'role' && (body.role === 'view' || body.role === 'edit' || body.role === 'run')) {
      this.options.onrole?.(body.role);
    } else if (body.type === 'merged' && Array.isArray(body.merges)) {
      const told = (body.merges as Merge[]).filter((merge) => merge.id > this.newestMerge);
      this.newestMerge = Math.max(this.newestMerge, ...told.map((merge) => merge.id));
      // What was merged before this page had the document is no news to it.
      const away = provider.link !== 'live';
      if (provider.loaded) this.merged = [...this.merged, ...told.map((merge) => ({ merge, away, at: this.now() }))];
      // It is told right after the change that brought it.
      if (told.length && !away) this.tint(this.told);
    }
    this.changes.emit();
  };

  private tint(arrival: Arrival): void {
    this.fromDisk = arrival;
    clearTimeout(this.arrivedLong);
    this.arrivedLong = setTimeout(() => {
      this.fromDisk = null;
      this.changes.emit();
    }, ARRIVED_MS);
  }

  private readonly onTransaction = (transaction: Y.Transaction): void => {
    if (transaction.origin !== this.provider) return;
    // All that was missed comes at once, whoever it is from.
    this.told = this.provider.link === 'live' ? arrivalOf(transaction) : new Map();
  };

  private readonly onState = (event: Y.YMapEvent<unknown>, transaction: Y.Transaction): void => {
    const fromHost = transaction.origin === this.provider;
    if (fromHost && event.keysChanged.has('dirty') && this.state.get('dirty') !== true && this.provider.loaded) {
      // "Written" may have crossed with my last keystroke on the way; then it does not speak of that.
      if (this.provider.unsent > 0) this.setDirty();
      else {
        this.savedAt = this.now();
        this.fault = null;
      }
    }
    this.changes.emit();
  };

  private readonly onUpdate = (_update: Uint8Array, origin: unknown): void => {
    if (origin === this.provider || origin === this) return;
    this.edited = true;
    if (this.state.get('dirty') !== true) this.setDirty();
  };

  private setDirty(): void {
    this.doc.transact(() => this.state.set('dirty', true), this);
  }
}
