// JupyterLab's own front end in real browsers, against the headless host: what people who live in it do together.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import * as guest from './guest.mjs';
import { cell, hostWithLab, inLab, select, typeInto } from './lab.mjs';
import { browser, finallyDo, person, place, screenshots, until } from './programs.mjs';

const NOTEBOOK = 'counts.ipynb';
const count = (text, word) => text.split(word).length - 1;
const shows = (page, number, text) => cell(page, number).getByText(text).waitFor();

/** Two people who have the notebook open in JupyterLab. */
async function two(t, options = [], expected = undefined) {
  const at = place(t);
  const { link, child } = await hostWithLab(t, at, 0, options);
  const chromium = await browser(t);
  const open = (name) => inLab(t, chromium, link, name, NOTEBOOK, expected);
  const [ana, ben] = await Promise.all([open('Ana'), open('Ben')]);
  return { at, link, child, chromium, ana, ben };
}

test('LAB-10 two JupyterLabs load without complaint, type both ways, and see who is where', async (t) => {
  const { at, ana, ben } = await two(t);
  await typeInto(ana, 2, '# ana was here');
  await typeInto(ben, 3, '# ben was here');
  await shows(ben, 2, '# ana was here');
  await shows(ana, 3, '# ben was here');
  await cell(ana, 3).locator('.jp-remote-cursor').waitFor({ state: 'attached' });
  await ana.getByRole('tab', { name: /Collaboration/ }).click();
  await ana.locator('.jp-Collaborator').getByText('Ben').waitFor();
  await until('both are in the file', () => ['# ana was here', '# ben was here'].every((word) => count(at.read(NOTEBOOK), word) === 1));
  await ben.context().close();
  await until('Ben is gone', async () => (await ana.locator('.jp-Collaborator').getByText('Ben').count()) === 0);
});

test('LAB-11 cells are added, moved and deleted for both; a save that is asked for is answered when the file has it', async (t) => {
  const { at, ana, ben } = await two(t, ['--save-delay', 'none']);
  const before = JSON.parse(at.read(NOTEBOOK)).cells.length;
  await select(ana, 2);
  await ana.keyboard.press('b');
  await ana.keyboard.press('Enter');
  await ana.keyboard.type('new = 1');
  await shows(ben, 3, 'new = 1');
  await ana.keyboard.press('Escape');
  await ana.keyboard.press('Control+Shift+ArrowUp');
  await shows(ben, 2, 'new = 1');
  await select(ben, 3);
  await ben.keyboard.press('d');
  await ben.keyboard.press('d');
  for (const page of [ana, ben]) await shows(page, 3, 'counts.pivot_table');
  assert.equal(count(at.read(NOTEBOOK), 'new = 1'), 0, 'nothing is saved before somebody asks');
  await ana.keyboard.press('Control+s');
  await until('it is in the file', () => count(at.read(NOTEBOOK), 'new = 1') === 1);
  assert.equal(JSON.parse(at.read(NOTEBOOK)).cells.length, before);
});

test('LAB-12 a rename and a new notebook reach the disk and whoever has the file open', async (t) => {
  const { at, ana, ben } = await two(t);
  const listed = (page, name) => page.locator(`.jp-DirListing-item[title^="Name: ${name}"]`);
  await listed(ana, NOTEBOOK).click();
  await ana.keyboard.press('F2');
  await ana.locator('.jp-DirListing-editor').fill('tallies.ipynb');
  await ana.keyboard.press('Enter');
  await until('the file has its new name', () => existsSync(at.file('tallies.ipynb')) && !existsSync(at.file(NOTEBOOK)));
  for (const page of [ana, ben]) await page.getByRole('tab', { name: 'tallies.ipynb' }).waitFor();
  await typeInto(ben, 2, '# after the rename');
  await shows(ana, 2, '# after the rename');
  await until('it is in the file', () => count(at.read('tallies.ipynb'), '# after the rename') === 1);

  await ana.getByRole('menuitem', { name: 'File', exact: true }).click();
  const item = (text) => ana.locator('.lm-Menu-itemLabel').getByText(text, { exact: true });
  await item('New').click();
  await item('Notebook').click();
  await ana.getByRole('tab', { name: 'Untitled.ipynb' }).waitFor();
  await cell(ana, 1).locator('.cm-content').click();
  await ana.keyboard.type('first = 1');
  await until('it is in the file', () => count(at.read('Untitled.ipynb'), 'first = 1') === 1);
  assert.ok(existsSync(at.file('tallies.ipynb')) && !existsSync(at.file(NOTEBOOK)));
});

