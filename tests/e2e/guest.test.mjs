// Guests in real browsers, against the headless host: the journeys a share link leads to.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { test } from 'node:test';
import AxeBuilder from '@axe-core/playwright';
import { cell, files, join, open, typeInto, written } from './guest.mjs';
import { browser, headless, person, place, screenshots, until } from './programs.mjs';

const NOTEBOOK = 'counts.ipynb';

/** Edits the notebook as another program would: reads it, changes its last cell, writes it. */
function editOutside(at, line) {
  const notebook = JSON.parse(at.read(NOTEBOOK));
  const last = notebook.cells.at(-1);
  last.source = [...last.source.slice(0, -1), `${last.source.at(-1)}\n`, line];
  writeFileSync(at.file(NOTEBOOK), `${JSON.stringify(notebook, null, 1)}\n`);
}

const count = (text, word) => text.split(word).length - 1;

/** Two guests who have the notebook open. */
async function two(t) {
  const at = place(t);
  const { link } = await headless(t, at);
  const chromium = await browser(t);
  const [ana, ben] = [await person(t, chromium), await person(t, chromium)];
  await join(ana, link, 'Ana');
  await join(ben, link, 'Ben');
  await Promise.all([open(ana, NOTEBOOK), open(ben, NOTEBOOK)]);
  return { at, link, ana, ben };
}

test('UI-80 two guests and another program edit one notebook; all three edits end in the file', async (t) => {
  const { at, link, ana, ben } = await two(t);

  await Promise.all([
    typeInto(ana, 2, '# ana was here, typing a line that takes a while to write down'),
    typeInto(ben, 3, '# ben was here, typing at the same time in another cell of it'),
    (async () => {
      await until('the first typed words are in the file', () => at.read(NOTEBOOK).includes('was here'));
      editOutside(at, 'and git pull was here');
    })(),
  ]);
  const words = ['# ana was here, typing a line that takes a while to write down', '# ben was here, typing at the same time in another cell of it', 'and git pull was here'];
  await until('all three edits are in the file', () => words.every((word) => at.read(NOTEBOOK).includes(word)));
  for (const page of [ana, ben]) {
    for (const word of words) await page.getByText(word).first().waitFor();
    await written(page);
  }
  const saved = at.read(NOTEBOOK);
  assert.deepEqual(words.map((word) => count(saved, word)), [1, 1, 1]);
  assert.ok(!(await ana.evaluate(() => document.cookie)).includes('commonplace'), 'the credential is out of reach of scripts');
  assert.ok(!ana.url().includes(new URL(link).hash.slice(1)), 'the secret is not in the address');
});

test('UI-81 a guest sees where others are, by name', async (t) => {
  const { ana, ben } = await two(t);
  await typeInto(ben, 2, '# here');
  await cell(ana, 2).and(ana.getByRole('article', { name: /Ben is here/ })).waitFor();
  await typeInto(ana, 2, '# too');
  await cell(ana, 2).getByText('Ben', { exact: true }).first().waitFor();
  await ben.context().close();
  await until('Ben is gone', async () => (await ana.getByRole('article', { name: /Ben is here/ }).count()) === 0);
});

test('UI-86 a cell that somebody else moves keeps the caret of whoever types in it; an undone deletion comes back once', async (t) => {
  const { ana, ben } = await two(t);
  await typeInto(ben, 2, '# one');
  await ana.getByText('# one').first().waitFor();
  await cell(ana, 2).focus();
  await ana.keyboard.press('Alt+ArrowDown');
  await cell(ben, 3).getByText('# one').waitFor();
  await ben.keyboard.type(' two');
  await cell(ana, 3).getByText('# one two').waitFor();

  await cell(ana, 8).focus();
  await ana.keyboard.press('d');
  await ana.keyboard.press('d');
  await until('the cell is deleted for both', async () => (await ben.getByRole('article').count()) === 7);
  await cell(ana, 7).focus();
  await ana.keyboard.press('z');
  await until('the cell is back', async () => (await ben.getByRole('article').count()) === 8);
  assert.equal(await ana.getByText('Cell deleted').count(), 0);
});

