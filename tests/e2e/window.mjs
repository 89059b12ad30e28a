// The real window, driven by WebDriver's plain HTTP: a handful of calls, no client library.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { driver, finallyDo, screenshots, until } from './programs.mjs';

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

export class Window {
  constructor(url, session) {
    this.base = `${url}/session/${session}`;
  }

  /** Starts the app with these arguments; the test's end closes it. */
  static async open(t, at, args, env) {
    const { url } = await driver(t, at, env);
    const browserOptions = { binary: process.env.COMMONPLACE_APP, args };
    const value = await call(`${url}/session`, 'POST', { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': browserOptions } } });
    const window = new Window(url, value.sessionId);
    finallyDo(t, () => window.close(at));
    return window;
  }

  /** Runs a function's body in the page; answers what it returns. */
  run(script, ...args) {
    return call(`${this.base}/execute/sync`, 'POST', { script, args });
  }

  /** Waits for the element that `role` and accessible name describe, as far as markup tells them. */
  find(role, name) {
    return until(`${role} "${name}" in the window`, () => this.run(FIND, role, name));
  }

  async click(role, name) {
    const element = await this.find(role, name);
    await call(`${this.base}/element/${element[ELEMENT]}/click`, 'POST', {});
  }

  /** Waits until the page's text contains these words. */
  says(...words) {
    let text = '';
    return until(`the window says ${words.join(', ')}`, async () => {
      text = await this.run('return document.body.innerText');
      return words.every((word) => text.includes(word));
    }).catch((error) => {
      throw new Error(`${error.message}; it says: ${text}`);
    });
  }

  async size(width, height) {
    await call(`${this.base}/window/rect`, 'POST', { width, height });
  }

  /** Keeps a picture of the page, once it has drawn what it says. */
  async picture(name) {
    await call(`${this.base}/execute/async`, 'POST', { script: DRAWN, args: [] });
    const image = await call(`${this.base}/screenshot`, 'GET');
    writeFileSync(join(screenshots, `${name}.png`), Buffer.from(image, 'base64'));
  }

  /** Ends the session, and waits for the app, which writes what is unsaved before it ends. */
  async close(at) {
    await call(this.base, 'DELETE').catch(() => undefined);
    await until('the app has ended', () => running(at).length === 0).catch((error) => {
      running(at).forEach((id) => process.kill(id, 'SIGKILL'));
      throw error;
    });
  }
}

/** Processes of the app and its web views: those whose environment names the test's place, but for the driver. */
function running(at) {
  const of = (id, file) => {
    try {
      return readFileSync(`/proc/${id}/${file}`, 'utf8');
    } catch {
      return ''; // It has just ended.
    }
  };
  const ids = readdirSync('/proc').filter((id) => /^\d+$/.test(id)).map(Number);
  return ids.filter((id) => of(id, 'environ').includes(at.root) && !of(id, 'comm').startsWith('WebKitWebDriver'));
}

const DRAWN = `
  const done = arguments[0];
  document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));
`;

// Good enough for our own pages: explicit roles and the roles of the elements that we use.
const FIND = `
  const [role, name] = arguments;
  const tags = { button: 'button', link: 'a[href]', textbox: 'input,textarea', heading: 'h1,h2,h3', combobox: 'select' };
  const candidates = document.querySelectorAll('[role="' + role + '"]' + (tags[role] ? ',' + tags[role] : ''));
  const labelled = (element) => (element.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
  const nameOf = (element) => (element.getAttribute('aria-label') || labelled(element).trim() || element.labels?.[0]?.textContent || element.textContent || '').replace(/\\s+/g, ' ').trim();
  return [...candidates].find((element) => element.checkVisibility() && nameOf(element) === name) ?? null;
`;

async function call(url, method, body) {
  const answer = await fetch(url, { method, body: body && JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${url}: ${value?.message ?? answer.status}`);
  return value;
}
