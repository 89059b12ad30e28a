// What the window asks of the host and is told by it, whatever carries it: Tauri's commands (tauri.ts) or the owner's
// HTTP routes (panel-http.ts). The guest's page speaks to the host in http.ts.
import type { Command, ErrorBody, EventRecord, Message, State } from '../../bindings/protocol';

/** What the host tells. */
export interface Watcher {
  /** The whole state first, then the tail of events, then both as they change. After a loss it begins anew. */
  message(message: Message): void;
  /** The host does not answer; `reason` is a sentence for people, if there is one. It is tried again. */
  lost(reason?: string): void;
}

/** A folder that is dragged over the window. */
export interface DropTarget {
  /** Paths of what is dragged. */
  enter(paths: string[]): void;
  leave(): void;
  drop(paths: string[]): void;
}

export interface HostApi {
  /** Asks for something; the answer is the new state. Fails with a {@link HostError}. */
  command(command: Command): Promise<State>;
  /** Listens until the returned function is called. */
  watch(watcher: Watcher): () => void;
  /** Asks the person for a folder; `null` when they think better of it. */
  pickFolder(): Promise<string | null>;
  /** Opens a folder, or one of its documents, for editing: in our page or in JupyterLab. */
  openEditor(slug: string, path: string | null, lab?: boolean): Promise<void>;
  /** Events before the one with this number, oldest first, some thousands at a time; none: there are no older ones. */
  eventsBefore(seq: number): Promise<EventRecord[]>;
  /** Lets the person keep a text as a file. */
  saveText(name: string, text: string): Promise<void>;
  /** Listens for folders dropped on the window, where there is such a thing. */
  watchDrops(target: DropTarget): () => void;
}

/** The host said no. `message` is a sentence for people. */
export class HostError extends Error {
  constructor(readonly body: ErrorBody) {
    super(body.message);
  }
}

/** Whether something that was thrown or answered has the shape of the host's errors. */
export function isErrorBody(value: unknown): value is ErrorBody {
  return typeof value === 'object' && value !== null && 'message' in value && 'code' in value;
}