test('UI-82 the host dies and comes back: the page says so, and nothing is lost or doubled', async (t) => {
  const at = place(t);
  const first = await headless(t, at);
  const page = await person(t, await browser(t));
  await join(page, first.link, 'Ana');
  await open(page, NOTEBOOK);
  await typeInto(page, 2, '# before');
  await written(page);
  first.child.kill('SIGKILL');
  await page.getByText('Go on typing; your edits are kept on this device.').waitFor();
  await typeInto(page, 2, '# meanwhile');
  await headless(t, at, new URL(first.link).port);
  await page.getByRole('status').getByText('Live', { exact: true }).first().waitFor();
  await until('both lines are in the file', () => ['# before', '# meanwhile'].every((word) => count(at.read(NOTEBOOK), word) === 1));
});

for (const scheme of ['light', 'dark']) {
  test(`UI-83 the page has no finding of axe, ${scheme}`, async (t) => {
    const at = place(t);
    const { link } = await headless(t, at);
    const page = await person(t, await browser(t), { colorScheme: scheme });
    const look = async (name) => {
      await page.screenshot({ path: path(screenshots, `guest-${name}-${scheme}.png`) });
      // Tables in outputs are their author's; every other rule holds for them too.
      const { violations } = await new AxeBuilder({ page }).disableRules('empty-table-header').analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map((node) => node.html).join(' | ')}`), []);
    };
    await page.goto(link);
    await page.getByLabel('Your name').waitFor();
    await look('join');
    await join(page, link, 'Ana');
    await look('files');
    await open(page, NOTEBOOK);
    await cell(page, 2).locator('pre, .cm-content').first().waitFor();
    await look('notebook');
    await files(page).getByText('README.md', { exact: true }).click();
    await page.getByRole('textbox').first().waitFor();
    await look('text');
  });
}

test('UI-84 what a notebook contains cannot act on the page', async (t) => {
  const at = place(t);
  const html = '<b>shown</b><img src=x onerror="window.struck=1"><script>window.struck=2</script><iframe srcdoc="<script>parent.struck=3</script>"></iframe>';
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="window.struck=4"><script>window.struck=5</script></svg>';
  const output = (data) => ({ output_type: 'display_data', data, metadata: {} });
  const cells = [
    { id: 'a', cell_type: 'code', source: ['1'], metadata: { trusted: true }, execution_count: 1, outputs: [output({ 'text/html': [html] }), output({ 'image/svg+xml': [svg] }), output({ 'application/javascript': ['window.struck=6'] })] },
    { id: 'b', cell_type: 'markdown', source: [`# Title\n${html}\n[link](javascript:window.struck=7)`], metadata: {} },
  ];
  writeFileSync(at.file('hostile.ipynb'), `${JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`);
  const { link } = await headless(t, at);
  const page = await person(t, await browser(t), {}, /SecurityError|cross-origin|sandbox/);
  await join(page, link, '<img src=x onerror="window.struck=8">'.slice(0, 40));
  await open(page, 'hostile.ipynb');
  await page.getByText('shown').first().waitFor();
  await page.frameLocator('iframe').first().getByText('shown').waitFor();
  await page.getByRole('heading', { name: 'Title' }).waitFor();
  assert.equal(await page.evaluate(() => window.struck), undefined);
});

test('UI-85 a broken notebook and an ended link are told in words', async (t) => {
  const at = place(t);
  writeFileSync(at.file('broken.ipynb'), '{"cells": [');
  const { link } = await headless(t, at);
  const chromium = await browser(t);
  const page = await person(t, chromium);
  await join(page, link, 'Ana');
  await files(page).getByText('broken.ipynb', { exact: true }).click();
  await page.getByText('broken.ipynb is not a readable notebook.').waitFor();
  await page.getByRole('button', { name: 'Open as text' }).click();
  await page.getByText('{"cells": [').first().waitFor();
  const stranger = await person(t, chromium);
  await stranger.goto(link.replace(/#.*/, '#not-the-secret'));
  await stranger.getByText('This link has ended').waitFor();
});
