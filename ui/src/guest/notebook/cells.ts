// A notebook as the page sees it, over the shared types of the Jupyter model: cells in their order, each of which
// tells on its own when it changed. Reads whatever shapes other clients wrote; writes the newest.
import * as Y from 'yjs';
import { Changes } from '../../shared/collab/changes';
import type { Peer } from '../../shared/collab/presence';
import { readOutputs, type Output } from './outputs';

export type CellType = 'code' | 'markdown' | 'raw';

/** A cell outside of any document: for copying, cutting and pasting. */
export type CellJson = Record<string, unknown>;

export class Cell {
  private readonly changes = new Changes();
  private cachedText: string | null = null;
  private cachedOutputs: readonly Output[] | null = null;

  constructor(
    readonly map: Y.Map<unknown>,
    /** Stays the same when a cell moves, differs between cells that share an id by accident. */
    readonly key: string,
  ) {}

  get id(): string {
    const id = this.map.get('id');
    return typeof id === 'string' ? id : '';
  }

  get type(): CellType {
    this.changes.track();
    const type = this.map.get('cell_type');
    return type === 'markdown' || type === 'raw' ? type : 'code';
  }

  /** The shared text; null if another client left a plain string, which can be read but not typed in. */
  get source(): Y.Text | null {
    this.changes.track();
    const source = this.map.get('source');
    return source instanceof Y.Text ? source : null;
  }

  get text(): string {
    this.changes.track();
    return (this.cachedText ??= joined(this.map.get('source')));
  }

  get count(): number | null {
    this.changes.track();
    const count = this.map.get('execution_count');
    return typeof count === 'number' && count > 0 ? count : null;
  }

  get running(): boolean {
    this.changes.track();
    return this.map.get('execution_state') === 'running';
  }

  get outputs(): readonly Output[] {
    this.changes.track();
    return (this.cachedOutputs ??= this.type === 'code' ? readOutputs(plain(this.map.get('outputs'))) : []);
  }

  get attachments(): Record<string, unknown> {
    this.changes.track();
    const value = plain(this.map.get('attachments'));
    return value && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  }

  listen(listener: () => void): () => void {
    return this.changes.listen(listener);
  }

  toJson(): CellJson {
    const cell = this.map.toJSON() as CellJson;
    delete cell.execution_state;
    return { ...cell, source: joined(cell.source) };
  }

  changed(): void {
    this.cachedText = this.cachedOutputs = null;
    this.changes.emit();
  }
}

export class Notebook {
  private readonly ycells: Y.Array<Y.Map<unknown>>;
  private readonly meta: Y.Map<unknown>;
  private readonly changes = new Changes();
  private readonly byMap = new Map<Y.Map<unknown>, Cell>();
  private list: Cell[] = [];
  /** Undoes what was done here, over text and cells alike, never what others did. */
  readonly undo: Y.UndoManager;

  constructor(readonly doc: Y.Doc) {
    this.ycells = doc.getArray('cells');
    this.meta = doc.getMap('meta');
    this.undo = new Y.UndoManager([this.ycells], { trackedOrigins: new Set<unknown>([this]) });
    this.ycells.observeDeep(this.onCells);
    this.meta.observeDeep(this.onMeta);
    this.rebuild();
  }

  get cells(): readonly Cell[] {
    this.changes.track();
    return this.list;
  }

  /** The language's name in lower case, as far as the notebook says. */
  get language(): string {
    this.changes.track();
    const metadata = plain(this.meta.get('metadata')) as Record<string, Record<string, unknown> | undefined> | undefined;
    const name = metadata?.language_info?.name || metadata?.kernelspec?.language;
    return typeof name === 'string' && name ? name.toLowerCase() : 'python';
  }

  indexOf(key: string | null): number {
    return this.list.findIndex((cell) => cell.key === key);
  }

  /** Who is in which cell, by the cell's key: where the caret is, or else the cell that was chosen. */
  whereAre<P extends Pick<Peer, 'places' | 'cell'>>(peers: readonly P[]): ReadonlyMap<string, P[]> {
    const where = new Map<string, P[]>();
    for (const peer of peers) {
      const place = peer.places.find((one) => one.primary) ?? peer.places[0];
      const cell = place
        ? this.byMap.get(place.text.parent as unknown as Y.Map<unknown>)
        : this.cells.find((one) => one.id === peer.cell);
      if (cell) where.set(cell.key, [...(where.get(cell.key) ?? []), peer]);
    }
    return where;
  }

  /** Puts cells in; returns the key of the first. */
  insert(index: number, cells: readonly CellJson[]): string | null {
    this.act(() => this.ycells.insert(index, cells.map(toShared)));
    return this.list[index]?.key ?? null;
  }

  remove(index: number): void {
    if (index >= 0 && index < this.ycells.length) this.act(() => this.ycells.delete(index));
  }

