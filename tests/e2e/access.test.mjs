// Coming in and who may what, on both sides at once: the owner's window in a browser, guests in others, the real host between.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { test } from 'node:test';
import { ask, files, folderOf, join, open, typeInto, written } from './guest.mjs';
import { answer, card, choose, digits, house, state, turnTo, waiting } from './owner.mjs';
import { screenshots, until } from './programs.mjs';

const NOTEBOOK = 'counts.ipynb';
const ASK = ['--ask'];

const said = (page, text) => page.getByText(text).first().waitFor();

test('UI-120 a link is made with its choices, is on the card, says who came by it, and ends with whoever did', async (t) => {
  const { link, local, owner, people: [ana, ben] } = await house(t, 2);
  await owner.getByRole('button', { name: '1 link', exact: true }).click();
  await owner.getByRole('button', { name: 'New link', exact: true }).click();
  await owner.getByLabel('Name, for you').fill('Class');
  await owner.getByRole('radio', { name: 'View' }).click();
  await owner.getByLabel('Good until').selectOption({ label: 'in 1 hour' });
  await owner.getByLabel('For so many people').fill('0');
  await owner.getByLabel('Ask me before anyone joins').click();
  await owner.getByRole('button', { name: 'Make the link' }).click();
  await said(owner, 'Type a number from 1 to 999, or nothing.');
  await owner.getByLabel('For so many people').fill('2');
  await owner.getByRole('button', { name: 'Make the link' }).press('Enter');
  const row = owner.getByRole('listitem').filter({ hasText: 'Class' });
  await row.getByText(/^view · until .*, \d.* · 0 of 2 used$/).waitFor();
  await row.getByText('on the card').waitFor();
  const made = (await state(local)).links[0];
  assert.deepEqual([made.label, made.role, made.ask, made.most_uses], ['Class', 'view', false, 2]);
  assert.ok(made.expires > Date.now() && made.expires <= Date.now() + 3_600_000);

  await owner.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await row.getByRole('button', { name: 'Copy link, Class' }).click();
  await row.getByText('Copied').first().waitFor();
  assert.equal(await owner.evaluate(() => navigator.clipboard.readText()), made.url);

  await join(ana, made.url, 'Ana');
  await row.getByText(/1 of 2 used/).waitFor();
  await open(ana, NOTEBOOK);
  await ana.getByText('You may view, not edit.').waitFor();
  await row.getByText(/1 of 2 used · 1 here now/).waitFor();

  // What the card changes, the link keeps under its address; who came by it keeps their role.
  await turnTo(owner, 'Session');
  await owner.getByRole('radio', { name: 'Edit', exact: true }).click();
  await owner.getByRole('radio', { name: 'Edit', exact: true, checked: true }).waitFor();
  await owner.getByLabel('Ask me before anyone joins').click();
  await until('the link asks', async () => (await state(local)).links[0].ask);
  const changed = (await state(local)).links[0];
  assert.deepEqual([changed.url, changed.role, changed.label, changed.most_uses], [made.url, 'edit', 'Class', 2]);
  await ana.getByText('You may view, not edit.').waitFor();

  await owner.getByRole('button', { name: '2 links', exact: true }).click();
  await owner.getByRole('button', { name: 'More about Class' }).click();
  await owner.getByRole('menuitem', { name: 'End this link' }).click();
  const question = owner.getByRole('dialog', { name: 'End this link?' });
  await question.getByText('1 person came by it and leaves with it.').waitFor();
  assert.equal(await owner.evaluate(() => document.activeElement.textContent), 'Keep', 'Enter alone ends nothing');
  await owner.keyboard.press('Escape');
  await question.waitFor({ state: 'detached' });
  await owner.getByRole('button', { name: 'More about Class' }).click();
  await owner.getByRole('menuitem', { name: 'End this link' }).click();
  await question.getByRole('button', { name: 'End link' }).click();
  await ana.getByRole('heading', { name: 'This link has ended' }).waitFor();
  await owner.getByRole('listitem').filter({ hasText: 'Class' }).getByText(/Taken back/).waitFor();
  // Others by other links do not notice.
  await join(ben, link, 'Ben');
});

