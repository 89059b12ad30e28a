// The single keys of command mode, as in Jupyter. Says what a key means; does nothing.

export type Command =
  | 'edit'
  | 'next'
  | 'previous'
  | 'first'
  | 'last'
  | 'above'
  | 'below'
  | 'delete'
  | 'cut'
  | 'copy'
  | 'paste'
  | 'code'
  | 'markdown'
  | 'raw'
  | 'undo'
  | 'redo'
  | 'up'
  | 'down'
  | 'go on'
  | 'render'
  | 'insert and edit';

export type Key = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

const plain: Record<string, Command> = {
  Enter: 'edit',
  ArrowDown: 'next',
  ArrowUp: 'previous',
  j: 'next',
  k: 'previous',
  Home: 'first',
  End: 'last',
  a: 'above',
  b: 'below',
  c: 'copy',
  x: 'cut',
  v: 'paste',
  m: 'markdown',
  y: 'code',
  r: 'raw',
  z: 'undo',
};

/** Two `d` within this time delete. */
const DOUBLE_MS = 800;

/** Remembers a first `d`. */
export class CommandKeys {
  private lastD = -Infinity;

  /** What the key means at `now` (ms), or null if it means nothing here. */
  read(event: Key, now: number): Command | null {
    const { key, altKey, shiftKey } = event;
    const mod = event.ctrlKey || event.metaKey;
    const first = this.lastD;
    this.lastD = -Infinity;
    if (key === 'Enter') {
      if (shiftKey) return 'go on';
      if (mod) return 'render';
      return altKey ? 'insert and edit' : 'edit';
    }
    if (altKey && !mod && (key === 'ArrowUp' || key === 'ArrowDown')) return key === 'ArrowUp' ? 'up' : 'down';
    if (mod || altKey) {
      if (mod && !altKey && key.toLowerCase() === 'z') return shiftKey ? 'redo' : 'undo';
      return mod && !altKey && key.toLowerCase() === 'y' ? 'redo' : null;
    }
    if (shiftKey) return key.toLowerCase() === 'z' ? 'redo' : null;
    if (key === 'd') {
      if (now - first < DOUBLE_MS) return 'delete';
      this.lastD = now;
      return null;
    }
    return plain[key] ?? null;
  }
}
