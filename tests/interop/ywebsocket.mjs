// An unmodified y-websocket client, or JupyterLab's own provider, driven by JSON lines on stdin and answering each with one JSON
// line on stdout. Not a provider of ours: it shows what a stock client sees and does.
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import * as Y from 'yjs';
import { WebsocketProvider as Current } from 'y-websocket';
import { WebsocketProvider as First } from 'y-websocket-1';

let doc = new Y.Doc();
let provider;
/** JupyterLab's, if it is that one: `{ provider, model }`. */
let lab;

/** Resolves when `holds` does; looks again whenever the document, the awareness or the connection changes. */
function until(holds, seen = () => holds) {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (!holds()) return;
      clearTimeout(timeout);
      doc.off('update', look);
      provider.awareness.off('change', look);
      provider.off('sync', look);
      provider.off('status', look);
      resolve();
    };
    const timeout = setTimeout(() => reject(new Error(`not seen within 30 s: ${seen()}`)), 30_000);
    doc.on('update', look);
    provider.awareness.on('change', look);
    provider.on('sync', look);
    provider.on('status', look);
    look();
  });
}

const cells = () => doc.getArray('cells').toArray();
const source = (id) => cells().find((cell) => cell.get('id') === id)?.get('source');

const commands = {
  async connectLab({ base, token, path, bundle }) {
    lab = { ...(await import(bundle)) };
    Object.assign(lab, await lab.open({ url: base, token, path }));
    doc = lab.model.ydoc;
    provider = lab.provider.wsProvider;
    await until(() => provider.synced);
  },
  save: () => lab.provider.save(),
  dialogs: () => lab.dialogs,
  async connect({ url, room, session, token, version, name }) {
    const Provider = version === 1 ? First : Current;
    const params = { sessionId: session, token };
    provider = new Provider(url, room, doc, { params, WebSocketPolyfill: WebSocket, disableBc: true });
    provider.awareness.setLocalStateField('user', { name });
    await until(() => provider.synced);
  },
  async synced() {
    await until(() => provider.synced && provider.wsconnected);
  },
  async disconnected() {
    await until(() => !provider.wsconnected);
  },
  insert({ cell, at, text }) {
    const target = cell === undefined ? doc.getText('source') : source(cell);
    target.insert(at < 0 ? target.length : at, text);
  },
  addCell({ id, text }) {
    const cell = new Y.Map();
    const metadata = new Y.Map();
    cell.set('id', id);
    cell.set('cell_type', 'markdown');
    cell.set('metadata', metadata);
    cell.set('source', new Y.Text(text));
    doc.getArray('cells').push([cell]);
  },
  async contains({ texts }) {
    const everything = () => JSON.stringify([doc.getText('source').toString(), cells().map((cell) => cell.toJSON())]);
    await until(() => texts.every((text) => everything().includes(text)), () => `${texts} in ${everything()}`);
  },
  async people({ names }) {
    const here = () => [...provider.awareness.getStates().values()].map((state) => state.user?.name).filter(Boolean).sort();
    await until(() => JSON.stringify(here()) === JSON.stringify([...names].sort()));
  },
  cells: () => cells().map((cell) => cell.toJSON()),
  text: () => doc.getText('source').toString(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...rest } = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify({ ok: (await commands[name](rest)) ?? null })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}
process.exit(0);