test('UI-121 one card at a time: a hasty second click hits nobody, F6 goes there, also over a dialog', async (t) => {
  const { link, local, owner, people: [wen, ola, zoe] } = await house(t, 3, ASK);
  await ask(wen, link, 'Wen');
  await card(owner, 'Wen').waitFor();
  await ask(ola, link, 'Oluwaseun');
  await card(owner, 'Wen').getByText('1 of 2 waiting').waitFor();
  assert.equal(await digits(card(owner, 'Wen')), await digits(wen), 'both screens show one number');
  await card(owner, 'Wen').getByText('asks to join Tide pools, to edit').waitFor();
  await card(owner, 'Wen').getByText(/127\.0\.0\.\d · Chrome/).waitFor();
  assert.ok(await owner.evaluate(() => !document.querySelector('[role=alertdialog]').contains(document.activeElement)), 'it takes no focus');
  await owner.screenshot({ path: path(screenshots, 'access-knock-light.png') });

  const letIn = card(owner, 'Wen').getByRole('button', { name: 'Let in', exact: true });
  await letIn.click({ trial: true });
  const { x, y, width, height } = await letIn.boundingBox();
  const spot = [x + width / 2, y + height / 2];
  await owner.mouse.click(...spot);
  await card(owner, 'Oluwaseun').waitFor();
  for (let n = 0; n < 3; n += 1) await owner.mouse.click(...spot);
  await files(wen).waitFor();
  assert.deepEqual((await state(local)).knocks.map((knock) => knock.name), ['Oluwaseun'], 'nobody else was let in');

  // By keyboard, while a dialog is open: F6 to the card, Tab to its buttons. Enter on the card itself does nothing.
  await ask(zoe, link, 'Zoe');
  await waiting(local, 2);
  await owner.getByRole('button', { name: 'Full screen' }).click();
  const poster = owner.getByRole('dialog', { name: 'How to join Tide pools' });
  await poster.waitFor();
  await owner.keyboard.press('F6');
  await owner.keyboard.press('Enter');
  await owner.getByRole('button', { name: 'Let in to view' }).click({ trial: true });
  await owner.keyboard.press('Tab');
  await owner.keyboard.press('Tab');
  assert.equal(await owner.evaluate(() => document.activeElement.textContent.trim()), 'Let in to view');
  await owner.keyboard.press('Enter');
  await files(ola).waitFor();
  await card(owner, 'Zoe').waitFor();
  assert.equal(await owner.evaluate(() => document.activeElement.getAttribute('role')), 'alertdialog', 'the focus is on the next card, on none of its buttons');
  await owner.keyboard.press('Enter');
  await answer(owner, 'Zoe', 'Refuse');
  await zoe.getByRole('heading', { name: 'Ines did not let you in' }).waitFor();
  await poster.waitFor();
  const people = (await state(local)).people.map(({ name, role }) => [name, role]);
  assert.ok(!people.some(([name]) => name === 'Zoe'), String(people));
});