test('FRAME-10 JupyterLab’s timeline shows an earlier state, and going back is an edit that all get', async (t) => {
  const { at, ana, ben } = await two(t);
  const line = '# a line that is taken back';
  await typeInto(ben, 2, line);
  await shows(ana, 2, line);
  await until('it is in the file', () => count(at.read(NOTEBOOK), line) === 1);
  await ana.getByTitle('Document Timeline').click();
  const slider = ana.locator('.jp-Slider');
  await slider.focus();
  await ana.keyboard.press('Home');
  const text = (page) => cell(page, 2).locator('.cm-content').innerText();
  await until('the earlier state is shown', async () => !(await text(ana)).includes(line));
  assert.ok((await text(ben)).includes(line), 'nobody else is in the past');
  assert.equal(count(at.read(NOTEBOOK), line), 1);
  await ana.getByRole('button', { name: /^Restore version/ }).click();
  await until('all have it', async () => !(await text(ben)).includes(line) && count(at.read(NOTEBOOK), line) === 0);
});

test('LAB-13 what another program writes while people type is merged; nothing is lost', async (t) => {
  const { at, ana, ben } = await two(t);
  const words = ['# ana types a line that takes a while to write down', '# ben types one at the same time, in another cell of it', 'and git pull was here'];
  await Promise.all([
    typeInto(ana, 2, words[0]),
    typeInto(ben, 3, words[1]),
    (async () => {
      await until('the first typed words are in the file', () => at.read(NOTEBOOK).includes('types'));
      const notebook = JSON.parse(at.read(NOTEBOOK));
      notebook.cells[0].source.push(`\n\n${words[2]}`);
      writeFileSync(at.file(NOTEBOOK), `${JSON.stringify(notebook, null, 1)}\n`);
    })(),
  ]);
  await until('all three are in the file once', () => words.every((word) => count(at.read(NOTEBOOK), word) === 1));
  for (const page of [ana, ben]) {
    await shows(page, 2, words[0]);
    await shows(page, 3, words[1]);
    await cell(page, 1).locator('.jp-RenderedMarkdown').getByText(words[2]).waitFor();
  }
});

test('LAB-14 the host dies and comes back under open pages: no dialog, nothing lost, nothing doubled', async (t) => {
  const away = /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|Failed to fetch/;
  const { at, link, child, ana, ben } = await two(t, [], away);
  await typeInto(ana, 2, '# before');
  await until('it is in the file', () => count(at.read(NOTEBOOK), '# before') === 1);
  child.kill('SIGKILL');
  await until('the host is gone', async () => !(await fetch(link).catch(() => null)));
  await typeInto(ana, 2, '# meanwhile');
  await typeInto(ben, 3, '# so did ben');
  await hostWithLab(t, at, new URL(link).port);
  const words = ['# before', '# meanwhile', '# so did ben'];
  await until('everything is in the file once', () => words.every((word) => count(at.read(NOTEBOOK), word) === 1));
  await shows(ben, 2, '# meanwhile');
  await shows(ana, 3, '# so did ben');
});

test('LAB-22 a host that is stopped and started again under open pages: no dialog, everything saved, nothing doubled', async (t) => {
  const away = /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|Failed to fetch|status of 503/;
  const { at, link, child, ana, ben } = await two(t, ['--save-delay', 'none'], away);
  const words = ['# before', '# meanwhile', '# so did ben', '# afterwards'];
  await typeInto(ana, 2, words[0]);
  await shows(ben, 2, words[0]);
  assert.equal(count(at.read(NOTEBOOK), words[0]), 0, 'nothing is saved by itself');
  // Each page asks for kernels now and then, and finds nobody: that is when JupyterLab would show its dialog.
  const told = [ana, ben].map((page) => page.waitForEvent('requestfailed', { predicate: (request) => request.url().includes('/api/kernels') }));
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  assert.equal(count(at.read(NOTEBOOK), words[0]), 1, 'stopping saves');
  await typeInto(ana, 2, words[1]);
  await typeInto(ben, 3, words[2]);
  await Promise.all(told);
  for (const page of [ana, ben]) await page.getByText('The host does not answer').waitFor();
  await ana.screenshot({ path: join(screenshots, 'lab-22-away.png') });
  await hostWithLab(t, at, new URL(link).port);
  await until('everything is in the file once', () => words.slice(0, 3).every((word) => count(at.read(NOTEBOOK), word) === 1), 60);
  await shows(ben, 2, words[1]);
  await shows(ana, 3, words[2]);
  for (const page of [ana, ben]) await page.getByText('The host does not answer').waitFor({ state: 'detached' });
  await typeInto(ben, 2, words[3]);
  await shows(ana, 2, words[3]);
  await until('they go on together', () => words.every((word) => count(at.read(NOTEBOOK), word) === 1));
  for (const page of [ana, ben]) for (const word of words) assert.equal(count(await page.locator('.jp-Notebook').innerText(), word), 1, word);
});

