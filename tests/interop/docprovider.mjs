// JupyterLab's own provider, of `@jupyter/docprovider`, with its own model, settings and user, outside of a page.
//
// It is bundled before it runs, since it is written for bundlers. What of JupyterLab its package needs and the provider does
// not use (widgets, drives) is left out of the installation by the overrides in package.json; dialogs are ./dialogs.mjs.
import { ServerConnection, UserManager } from '@jupyterlab/services';
import { WebSocketProvider } from '@jupyter/docprovider/lib/yprovider.js';
import { YNotebook } from '@jupyter/ydoc';
import WebSocket from 'ws';
import { dialogs } from './dialogs.mjs';

export { dialogs };

/** Opens a notebook as JupyterLab does: session, socket, first synchronisation. */
export async function open({ url, token, path }) {
  globalThis.window = globalThis;
  // The user manager looks there for a colour, and takes the host's if there is none.
  globalThis.localStorage ??= { getItem: () => null, setItem: () => undefined };
  const serverSettings = ServerConnection.makeSettings({ baseUrl: url, wsUrl: url.replace('http', 'ws'), token, appendToken: true, WebSocket });
  const model = new YNotebook();
  const user = new UserManager({ serverSettings });
  const translator = { __: (text) => text };
  const options = { path, contentType: 'notebook', format: 'json', model, user, translator, serverSettings };
  const provider = new WebSocketProvider(options);
  await Promise.all([provider.ready, user.ready]);
  return { provider, model };
}