test('UI-122 who waits sees the number, may stop, goes on waiting after a reload, and may ask again when refused', async (t) => {
  const { link, local, owner, people: [wen] } = await house(t, 1, ASK);
  await wen.goto(link);
  await said(wen, 'You may edit once Ines lets you in.');
  await ask(wen, link, 'Wen');
  await said(wen, 'Ines sees the same number and lets you in. You can say it aloud.');
  await said(wen, /^asked \d+ s ago$/);
  await card(owner, 'Wen').waitFor();
  await wen.getByRole('button', { name: 'Stop asking' }).click();
  await card(owner, 'Wen').waitFor({ state: 'detached' });
  await wen.getByLabel('Your name').waitFor();
  assert.equal(await wen.getByLabel('Your name').inputValue(), 'Wen');
  await wen.getByRole('button', { name: 'Ask to join' }).press('Enter');
  await card(owner, 'Wen').waitFor();
  const number = await digits(wen);
  await wen.reload();
  await wen.getByRole('heading', { name: 'Waiting for Ines' }).waitFor();
  assert.equal(await digits(wen), number);
  assert.equal((await state(local)).knocks.length, 1);
  await answer(owner, 'Wen', 'Refuse');
  await wen.getByRole('heading', { name: 'Ines did not let you in' }).waitFor();
  await wen.getByRole('button', { name: 'Ask again' }).click();
  await answer(owner, 'Wen', 'Let in to view');
  await files(wen).waitFor();
  await open(wen, NOTEBOOK);
  await said(wen, 'You may view, not edit.');
  await wen.reload();
  await files(wen).waitFor();
});

test('UI-123 without a link one types the code, or asks, and reads no names before', async (t) => {
  const { link, local, owner, people: [wen, eve] } = await house(t, 2);
  const { code } = (await state(local)).sharing.code;
  await owner.getByText(`${code.slice(0, 3)} ${code.slice(3)}`).waitFor();
  await wen.goto(folderOf(link));
  await wen.getByRole('heading', { name: 'A folder is shared here' }).waitFor();
  const nameless = async (page) => assert.doesNotMatch(`${await page.title()} ${await page.evaluate(() => document.body.innerText)}`, /Tide pools|Ines/);
  await nameless(wen);
  await wen.getByLabel('Code').fill('12');
  await wen.getByLabel('Code').press('Enter');
  await said(wen, 'A code has six digits.');
  await wen.getByLabel('Code').fill(code === '000000' ? '000001' : '000000');
  await wen.getByLabel('Code').press('Enter');
  await said(wen, 'That code does not fit. Look at the host’s screen again.');
  await nameless(wen);
  await wen.getByLabel('Code').fill(`${code.slice(0, 3)} ${code.slice(3)}`);
  await wen.getByLabel('Code').press('Enter');
  await wen.getByRole('heading', { name: 'Tide pools' }).waitFor();
  await wen.getByLabel('Your name').fill('Wen');
  await wen.getByRole('button', { name: 'Join', exact: true }).click();
  await files(wen).waitFor();

  await eve.goto(folderOf(link));
  await eve.getByRole('button', { name: 'Ask to join without a code' }).click();
  await eve.getByLabel('Your name').fill('Eve');
  await eve.getByRole('button', { name: 'Ask to join', exact: true }).click();
  await eve.getByRole('heading', { name: 'Waiting for the host' }).waitFor();
  await nameless(eve);
  assert.equal(await digits(card(owner, 'Eve')), await digits(eve));
  await answer(owner, 'Eve', 'Let in');
  await files(eve).waitFor();
  await eve.getByRole('heading', { name: 'Tide pools' }).waitFor();
});

test('UI-124 a link that ended says why and when, and the way on', async (t) => {
  const { link, local, owner, people: [wen] } = await house(t, 1);
  await turnTo(owner, 'Access');
  await owner.getByRole('button', { name: 'More about Link' }).click();
  await owner.getByRole('menuitem', { name: 'End this link' }).click();
  await until('it has ended', async () => (await state(local)).links[0].ended === 'revoked');
  await wen.goto(link);
  await wen.getByRole('heading', { name: 'This link has ended' }).waitFor();
  await said(wen, /^It was taken back, \d.+\. Ask the host for a new one, or type the code on the host’s screen\.$/);
  await wen.getByRole('button', { name: 'Type a code' }).click();
  await wen.getByLabel('Code').waitFor();
  await turnTo(owner, 'Session');
  await said(owner, 'There is no link at the moment; nobody new can come in without asking.');
});

