// The host through the shell that this window belongs to. The only file that knows Tauri.
import { Channel, invoke, isTauri } from '@tauri-apps/api/core';
import { listen, TauriEvent } from '@tauri-apps/api/event';
import type { Command, EventRecord, Message, State } from '../../bindings/protocol';
import { HostError, isErrorBody, type DropTarget, type HostApi, type Watcher } from './api';

/** Whether this page is the shell's own window. */
export const insideShell = isTauri;

async function ask<T>(command: string, values?: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, values);
  } catch (error) {
    throw isErrorBody(error) ? new HostError(error) : error;
  }
}

export const shell: HostApi = {
  command: (command: Command) => ask<State>('command', { command }),

  watch(watcher: Watcher) {
    let stopped = false;
    const messages = new Channel<Message>((message) => {
      if (!stopped) watcher.message(message);
    });
    ask('subscribe', { messages }).catch((error: unknown) => {
      if (!stopped) watcher.lost(error instanceof Error ? error.message : undefined);
    });
    return () => {
      stopped = true;
    };
  },

  pickFolder: () => ask<string | null>('pick_folder'),

  openEditor: (slug, path, lab = false) => ask('open_editor', { slug, path, lab }),

  eventsBefore: (before) => ask<EventRecord[]>('older_events', { before }),

  saveText: (name, text) => ask('save_text', { name, text }),

  watchDrops(target: DropTarget) {
    type Dragged = { paths: string[] };
    const listening = [
      listen<Dragged>(TauriEvent.DRAG_ENTER, ({ payload }) => target.enter(payload.paths)),
      listen(TauriEvent.DRAG_LEAVE, () => target.leave()),
      listen<Dragged>(TauriEvent.DRAG_DROP, ({ payload }) => target.drop(payload.paths)),
    ];
    return () => {
      for (const one of listening) void one.then((stop) => stop());
    };
  },
};
