// The pages of coming in as they look: in both themes, on a phone, by keyboard, full screen and on paper.
import assert from 'node:assert/strict';
import { join as path } from 'node:path';
import { test } from 'node:test';
import AxeBuilder from '@axe-core/playwright';
import { folderOf, open } from './guest.mjs';
import { answer, card, house, state } from './owner.mjs';
import { screenshots, until } from './programs.mjs';

const NOTEBOOK = 'counts.ipynb';
const ASK = ['--ask'];
const said = (page, text) => page.getByText(text).first().waitFor();

/** Keeps a picture in both themes, and finds what axe finds in each. */
async function look(page, name) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.screenshot({ path: path(screenshots, `access-${name}-${colorScheme}.png`) });
    const { violations } = await new AxeBuilder({ page }).disableRules('empty-table-header').analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map((node) => node.html).join(' | ')}`), []);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, `${name} scrolls sideways`);
}

/** The same on a phone of 360 px. */
async function lookSmall(page, name) {
  const size = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  await look(page, `${name}-360`);
  await page.setViewportSize(size);
}

test('UI-128 every page of coming in has no finding of axe, in light and dark and at 360 px, and works by keyboard', async (t) => {
  const { link, local, owner, people: [wen, eve] } = await house(t, 2, ASK);
  await look(owner, 'card');
  await wen.goto(link);
  await wen.getByLabel('Your name').waitFor();
  await look(wen, 'join');
  await wen.keyboard.type('Oluwaseun Adébáyò');
  await wen.keyboard.press('Enter');
  await wen.getByRole('heading', { name: 'Waiting for Ines' }).waitFor();
  await look(wen, 'waiting');
  await lookSmall(wen, 'waiting');
  await card(owner, 'Oluwaseun Adébáyò').getByRole('button', { name: 'Let in', exact: true }).click({ trial: true });
  await look(owner, 'knock');
  await owner.keyboard.press('F6');
  await owner.keyboard.press('Tab');
  await owner.keyboard.press('Tab');
  await owner.keyboard.press('Tab');
  await owner.keyboard.press('Enter');
  await wen.getByRole('heading', { name: 'Ines did not let you in' }).waitFor();
  assert.equal(await wen.evaluate(() => document.activeElement.tagName), 'H1', 'reading goes on from the title');
  await look(wen, 'refused');
  await lookSmall(wen, 'refused');
  await wen.keyboard.press('Tab');
  await wen.keyboard.press('Enter');
  await answer(owner, 'Oluwaseun Adébáyò', 'Let in to view');
  await open(wen, NOTEBOOK);
  await said(wen, 'You may view, not edit.');
  await look(wen, 'viewer');
  await lookSmall(wen, 'viewer');
  await look(owner, 'people');
  const menu = owner.getByRole('button', { name: 'More about Oluwaseun Adébáyò' });
  await menu.focus();
  await owner.keyboard.press('Enter');
  await owner.getByRole('menuitem', { name: 'Make editor' }).waitFor();
  await look(owner, 'person-menu');
  await owner.keyboard.press('ArrowDown');
  await owner.keyboard.press('Enter');
  await wen.getByRole('heading', { name: 'You were removed' }).waitFor();
  await look(wen, 'removed');
  await lookSmall(wen, 'removed');
  await look(owner, 'removed-people');

  await eve.goto(folderOf(link));
  await eve.getByLabel('Code').waitFor();
  await look(eve, 'code');
  await lookSmall(eve, 'code');
  await eve.goto(link.replace(/#.*/, '#not-the-secret'));
  await eve.getByRole('heading', { name: 'This link has ended' }).waitFor();
  await look(eve, 'ended');

  await owner.getByRole('tab', { name: 'Session' }).focus();
  await owner.keyboard.press('End');
  await owner.getByRole('button', { name: 'New link' }).press('Enter');
  await owner.keyboard.type('Class');
  await look(owner, 'new-link');
  await owner.getByRole('button', { name: 'Make the link' }).press('Enter');
  await owner.getByRole('listitem').filter({ hasText: 'Class' }).waitFor();
  await owner.getByRole('button', { name: 'New token' }).press('Enter');
  await owner.locator('form input:focus').waitFor();
  await owner.keyboard.type('Robot');
  await owner.keyboard.press('Enter');
  await owner.getByRole('group', { name: 'The token of Robot' }).waitFor();
  await look(owner, 'access');
  assert.equal((await state(local)).links.length, 2);
});

test('UI-132 for a class, the address, the code and the QR code fill the screen, and can be printed', async (t) => {
  const { local, owner } = await house(t, 0);
  const { sharing } = await state(local);
  await owner.getByRole('button', { name: 'Full screen' }).click();
  const poster = owner.getByRole('dialog', { name: 'How to join Tide pools' });
  await poster.getByText(sharing.address, { exact: true }).waitFor();
  await poster.getByText(`${sharing.code.code.slice(0, 3)} ${sharing.code.code.slice(3)}`, { exact: true }).waitFor();
  await poster.getByRole('img', { name: `QR code of the link to ${sharing.address}` }).waitFor();
  await until('it fills the screen', () => owner.evaluate(() => document.fullscreenElement !== null));
  await look(owner, 'poster');
  await owner.emulateMedia({ media: 'print', colorScheme: 'light' });
  await owner.screenshot({ path: path(screenshots, 'access-poster-print.png') });
  assert.equal(await poster.getByRole('button').count(), 0, 'paper has no buttons');
  assert.ok(await poster.getByText(sharing.address, { exact: true }).isVisible());
  assert.ok(!(await owner.getByRole('switch').isVisible()), 'only what the class needs is printed');
  await owner.emulateMedia({ media: 'screen' });
  await owner.evaluate(() => { window.print = () => (window.printed = true); });
  await poster.getByRole('button', { name: 'Print' }).click();
  assert.ok(await owner.evaluate(() => window.printed));
  await owner.keyboard.press('Escape');
  await poster.waitFor({ state: 'detached' });
  assert.equal(await owner.evaluate(() => document.activeElement.textContent.trim()), 'Full screen', 'the focus is where it was');
});