test('UI-125 who is removed is told at once, may ask to come back, and can be let back in', async (t) => {
  const { at, link, owner, people: [ana] } = await house(t, 1);
  await join(ana, link, 'Ana');
  await open(ana, NOTEBOOK);
  await typeInto(ana, 2, '# before');
  await written(ana);
  await choose(owner, 'Ana', 'Remove from the folder');
  await ana.getByRole('heading', { name: 'You were removed' }).waitFor();
  await said(ana, 'Ines removed you from Tide pools. Nothing you typed before that is lost.');
  await ana.getByRole('button', { name: 'Save a copy' }).waitFor();
  await owner.getByRole('status').getByText('Ana removed').or(owner.getByText('Ana removed')).first().waitFor();

  await ana.getByRole('button', { name: 'Ask to come back' }).click();
  await ana.getByRole('heading', { name: 'Waiting for Ines' }).waitFor();
  await card(owner, 'Ana').getByText('asks to come back to Tide pools, to edit').waitFor();
  await answer(owner, 'Ana', 'Let in');
  await open(ana, NOTEBOOK);
  await typeInto(ana, 2, '# after');
  await until('it is in the file', () => at.read(NOTEBOOK).includes('# after'));

  // Let back without being asked, and after the page was loaded again.
  await choose(owner, 'Ana', 'Remove from the folder');
  await ana.getByRole('heading', { name: 'You were removed' }).waitFor();
  await ana.reload();
  await ana.getByRole('heading', { name: 'You were removed' }).waitFor();
  await owner.getByRole('button', { name: 'Let back in, Ana' }).click();
  await owner.getByRole('button', { name: 'Let back in, Ana' }).waitFor({ state: 'detached' });
  await ana.getByRole('button', { name: 'Ask to come back' }).click();
  await files(ana).waitFor();
});

test('UI-126 roles change under open pages, which stay where they are; a viewer may ask to edit', async (t) => {
  const { at, link, owner, people: [ana, ben] } = await house(t, 2);
  const long = Array.from({ length: 400 }, (_, n) => `line ${n + 1}`).join('\n');
  writeFileSync(at.file('long.txt'), `${long}\n`);
  await join(ana, link, 'Ana');
  await join(ben, link, 'Ben');
  await open(ana, NOTEBOOK);
  await open(ben, 'long.txt');
  const scroller = { ana: ana.locator('.cells'), ben: ben.locator('.cm-scroller') };
  /** Marks the very elements, so that a view that was made anew is known, and answers where they are scrolled to. */
  const scrolled = (place, to) => place.evaluate(async (element, top) => {
    if (top !== null) [element.scrollTop, element.dataset.marked] = [top, 'yes'];
    // The editor measures lines that come into view.
    for (let frames = 0; frames < 4; frames += 1) await new Promise(requestAnimationFrame);
    return [element.scrollTop, element.dataset.marked];
  }, to);
  const before = { ana: await scrolled(scroller.ana, 300), ben: await scrolled(scroller.ben, 2_000) };

  await choose(owner, 'Ana', 'Make viewer');
  await choose(owner, 'Ben', 'Make viewer');
  for (const page of [ana, ben]) {
    await said(page, 'You may view, not edit.');
    await page.getByText('View only').waitFor();
  }
  assert.deepEqual(await scrolled(scroller.ana, null), before.ana);
  assert.deepEqual(await scrolled(scroller.ben, null), before.ben);
  const text = ben.locator('.cm-content');
  await text.focus();
  await ben.keyboard.type('nothing');
  assert.equal(await text.getAttribute('contenteditable'), 'false');
  before.ben = await scrolled(scroller.ben, 2_000);

  await ben.getByRole('button', { name: 'Ask to edit' }).click();
  const notice = await ben.getByText(/^Ines sees \d{4} and decides/).first().innerText().catch(() => '');
  const number = /\d{4}/.exec(notice || (await ben.locator('.notice').innerText()))?.[0];
  assert.equal(await digits(card(owner, 'Ben')), number);
  await card(owner, 'Ben').getByText('asks to edit in Tide pools').waitFor();
  await answer(owner, 'Ben', 'Refuse');
  await said(ben, 'Ines did not let you edit.');
  await ben.getByRole('button', { name: 'Ask to edit' }).click();
  await answer(owner, 'Ben', 'Let edit');
  await said(ben, 'You may edit now.');
  assert.deepEqual(await scrolled(scroller.ben, null), before.ben);
  await text.focus();
  await ben.keyboard.press('Control+End');
  await ben.keyboard.type('by ben');
  await until('it is in the file', () => at.read('long.txt').includes('by ben'));
  assert.ok(!at.read('long.txt').includes('nothing'));

  // What is changed while no file is open holds for the next one.
  await ana.goto(folderOf(link));
  await files(ana).waitFor();
  await until('Ana has no document', async () => (await owner.getByRole('row').filter({ hasText: 'Ana' }).count()) === 0);
  await open(ana, NOTEBOOK);
  await said(ana, 'You may view, not edit.');
  await choose(owner, 'Ana', 'Make editor');
  await said(ana, 'You may edit now.');
  await typeInto(ana, 2, '# by ana');
  await until('it is in the file', () => at.read(NOTEBOOK).includes('# by ana'));
});

