// What happened in a folder: the page of events in the owner's window, in a browser, against the real host and its store.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { test } from 'node:test';
import AxeBuilder from '@axe-core/playwright';
import { join, open, typeInto, written } from './guest.mjs';
import { house, panel, turnTo } from './owner.mjs';
import { browser, headless, place, screenshots, until } from './programs.mjs';

const NOTEBOOK = 'counts.ipynb';
const grid = (page) => page.getByRole('grid', { name: 'Events' });
const lines = (page, text) => grid(page).getByRole('row').filter({ hasText: text });
const choose = (page, label, option) => page.getByRole('search').getByLabel(label, { exact: true }).selectOption({ label: option });
const counted = (page, text) => page.getByRole('status').filter({ hasText: text }).waitFor();

/** A download's name and text. */
async function downloaded(page, item) {
  await page.getByRole('button', { name: 'Save these events as a file' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: item }).click()]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
}

test('UI-145 events are filtered, held, looked at closely, taken away as a file and cleared from view', async (t) => {
  const { link, owner, people: [ana, ben] } = await house(t, 2);
  await join(ana, link, 'Ana');
  await open(ana, NOTEBOOK);
  await turnTo(owner, 'Events');
  await lines(owner, 'Ana').first().waitFor();
  await choose(owner, 'Person', 'Ana');
  await lines(owner, 'share').waitFor({ state: 'detached' });
  await choose(owner, 'Person', 'Everyone');
  await lines(owner, 'share').waitFor();
  await choose(owner, 'Action', 'initialize');
  await lines(owner, 'initialize').first().waitFor();
  assert.equal(await lines(owner, 'join').count(), 0);
  await owner.getByRole('searchbox', { name: 'Find' }).fill('no such thing');
  await owner.getByText('No event fits these filters.').waitFor();
  await owner.getByRole('button', { name: 'Clear filters' }).click();
  await lines(owner, 'join').first().waitFor();
  await choose(owner, 'Document', NOTEBOOK);
  await lines(owner, 'initialize').first().waitFor();
  await choose(owner, 'Document', 'Every document');

  // Held: what comes is counted, and shown on demand.
  await owner.getByRole('button', { name: 'Pause' }).click();
  await join(ben, link, 'Ben');
  await owner.getByText(/^Paused, [1-9]\d* new/).waitFor();
  assert.equal(await lines(owner, 'Ben').count(), 0);
  await owner.getByRole('button', { name: 'Go on' }).click();
  await lines(owner, 'Ben').first().waitFor();

  await owner.screenshot({ path: path(screenshots, 'events-list.png') });
  // By keyboard: the last line, its details, and back.
  await grid(owner).focus();
  await owner.keyboard.press('End');
  await owner.keyboard.press('ArrowUp');
  await owner.keyboard.press('Enter');
  const details = owner.getByRole('complementary', { name: 'Details of the event' });
  await details.waitFor();
  await owner.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await owner.keyboard.press('c');
  await details.getByText('Copied').waitFor();
  const copied = JSON.parse(await owner.evaluate(() => navigator.clipboard.readText()));
  await details.getByText(String(copied.seq), { exact: true }).waitFor();
  for (const scheme of ['light', 'dark']) {
    await owner.emulateMedia({ colorScheme: scheme });
    await owner.screenshot({ path: path(screenshots, `events-${scheme}.png`) });
    const { violations } = await new AxeBuilder({ page: owner }).analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), []);
  }
  await owner.keyboard.press('Escape');
  await details.waitFor({ state: 'detached' });
  assert.equal(await owner.evaluate(() => document.activeElement.getAttribute('role')), 'grid');

  await owner.getByRole('searchbox', { name: 'Find' }).fill('ben');
  await counted(owner, /events, \d+ shown$/);
  const jsonl = await downloaded(owner, 'JSON lines');
  assert.match(jsonl.name, /-events-\d{4}-\d\d-\d\d\.jsonl$/);
  const records = jsonl.text.trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(records.length > 0 && records.every((record) => /ben/i.test(`${record.person?.name} ${record.line}`)), jsonl.text);
  const csv = await downloaded(owner, 'Table (CSV)');
  assert.equal(csv.text.trim().split('\r\n').length, records.length + 1);
  await owner.getByRole('searchbox', { name: 'Find' }).fill('');

  await owner.getByRole('button', { name: 'Clear the view' }).click();
  await owner.getByText('Cleared. What happens from now on appears here.').waitFor();
  await typeInto(ana, 2, 'after the clearing');
  await written(ana);
  await lines(owner, 'save').first().waitFor();
  assert.equal(await lines(owner, 'initialize').count(), 0);
});

test('UI-144 fifty thousand events of before are there after a restart, and only those in view are drawn', async (t) => {
  const at = place(t);
  const first = await headless(t, at);
  first.child.kill('SIGTERM');
  await once(first.child, 'exit');
  const database = path(at.root, 'state', 'commonplace.sqlite');
  assert.ok(existsSync(database));
  // As many as the store keeps, all like the first of its own.
  const fill = `
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
folder, event, seq, time = c.execute("SELECT folder, event, seq, time FROM events ORDER BY seq LIMIT 1").fetchone()
last = c.execute("SELECT max(seq) FROM events").fetchone()[0]
c.executemany("INSERT INTO events (seq, time, folder, event) VALUES (?, ?, ?, ?)", ((n, time + n * 1000, folder, event.replace('"line":"', '"line":"n%d ' % n)) for n in range(last + 1, 50001)))
c.commit()
`;
  execFileSync('python3', ['-c', fill, database]);
  const { local } = await headless(t, at);
  const owner = await panel(t, await browser(t), local);
  await turnTo(owner, 'Events');
  await counted(owner, /^50000 events$/);
  const drawn = () => grid(owner).getByRole('row').count();
  assert.ok((await drawn()) < 80, `${await drawn()} rows are drawn`);
  await grid(owner).focus();
  await owner.keyboard.press('Home');
  await until('the oldest is in view', async () => (await grid(owner).evaluate((list) => list.scrollTop)) < 40);
  assert.ok((await drawn()) < 80);
  await owner.getByRole('searchbox', { name: 'Find' }).fill('n31415');
  await lines(owner, 'n31415').waitFor();
  await owner.getByRole('searchbox', { name: 'Find' }).fill('');
  // Through all of it, a window's height a frame: how long the frames take is said, not asserted.
  const frames = await grid(owner).evaluate(async (list) => {
    const took = [];
    let before = performance.now();
    for (let n = 0; n < 120; n += 1) {
      list.scrollTop = (n / 120) * list.scrollHeight;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      took.push(now - before);
      before = now;
    }
    return took.sort((a, b) => a - b);
  });
  t.diagnostic(`scrolling 50,000 events: median frame ${frames[60].toFixed(1)} ms, worst ${frames.at(-1).toFixed(1)} ms`);
});
