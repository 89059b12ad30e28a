// The one bridge from plain objects to what is on screen: an object says "I changed", and whoever showed it, shows it
// again. Outside of a page (in tests) it is a plain list of listeners.
import { createSubscriber } from 'svelte/reactivity';

export class Changes {
  private readonly listeners = new Set<() => void>();
  /** Called by getters: what reads them on screen is shown again after `emit`. */
  readonly track = createSubscriber((update) => this.listen(update));

  /** Returns the way out. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
