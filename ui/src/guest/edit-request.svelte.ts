// A viewer's wish to edit: asked once for all files, kept while it waits, and what became of it.
import { host, HostError } from '../shared/host/http';
import { answerTo } from './asking';

export type EditState = { state: 'none' | 'asking' | 'refused' | 'over' } | { state: 'waiting'; code: string } | { state: 'failed'; message: string };

export class EditRequest {
  now = $state.raw<EditState>({ state: 'none' });
  #asked: { ticket: string; page: AbortController } | null = null;

  async ask(): Promise<void> {
    if (this.now.state === 'asking' || this.now.state === 'waiting') return;
    this.now = { state: 'asking' };
    const page = new AbortController();
    try {
      const knocked = await host.knock({}, '', null, 'edit');
      if (knocked.state !== 'waiting') return this.#settle(knocked.state);
      const { ticket, code } = knocked;
      this.#asked = { ticket, page };
      this.now = { state: 'waiting', code };
      const answer = await answerTo({ ticket, wait: host.waitForAnswer, signal: page.signal, onaway: () => undefined });
      if (answer) this.#settle(answer.state);
    } catch (error) {
      this.now = { state: 'failed', message: error instanceof HostError ? error.message : '' };
    }
  }

  /** Asks no more. */
  stop(): void {
    const asked = this.#asked;
    this.forget();
    if (asked) void host.stopAsking(asked.ticket).catch(() => undefined);
  }

  /** Whatever it was, it is over: the host has said what holds now, or nobody looks any more. */
  forget(): void {
    this.#asked?.page.abort();
    this.#asked = null;
    this.now = { state: 'none' };
  }

  /** That one may edit now is told by the line to the host, as every change of a role is. */
  #settle(state: 'let-in' | 'refused' | 'over'): void {
    this.#asked = null;
    this.now = { state: state === 'let-in' ? 'none' : state };
  }
}