  /** Moves a cell as JupyterLab does, since Yjs cannot: out, and in again as a copy with the same id. */
  move(from: number, to: number): void {
    const map = this.ycells.get(from) as Y.Map<unknown> | undefined;
    if (!map || to < 0 || to >= this.ycells.length || from === to) return;
    this.act(() => {
      const copy = map.clone();
      this.ycells.delete(from);
      this.ycells.insert(to, [copy]);
    });
  }

  /** Other clients learn of a cell's type when the cell arrives, so a cell of another type is a new one with the same id. */
  setType(index: number, type: CellType): void {
    const cell = this.list[index];
    if (!cell || cell.type === type) return;
    const { id, metadata, source, attachments } = cell.toJson();
    // Pictures belong to every cell that is not run; in code they have no place.
    const pictures = type === 'code' || attachments === undefined ? {} : { attachments };
    this.act(() => {
      this.ycells.delete(index);
      this.ycells.insert(index, [toShared({ id, cell_type: type, metadata, source, ...pictures })]);
    });
  }

  /** The notebook as it would be in a file. */
  toJson(): Record<string, unknown> {
    const meta = plain(this.meta) as Record<string, unknown>;
    return { cells: this.list.map((cell) => cell.toJson()), metadata: {}, nbformat: 4, nbformat_minor: 5, ...meta };
  }

  destroy(): void {
    this.ycells.unobserveDeep(this.onCells);
    this.meta.unobserveDeep(this.onMeta);
    this.undo.destroy();
  }

  private act(change: () => void): void {
    this.undo.stopCapturing();
    this.doc.transact(change, this);
    this.undo.stopCapturing();
  }

  private rebuild(): void {
    const seen = new Map<string, number>();
    const maps = this.ycells.toArray().filter((map) => map instanceof Y.Map);
    this.list = maps.map((map) => {
      const id = map.get('id');
      const base = typeof id === 'string' && id ? id : 'cell';
      const nth = seen.get(base) ?? 0;
      seen.set(base, nth + 1);
      const key = nth ? `${base}#${nth}` : base;
      const known = this.byMap.get(map);
      return known?.key === key ? known : new Cell(map, key);
    });
    this.byMap.clear();
    for (const cell of this.list) this.byMap.set(cell.map, cell);
  }

  private readonly onCells = (events: Y.YEvent<Y.AbstractType<unknown>>[]): void => {
    if (events.some((event) => (event.target as unknown) === this.ycells)) {
      this.rebuild();
      this.changes.emit();
    }
    const touched = new Set<Cell>();
    for (const event of events) {
      let type: Y.AbstractType<unknown> | null = event.target;
      while (type && (type.parent as unknown) !== this.ycells) type = type.parent as Y.AbstractType<unknown> | null;
      const cell = type && this.byMap.get(type as Y.Map<unknown>);
      if (cell) touched.add(cell);
    }
    for (const cell of touched) cell.changed();
  };

  private readonly onMeta = (): void => this.changes.emit();
}

/** A new cell's shared form, in the shape that current clients write. */
function toShared(cell: CellJson): Y.Map<unknown> {
  const { id, cell_type, source, metadata, outputs, attachments, execution_count, ...rest } = cell;
  const map = new Y.Map<unknown>(Object.entries(rest));
  map.set('id', typeof id === 'string' ? id : newId());
  map.set('cell_type', cell_type);
  map.set('source', new Y.Text(joined(source)));
  map.set('metadata', new Y.Map(Object.entries((metadata ?? {}) as Record<string, unknown>)));
  if (cell_type === 'code') {
    map.set('execution_count', typeof execution_count === 'number' ? execution_count : null);
    map.set('outputs', Y.Array.from(Array.isArray(outputs) ? outputs.map(toSharedOutput) : []));
  } else if (attachments) {
    map.set('attachments', attachments);
  }
  return map;
}

function toSharedOutput(output: unknown): Y.Map<unknown> {
  const entries = Object.entries((output ?? {}) as Record<string, unknown>);
  const stream = entries.some(([key, value]) => key === 'output_type' && value === 'stream');
  return new Y.Map(entries.map(([key, value]) => [key, stream && key === 'text' ? new Y.Text(joined(value)) : value]));
}

/** nbformat allows a list of strings wherever it allows a string. */
function joined(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Y.Text) return value.toString();
  const list: unknown = value instanceof Y.Array ? value.toJSON() : value;
  return Array.isArray(list) ? list.filter((part) => typeof part === 'string').join('') : '';
}

/** A shared type as plain JSON; plain JSON as it is. */
function plain(value: unknown): unknown {
  return value instanceof Y.AbstractType ? (value.toJSON() as unknown) : value;
}

/** A UUIDv4; the browser's own maker of them does not exist on plain http. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, i) => {
    const value = i === 6 ? (byte & 0x0f) | 0x40 : i === 8 ? (byte & 0x3f) | 0x80 : byte;
    return value.toString(16).padStart(2, '0');
  }).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
