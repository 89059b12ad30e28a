// Guests in real browsers and other programs that change, delete and write the files they have open.
import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { test } from 'node:test';
import AxeBuilder from '@axe-core/playwright';
import { cell, files, join, onHost, open, typeInto, written } from './guest.mjs';
import { browser, headless, person, place, screenshots, until } from './programs.mjs';

const NOTEBOOK = 'counts.ipynb';
/** Nothing is saved before somebody asks: what is typed stays unsaved for as long as a journey needs. */
const UNSAVED = ['--save-delay', 'none'];

/** Another program writes the notebook with other words in it. */
function exchange(at, from, to) {
  const text = at.read(NOTEBOOK);
  assert.ok(text.includes(from), `${from} is in the file`);
  writeFileSync(at.file(NOTEBOOK), text.replace(from, to));
}

/** Keeps a picture in both themes, and finds what axe finds in each. */
async function look(page, name) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: path(screenshots, `disk-${name}-${colorScheme}.png`) });
    const { violations } = await new AxeBuilder({ page }).disableRules('empty-table-header').analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map((node) => node.html).join(' | ')}`), []);
  }
}

/** Ana has typed a line, which is in the file, and goes on in it, which is on the host only. */
async function typing(t, at, host) {
  const page = await person(t, await browser(t));
  await join(page, host.link, 'Ana');
  await open(page, NOTEBOOK);
  await typeInto(page, 2, '# typed by ana');
  await onHost(page);
  await page.keyboard.press('Control+s');
  await written(page);
  await page.keyboard.type(' unsaved');
  await onHost(page);
  return page;
}

const both = (page) => page.getByRole('dialog', { name: /^Cell 2, line/ });

test('UI-104 another program edits the line that somebody types in: both are shown, one is kept, undo brings both back', async (t) => {
  const at = place(t);
  const page = await typing(t, at, await headless(t, at, 0, UNSAVED));
  exchange(at, '# typed by ana', '# changed by git');
  await page.getByText('counts.ipynb was changed on disk and merged.').waitFor();
  await page.getByText('In cell 2 both wrote on one line; both texts are there.').waitFor();
  const merged = await cell(page, 2).locator('.cm-line', { hasText: 'unsaved' }).innerText();
  await page.getByRole('button', { name: 'Show both' }).press('Enter');
  const card = both(page);
  await card.getByText('Typed here, by you').waitFor();
  assert.match(await card.innerText(), /# typed by ana unsaved[^]*# changed by git/);
  await look(page, 'both');
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Show both', 'the focus is where it was');
  await page.keyboard.press('Enter');
  await card.getByRole('button', { name: 'Keep this' }).last().press('Enter');
  await card.waitFor({ state: 'detached' });
  await page.getByText('was changed on disk').waitFor({ state: 'detached' });
  await cell(page, 2).getByText('# changed by git', { exact: true }).waitFor();
  await cell(page, 2).focus();
  await page.keyboard.press('z');
  await cell(page, 2).getByText(merged, { exact: true }).first().waitFor();
  await page.keyboard.press('Control+s');
  await written(page);
  assert.ok(at.read(NOTEBOOK).includes(merged));
});

test('UI-110 both texts stand above the document: their cell is in view, and what is read stays in its place when they go', async (t) => {
  const at = place(t);
  const page = await typing(t, at, await headless(t, at, 0, UNSAVED));
  exchange(at, '# typed by ana', '# changed by git');
  await page.getByText('In cell 2 both wrote on one line; both texts are there.').waitFor();
  // The cell is not in view when both are asked for.
  await cell(page, 8).scrollIntoViewIfNeeded();
  await page.getByRole('button', { name: 'Show both' }).click();
  await both(page).waitFor();
  const box = async (found) => (await found.boundingBox()) ?? { y: 0, height: 0 };
  await until('the cell is below the card, and in view', async () => {
    const [card, spoken] = [await box(both(page)), await box(cell(page, 2))];
    return spoken.y >= card.y + card.height - 1 && spoken.y < 700;
  });
  await look(page, 'both-in-place');
  await cell(page, 6).scrollIntoViewIfNeeded();
  const before = (await box(cell(page, 6))).y;
  await page.keyboard.press('Escape');
  await both(page).waitFor({ state: 'detached' });
  await until('what was read is where it was', async () => Math.abs((await box(cell(page, 6))).y - before) < 2);
});

test('UI-104 what was merged while the host was away is told when it is back', async (t) => {
  const at = place(t);
  const first = await headless(t, at, 0, UNSAVED);
  const page = await typing(t, at, first);
  first.child.kill('SIGKILL');
  await page.getByText('Go on typing; your edits are kept on this device.').waitFor();
  exchange(at, '# typed by ana', '# changed by git');
  await headless(t, at, new URL(first.link).port, UNSAVED);
  await page.getByText('counts.ipynb was changed on disk while you were away, and merged.').waitFor();
  await page.getByRole('button', { name: 'Show both' }).click();
  await both(page).getByText('# changed by git').waitFor();
  await both(page).getByRole('button', { name: 'Keep both' }).click();
  await both(page).waitFor({ state: 'detached' });
});

test('UI-105 a deleted file is told and comes back by saving here; versions are listed, downloaded and put back', async (t) => {
  const at = place(t);
  const { link } = await headless(t, at, 0, UNSAVED);
  const page = await person(t, await browser(t));
  await join(page, link, 'Ana');
  await open(page, NOTEBOOK);
  const before = at.read(NOTEBOOK);
  rmSync(at.file(NOTEBOOK));
  await page.getByText('counts.ipynb was deleted on the host.').waitFor();
  await page.getByText('Not in the file').first().waitFor();
  await look(page, 'gone');
  await page.getByRole('button', { name: 'Save here again' }).press('Enter');
  await page.getByText('was deleted on the host').waitFor({ state: 'detached' });
  await written(page);
  assert.equal(at.read(NOTEBOOK), before);

  await typeInto(page, 2, '# a line that is not wanted any more');
  await onHost(page);
  await page.keyboard.press('Control+s');
  await until('the line is in the file', () => at.read(NOTEBOOK).includes('not wanted'));
  await page.getByRole('button', { name: 'More about this file' }).press('Enter');
  await page.keyboard.press('Enter');
  const versions = page.getByRole('dialog', { name: 'Versions' });
  await versions.getByText('Before a save').first().waitFor();
  await look(page, 'versions');
  const download = page.waitForEvent('download');
  await versions.getByRole('link', { name: /^Download the version/ }).first().click();
  assert.equal(readFileSync(await (await download).path(), 'utf8'), before);
  await versions.getByRole('button', { name: /^Put back the version/ }).first().press('Enter');
  await page.getByText(/^The version of .* is back/).waitFor();
  await versions.getByText('Before one was put back').waitFor();
  await page.getByText('not wanted any more').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo', exact: true }).last().press('Enter');
  await page.getByText('not wanted any more').first().waitFor();
});

test('UI-108 the list of files follows other programs, and a file that is deleted and saved here again', async (t) => {
  const at = place(t);
  const first = await headless(t, at, 0, UNSAVED);
  const page = await person(t, await browser(t));
  await join(page, first.link, 'Ana');
  const row = (name) => files(page).getByText(name, { exact: true });
  await row(NOTEBOOK).waitFor();
  writeFileSync(at.file('fresh.md'), '# Fresh\n');
  await row('fresh.md').waitFor();
  renameSync(at.file('fresh.md'), at.file('moved.md'));
  await row('moved.md').waitFor();
  await row('fresh.md').waitFor({ state: 'detached' });
  await open(page, NOTEBOOK);
  rmSync(at.file('moved.md'));
  await row('moved.md').waitFor({ state: 'detached' });
  rmSync(at.file(NOTEBOOK));
  await page.getByText('counts.ipynb was deleted on the host.').waitFor();
  await row(NOTEBOOK).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Save here again' }).press('Enter');
  await row(NOTEBOOK).waitFor();
  // The host dies, the folder changes, and the host is back.
  first.child.kill('SIGKILL');
  await page.getByText('Go on typing; your edits are kept on this device.').waitFor();
  writeFileSync(at.file('meanwhile.md'), '# Meanwhile\n');
  await headless(t, at, new URL(first.link).port, UNSAVED);
  await row('meanwhile.md').waitFor();
});