test('UI-127 an API token is named, has a role, is shown once, and ends', async (t) => {
  const { link, local, owner } = await house(t, 0);
  await turnTo(owner, 'Access');
  await owner.getByRole('button', { name: 'New token' }).click();
  await owner.getByRole('button', { name: 'Make the token' }).click();
  await said(owner, 'Type a name of 1 to 40 characters.');
  await owner.getByLabel('Name', { exact: true }).fill('Robot');
  await owner.getByRole('radio', { name: 'View' }).click();
  await owner.getByRole('button', { name: 'Make the token' }).click();
  const fresh = owner.getByRole('group', { name: 'The token of Robot' });
  const token = (await fresh.locator('.token').innerText()).trim();
  const me = () => fetch(new URL('api/me?permissions={"contents":["read","write"]}', folderOf(link)), { headers: { authorization: `token ${token}` } });
  const answer = await (await me()).json();
  assert.deepEqual([answer.identity.display_name, answer.permissions.contents], ['Robot', ['read']]);
  await fresh.getByRole('button', { name: 'Done' }).click();
  await fresh.waitFor({ state: 'detached' });
  assert.ok(!(await owner.content()).includes(token));
  await owner.reload();
  await turnTo(owner, 'Access');
  await owner.getByText(/^view · made .* · last used/).waitFor();
  assert.ok(!(await owner.content()).includes(token));
  await owner.getByRole('button', { name: 'End the API token Robot' }).click();
  await until('it has ended', async () => (await state(local)).tokens.length === 0);
  assert.equal((await me()).status, 403);
});

test('UI-133 a device that is remembered comes in without asking, until it is forgotten', async (t) => {
  const { link, local, owner, people: [wen] } = await house(t, 1, ASK);
  await ask(wen, link, 'Wen');
  await card(owner, 'Wen').getByLabel('Remember this device for this folder').check();
  await answer(owner, 'Wen', 'Let in');
  await files(wen).waitFor();
  await turnTo(owner, 'Access');
  const row = owner.getByRole('listitem').filter({ hasText: 'Wen' });
  await row.getByText(/^edit · since/).waitFor();
  // A year later: the guest's own cookie is gone, the device's is there.
  const comes = async () => {
    const cookies = await wen.context().cookies();
    await wen.context().clearCookies();
    await wen.context().addCookies(cookies.filter((cookie) => cookie.name.startsWith('commonplace-device-')));
    await wen.goto(link);
    await wen.reload();
  };
  await comes();
  await said(wen, 'You may edit.');
  await wen.getByRole('button', { name: 'Join', exact: true }).click();
  await files(wen).waitFor();
  await row.getByRole('button', { name: 'Forget the device of Wen' }).click();
  await until('it is forgotten', async () => (await state(local)).remembered.length === 0);
  await comes();
  await said(wen, 'You may edit once Ines lets you in.');
});
