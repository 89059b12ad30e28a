// What somebody does in JupyterLab, in the words of its page. Journeys are made of these.
import { join as path } from 'node:path';
import { finallyDo, headless, person, screenshots } from './programs.mjs';

/** Where the installation is that is served. */
const installed = process.env.COMMONPLACE_JUPYTERLAB;

/** The headless host with JupyterLab. */
export const hostWithLab = (t, at, port = 0, options = []) => headless(t, at, port, ['--jupyterlab', installed, ...options]);

/** A person who came by the share link and has a notebook open in JupyterLab. What JupyterLab complains of, in dialogs or
 * in the console, fails the test: on its own server it complains of nothing in these journeys. `expected` matches what it
 * says because the journey takes the host away. */
export async function inLab(t, running, link, name, file, expected = /^$/) {
  const page = await person(t, running, {}, expected);
  const complaints = [];
  page.on('console', (message) => {
    const text = `${message.text()} ${message.location().url}`;
    if (message.type() === 'error' && !expected.test(text)) complaints.push(text);
  });
  finallyDo(t, async () => {
    if (page.isClosed()) return;
    await page.screenshot({ path: path(screenshots, `${t.name.split(' ')[0].toLowerCase()}-${name}.png`) });
    complaints.push(...(await page.locator('.jp-Dialog').allInnerTexts()));
    if (complaints.length > 0) throw new Error(`JupyterLab complains to ${name}:\n${complaints.join('\n')}`);
  });
  await joined(page, link, name);
  await page.goto(new URL(`lab/tree/${file}`, link).href);
  await cell(page, 1).waitFor();
  return page;
}

/** Redeems the link as the folder's own page does. */
export async function joined(page, link, name) {
  const secret = new URL(link).hash.slice(1);
  const answer = await page.context().request.post(new URL('api/commonplace/join', link).href, { data: { secret, name, color: null } });
  if (!answer.ok()) throw new Error(await answer.text());
}

const notebook = (page) => page.locator('.jp-Notebook:visible');

/** The cell at this place, counted from 1. */
export const cell = (page, number) => notebook(page).locator('.jp-Cell').nth(number - 1);

/** Puts the caret at the end of a code cell and types a new line. */
export async function typeInto(page, number, text) {
  await cell(page, number).locator('.cm-content').click();
  await page.keyboard.press('Control+End');
  await page.keyboard.press('Enter');
  await page.keyboard.type(text, { delay: 15 });
}

/** Selects a code cell without editing it, for single keys. */
export async function select(page, number) {
  await cell(page, number).locator('.cm-content').click();
  await page.keyboard.press('Escape');
}