test('LAB-21 with disable_rtc JupyterLab edits and saves files alone, without complaint', async (t) => {
  const at = place(t);
  const { link } = await hostWithLab(t, at, 0, ['--disable-rtc']);
  const chromium = await browser(t);
  const ana = await inLab(t, chromium, link, 'Ana', NOTEBOOK);
  const asked = [];
  ana.on('request', (request) => asked.push(request.url()));
  ana.on('websocket', (socket) => asked.push(socket.url()));
  await typeInto(ana, 2, '# ana alone');
  await ana.keyboard.press('Control+s');
  await until('it is in the file', () => count(at.read(NOTEBOOK), '# ana alone') === 1);
  assert.deepEqual(asked.filter((url) => /collaboration\/(session|room\/(json|text))/.test(url)), [], 'no document is opened together');
  // Who comes later finds it, and is not in the same document.
  const ben = await inLab(t, chromium, link, 'Ben', NOTEBOOK);
  await shows(ben, 2, '# ana alone');
  await typeInto(ana, 3, '# not shared');
  await typeInto(ben, 2, '# ben alone');
  await ben.keyboard.press('Control+s');
  await until('it is in the file', () => count(at.read(NOTEBOOK), '# ben alone') === 1);
  assert.equal(count(at.read(NOTEBOOK), '# not shared') + count(await cell(ben, 3).innerText(), '# not shared'), 0);
});

test('LAB-15 a viewer sees everything live and can change nothing', async (t) => {
  const at = place(t);
  const { link, local } = await hostWithLab(t, at, 0, ['--link-role', 'view']);
  const chromium = await browser(t);
  const vera = await inLab(t, chromium, link, 'Vera', NOTEBOOK);
  const owner = await person(t, chromium);
  const token = new URL(local).searchParams.get('token');
  await owner.goto(new URL(`/tide-pools/lab/tree/${NOTEBOOK}?token=${token}`, local).href);
  await cell(owner, 1).waitFor();
  assert.ok(!owner.url().includes(token), 'the token is out of the address');
  const before = at.read(NOTEBOOK);
  await cell(vera, 2).locator('.cm-content').click();
  await vera.keyboard.type('# vera');
  await typeInto(owner, 3, '# the owner');
  await shows(vera, 3, '# the owner');
  await until('it is in the file', () => count(at.read(NOTEBOOK), '# the owner') === 1);
  assert.equal(count(await cell(vera, 2).innerText(), '# vera'), 0, 'not even her own page pretends');
  assert.equal(count(at.read(NOTEBOOK), '# vera') + count(before, '# vera'), 0);
});

test('LAB-16 JupyterLab and the guest page are in one room', async (t) => {
  const at = place(t);
  const { link } = await hostWithLab(t, at);
  const chromium = await browser(t);
  const ana = await inLab(t, chromium, link, 'Ana', NOTEBOOK);
  const ben = await person(t, chromium);
  await guest.join(ben, link, 'Ben');
  await guest.open(ben, NOTEBOOK);
  await typeInto(ana, 2, '# from jupyterlab');
  await guest.cell(ben, 2).getByText('# from jupyterlab').waitFor();
  await guest.typeInto(ben, 3, '# from the page');
  await shows(ana, 3, '# from the page');
  await ben.getByRole('article', { name: /Ana is here/ }).first().waitFor();
  await until('both are in the file', () => ['# from jupyterlab', '# from the page'].every((word) => count(at.read(NOTEBOOK), word) === 1));
});

test('LAB-17 scripts in outputs do not run, and the page asks no other host for anything', async (t) => {
  const at = place(t);
  let asked = 0;
  const elsewhere = createServer((_, answer) => answer.end(String((asked += 1)))).listen(0, '127.0.0.1');
  finallyDo(t, () => elsewhere.close());
  await once(elsewhere, 'listening');
  const html = `<b>shown</b><img src="http://127.0.0.1:${elsewhere.address().port}/x.png" onerror="window.struck=1"><script>window.struck=2</script>`;
  const output = (data) => ({ output_type: 'display_data', data, metadata: {} });
  const cells = [{ id: 'a', cell_type: 'code', source: ['1'], metadata: { trusted: true }, execution_count: 1, outputs: [output({ 'text/html': [html] }), output({ 'application/javascript': ['window.struck=3'] })] }];
  writeFileSync(at.file('hostile.ipynb'), `${JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`);
  const { link } = await hostWithLab(t, at);
  const page = await inLab(t, await browser(t), link, 'Ana', 'hostile.ipynb', /Content Security Policy/);
  await page.getByText('shown').first().waitFor();
  assert.equal(await page.evaluate(() => window.struck), undefined);
  const answer = await page.request.get(new URL('lab', link).href);
  const policy = answer.headers()['content-security-policy'];
  assert.ok(policy.startsWith("default-src 'none'; script-src 'self' 'unsafe-eval';") && policy.includes("connect-src 'self'"), policy);
  assert.equal(asked, 0);
});
