// The window's state: what the host said last, and what the person chose. It changes only when the host answers.
import type { Command, EventRecord, Folder, State } from '../bindings/protocol';
import type { DropTarget, HostApi } from '../shared/host/api';
import { added, type LeastLevel, MOST_EVENTS } from './events';
import { baseName, chosen } from './view';

/** What a folder's page shows: what goes on, or by what people come in. */
export type Page = 'session' | 'events' | 'access';

/** Something that did not work, in the host's words. */
export interface Fault {
  message: string;
}

export class Panel {
  /** `undefined` until the host has said something. */
  state = $state.raw<State>();
  events = $state.raw<EventRecord[]>([]);
  slug = $state<string>();
  page = $state<Page>('session');
  /** A token that was made a moment ago; nobody can show it again. */
  newToken = $state.raw<{ slug: string; name: string; token: string }>();
  level = $state<LeastLevel>('info');
  /** Whether the events of before are here too. */
  past = $state<'unknown' | 'loading' | 'whole' | 'failed'>('unknown');
  fault = $state.raw<Fault>();
  /** The host does not answer; the reason, where there is one. */
  lost = $state.raw<{ reason: string | undefined }>();
  /** The command that waits for its answer. */
  busy = $state<Command['do']>();
  /** Name of the folder that is dragged over the window. */
  dragged = $state<string>();

  readonly folder: Folder | undefined = $derived(this.state?.folders.find((folder) => folder.slug === this.slug));

  readonly #host: HostApi;
  /** States that were told, not asked for. */
  #told = 0;

  constructor(host: HostApi) {
    this.#host = host;
  }

  /** Listens to the host until the returned function is called. */
  start(): () => void {
    const stop = this.#host.watch({
      message: (message) => {
        this.lost = undefined;
        if (message.type === 'state') {
          this.#told += 1;
          this.#show(message.state);
        } else this.events = added(this.events, message.events);
      },
      lost: (reason) => {
        this.lost = { reason };
        // What happens until the host answers again is not told.
        this.past = 'unknown';
      },
    });
    const stopDrops = this.#host.watchDrops(this.#drops());
    return () => {
      stop();
      stopDrops();
    };
  }

  /** Asks the host; what goes wrong becomes `fault`. Whether it was done. */
  async ask(command: Command): Promise<boolean> {
    this.busy = command.do;
    this.fault = undefined;
    const told = this.#told;
    return this.#try(async () => {
      const state = await this.#host.command(command);
      if (command.do === 'new-token' && state.new_token !== null) this.newToken = { slug: command.slug, name: command.name, token: state.new_token };
      // What was told meanwhile may be newer than the answer, and whatever it lacks is told next.
      if (told === this.#told) this.#show(state);
    }).finally(() => (this.busy = undefined));
  }

  /** Lets the person choose a folder and adds it. */
  async chooseFolder(): Promise<void> {
    await this.#try(async () => {
      const path = await this.#host.pickFolder();
      if (path) await this.ask({ do: 'add-folder', path });
    });
  }

  /** Opens the folder, or one of its documents, for editing. */
  async open(path: string | null = null, lab = false): Promise<void> {
    const slug = this.slug;
    if (slug !== undefined) await this.#try(() => this.#host.openEditor(slug, path, lab));
  }

  /** Fetches the events of before, page by page, until all that the host has are here. */
  async remember(): Promise<void> {
    this.past = 'loading';
    try {
      let before = (this.events.at(-1)?.seq ?? Number.MAX_SAFE_INTEGER - 1) + 1;
      for (let fetched = 0; fetched < MOST_EVENTS; ) {
        const page = await this.#host.eventsBefore(before);
        const [first] = page;
        if (!first) break;
        this.events = added(this.events, page);
        before = first.seq;
        fetched += page.length;
      }
      this.past = 'whole';
    } catch {
      this.past = 'failed';
    }
  }

  /** Gives the person a text as a file. */
  async saveText(name: string, text: string): Promise<void> {
    await this.#try(() => this.#host.saveText(name, text));
  }

  #show(state: State) {
    this.slug = chosen(this.state?.folders, state.folders, this.slug);
    this.state = state;
  }

  async #try(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.fault = { message: error instanceof Error ? error.message : String(error) };
      return false;
    }
  }

  #drops(): DropTarget {
    return {
      enter: (paths) => (this.dragged = paths[0] === undefined ? undefined : baseName(paths[0])),
      leave: () => (this.dragged = undefined),
      drop: (paths) => {
        this.dragged = undefined;
        // One after another, so that the last one is shown and a refusal is not overwritten.
        void (async () => {
          for (const path of paths) if (!(await this.ask({ do: 'add-folder', path }))) break;
        })();
      },
    };
  }
}
