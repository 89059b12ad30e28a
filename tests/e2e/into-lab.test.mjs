// The ways from our own pages into JupyterLab's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as guest from './guest.mjs';
import { cell, hostWithLab } from './lab.mjs';
import { panel } from './owner.mjs';
import { browser, headless, person, place } from './programs.mjs';

const NOTEBOOK = 'counts.ipynb';
const WORDS = 'Open in JupyterLab';

test('UI-130 the window opens a folder in JupyterLab, where it is installed', async (t) => {
  const at = place(t);
  const { local } = await hostWithLab(t, at);
  const chromium = await browser(t);
  const owner = await panel(t, chromium, local);
  const [lab] = await Promise.all([owner.context().waitForEvent('page'), owner.getByRole('button', { name: WORDS }).click()]);
  await lab.locator('.jp-DirListing-item[title^="Name: counts.ipynb"]').waitFor();
  assert.match(new URL(lab.url()).pathname, /^\/tide-pools\/lab/);
  assert.ok(!lab.url().includes('token='), 'the token is out of the address');

  const bare = place(t);
  const without = await headless(t, bare, 0, ['--jupyterlab', bare.root]);
  const plain = await panel(t, chromium, without.local);
  await plain.getByRole('button', { name: 'Open folder' }).waitFor();
  assert.equal(await plain.getByRole('button', { name: WORDS }).count(), 0);
});

test('UI-131 the page opens the file that is open in JupyterLab, as the same guest', async (t) => {
  const at = place(t);
  const { link } = await hostWithLab(t, at);
  const page = await person(t, await browser(t));
  await guest.join(page, link, 'Ana');
  await guest.open(page, NOTEBOOK);
  await guest.typeInto(page, 2, '# by ana');
  const [lab] = await Promise.all([page.context().waitForEvent('page'), page.getByRole('link', { name: WORDS }).click()]);
  await cell(lab, 2).getByText('# by ana').waitFor();
  assert.match(new URL(lab.url()).pathname, /\/lab\/tree\/counts\.ipynb$/);
  await lab.close();
  await page.getByRole('article', { name: /cell 2 of / }).waitFor();
});
