// The pages in another language, in the other direction, with longer words, in forced colours and enlarged.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename, join as path } from 'node:path';
import { test } from 'node:test';
import AxeBuilder from '@axe-core/playwright';
import { join, open } from './guest.mjs';
import { house } from './owner.mjs';
import { browser, headless, person, place, screenshots } from './programs.mjs';

const NOTEBOOK = 'counts.ipynb';
const CHINESE = { locale: 'zh-CN' };

const picture = (page, name) => page.screenshot({ path: path(screenshots, `languages-${name}.png`) });

/** Nothing scrolls sideways that should not, and no button or field cuts its own words. */
async function fits(page, name) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name} scrolls sideways by ${wide}`);
  const cut = await page.evaluate(() => {
    const seen = [...document.querySelectorAll('button, label, h1, h2, [role=tab], [role=status]')].filter((one) => one.checkVisibility() && !one.closest('.cm-editor, .unseen'));
    const cuts = (one) => getComputedStyle(one).overflowX !== 'visible' && getComputedStyle(one).textOverflow !== 'ellipsis' && one.clientWidth > 1;
    return seen.filter((one) => one.scrollWidth > one.clientWidth + 1 && cuts(one)).map((one) => one.outerHTML.slice(0, 120));
  });
  assert.deepEqual(cut, [], `${name} cuts words`);
}

/** Both themes: a picture, and what axe finds. */
async function look(page, name) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await picture(page, `${name}-${colorScheme}`);
    const { violations } = await new AxeBuilder({ page }).disableRules('empty-table-header').analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map((node) => node.html).join(' | ')}`), []);
  }
  await fits(page, name);
}

/** The words on the page, and the names of its parts, that have a Latin word of three letters, but for what people and files are called. */
async function foreign(page, called) {
  const texts = await page.evaluate(() => {
    const theirs = '.prose, .later, .cm-editor, pre, code, [role=log], [data-link], .address, .scan svg, kbd';
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const { parentElement: at, data } = walker.currentNode;
      if (data.trim() && at.checkVisibility() && !at.closest(theirs) && !at.closest('script, style')) found.push(data.trim());
    }
    for (const one of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]')) {
      if (one.closest(theirs)) continue;
      for (const name of ['aria-label', 'title', 'placeholder', 'alt']) if (one.getAttribute(name)) found.push(one.getAttribute(name));
    }
    return found;
  });
  const plain = (text) => called.reduce((rest, name) => rest.replaceAll(name, ''), text);
  return [...new Set(texts.filter((text) => /[A-Za-z]{3,}/.test(plain(text))))];
}

test('UI-223 a browser that asks for Chinese is answered in it: joining, the desk, a notebook, and what is saved', async (t) => {
  const at = place(t);
  const { link } = await headless(t, at);
  const page = await person(t, await browser(t), CHINESE);
  const called = ['Commonplace', 'JupyterLab', 'Markdown', 'Tide pools', 'Ines', 'Wen', 'Ctrl', 'Shift', 'Alt', ...readdirSync(at.folder, { recursive: true }).map((name) => basename(name))];
  await page.goto(link);
  await page.getByRole('heading', { name: 'Tide pools' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN');
  await page.getByText('你可以编辑。').waitFor();
  assert.deepEqual(await foreign(page, called), []);
  await look(page, 'zh-join');
  await page.getByLabel('你的名字').fill('Wen');
  await page.getByRole('button', { name: '加入', exact: true }).click();
  const files = page.getByRole('navigation', { name: '文件', exact: true });
  await files.waitFor();
  await page.getByText('没有打开的文件。', { exact: false }).first().waitFor();
  await look(page, 'zh-desk');
  await files.getByText(NOTEBOOK, { exact: true }).click();
  await page.getByRole('status').getByText('实时', { exact: true }).first().waitFor();
  const second = page.getByRole('article', { name: /^代码单元格，第2个/ });
  await second.locator('pre, .cm-content').first().click();
  await second.locator('.cm-content').focus();
  await page.keyboard.press('Control+End');
  await page.keyboard.type(' # 潮池');
  await page.getByText(/^已写入文件/).first().waitFor();
  assert.ok(at.read(NOTEBOOK).includes('潮池'));
  assert.deepEqual(await foreign(page, called), []);
  await look(page, 'zh-notebook');
  await page.getByRole('button', { name: /^已写入文件/ }).click();
  await page.getByRole('heading', { name: '你的编辑在哪里' }).waitFor();
  await look(page, 'zh-saving');
  await page.keyboard.press('Escape');
  await page.setViewportSize({ width: 360, height: 740 });
  await look(page, 'zh-notebook-360');
});

test('UI-223 the window speaks Chinese too, to its owner', async (t) => {
  const { link, owner, people: [wen] } = await house(t, 1, ['--ask'], CHINESE);
  const called = ['Commonplace', 'JupyterLab', 'Jupyter', 'API', 'Tide pools', 'Ines', 'Wen', 'Class', 'Chromium', 'Chrome', 'Linux', NOTEBOOK];
  await owner.getByText('加入码').first().waitFor();
  await look(owner, 'zh-panel');
  await wen.goto(link);
  await wen.getByLabel('Your name').fill('Wen');
  await wen.getByRole('button', { name: 'Ask to join', exact: true }).click();
  const card = owner.getByRole('alertdialog', { name: 'Wen的请求' });
  await card.waitFor();
  await look(owner, 'zh-knock');
  await card.getByRole('button', { name: '允许进入', exact: true }).click();
  await card.waitFor({ state: 'detached' });
  await open(wen, NOTEBOOK);
  await owner.getByRole('button', { name: 'Wen的更多操作' }).waitFor();
  const words = await foreign(owner, called);
  assert.deepEqual(words.filter((text) => !/commonplace-e2e-/.test(text)), []);
  await look(owner, 'zh-people');
  await owner.getByRole('tab', { name: '访问权限' }).click();
  await owner.getByRole('button', { name: '新建链接' }).click();
  await look(owner, 'zh-access');
});

/** A guest who has the notebook open, and the window, turned round. */
async function turned(t) {
  const { link, owner, people: [wen] } = await house(t, 1);
  await join(wen, link, 'وفاء');
  await open(wen, NOTEBOOK);
  await owner.getByRole('button', { name: 'More about وفاء' }).waitFor();
  for (const page of [wen, owner]) await page.evaluate(() => (document.documentElement.dir = 'rtl'));
  return { owner, wen };
}

const middle = async (place) => {
  const { x, width } = await place.boundingBox();
  return x + width / 2;
};

test('UI-222 where lines begin on the right, the pages are mirrored, code and addresses are not, and nothing overflows', async (t) => {
  const { owner, wen } = await turned(t);
  const files = wen.getByRole('navigation', { name: 'Files' });
  const code = wen.locator('article pre, article .cm-content').first();
  assert.ok((await middle(files)) > (await middle(code)), 'the list of files is on the right');
  assert.equal(await code.evaluate((one) => getComputedStyle(one).direction), 'ltr');
  const prompt = wen.locator('article', { has: wen.locator('pre, .cm-content') }).locator('.margin').first();
  assert.ok((await middle(prompt)) > (await middle(code)), 'the margin is on the right of the page');
  assert.equal(await wen.locator('.katex').first().evaluate((one) => getComputedStyle(one).direction), 'ltr');
  const line = await wen.evaluate(() => {
    const page = [...document.querySelectorAll('main *, main')].find((one) => getComputedStyle(one, '::after').position === 'absolute' && getComputedStyle(one, '::after').borderRightWidth === '1px');
    return page && getComputedStyle(page, '::after').right;
  });
  assert.equal(line, '76px', 'the margin rule is on the right');
  await fits(wen, 'rtl-notebook');
  await picture(wen, 'rtl-notebook');
  await wen.getByRole('button', { name: 'More about this file' }).click();
  const menu = wen.getByRole('menu');
  const { x, width } = await menu.boundingBox();
  assert.ok(x >= 0 && x + width <= 1180, 'a menu is on the screen');
  await picture(wen, 'rtl-menu');
  await wen.keyboard.press('Escape');
  await wen.setViewportSize({ width: 360, height: 740 });
  await fits(wen, 'rtl-notebook-360');
  await picture(wen, 'rtl-notebook-360');

  const address = owner.locator('.address bdi');
  assert.equal(await address.evaluate((one) => getComputedStyle(one).direction), 'ltr');
  assert.ok((await middle(owner.getByRole('navigation', { name: 'Folders' }))) > (await middle(address)));
  await fits(owner, 'rtl-panel');
  await picture(owner, 'rtl-panel');
  // An arrow goes where it points: events and access are left of the session now.
  await owner.getByRole('tab', { name: 'Session' }).focus();
  for (const name of ['Events', 'Access']) {
    await owner.keyboard.press('ArrowLeft');
    assert.equal(await owner.getByRole('tab', { name }).getAttribute('aria-selected'), 'true');
  }
  await fits(owner, 'rtl-access');
  await picture(owner, 'rtl-access');
});

/** Makes every word of the page a third longer, as German would, until it is loaded anew. */
const lengthen = (page) =>
  page.evaluate(() => {
    const theirs = '.prose, .cm-editor, pre, code, time, .address, .code, .action, script, style, svg';
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) if (/[A-Za-z]{2,}/.test(walker.currentNode.data) && !walker.currentNode.parentElement.closest(theirs)) found.push(walker.currentNode);
    for (const node of found) node.data = node.data.replace(/[A-Za-z]{2,}/g, (word) => word + 'ung'.repeat(9).slice(0, Math.max(1, Math.ceil(word.length * 0.35))));
    return found.length;
  });

test('UI-224 words that are a third longer fit, on wide pages and on a phone', async (t) => {
  const { link, owner, people: [wen] } = await house(t, 1);
  const atSizes = async (name) => {
    for (const [width, height] of [[360, 740], [1180, 800]]) {
      await wen.setViewportSize({ width, height });
      await fits(wen, `long-${name}-${width}`);
      await picture(wen, `long-${name}-${width}`);
    }
  };
  await wen.goto(link);
  await wen.getByLabel('Your name').waitFor();
  assert.ok((await lengthen(wen)) > 5);
  await atSizes('join');
  await wen.goto('about:blank');
  await join(wen, link, 'Wen');
  await open(wen, NOTEBOOK);
  assert.ok((await lengthen(wen)) > 5);
  await atSizes('notebook');
  await owner.getByRole('button', { name: 'More about Wen' }).waitFor();
  assert.ok((await lengthen(owner)) > 15);
  await fits(owner, 'long-panel');
  await picture(owner, 'long-panel');
  await owner.getByRole('tab').last().click();
  assert.ok((await lengthen(owner)) > 5);
  await fits(owner, 'long-access');
  await picture(owner, 'long-access');
});

/** WCAG 1.4.12: what readers may set without losing anything. */
const SPACED = '* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }';

test('UI-225 forced colours, 200 % and wider letters take nothing away', async (t) => {
  const { link, owner, people: [wen] } = await house(t, 1);
  await join(wen, link, 'Wen');
  await open(wen, NOTEBOOK);
  await owner.getByRole('button', { name: 'More about Wen' }).waitFor();
  for (const [page, name] of [[wen, 'guest'], [owner, 'panel']]) {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ forcedColors: 'active', colorScheme, reducedMotion: 'reduce' });
      await picture(page, `forced-${name}-${colorScheme}`);
    }
  }
  const ground = (place) => place.evaluate((one) => getComputedStyle(one).backgroundColor);
  const [chosen, other] = ['Session', 'Access'].map((name) => owner.getByRole('tab', { name }));
  assert.notEqual(await ground(chosen), await ground(other), 'the chosen tab is seen');
  const [edit, view] = ['Edit', 'View'].map((name) => owner.getByRole('radio', { name, exact: true }));
  assert.notEqual(await ground(edit), await ground(view), 'the chosen role is seen');
  const [here, elsewhere] = [NOTEBOOK, 'quadrats.csv'].map((name) => wen.getByRole('navigation', { name: 'Files' }).getByRole('link', { name }));
  assert.notEqual(await ground(here), await ground(elsewhere), 'the open file is seen');
  await other.focus();
  assert.equal(await other.evaluate((one) => getComputedStyle(one).outlineStyle), 'solid', 'the focus is seen');
  const still = await owner.evaluate(() => [...document.querySelectorAll('*')].filter((one) => getComputedStyle(one).transitionDuration.split(', ').some((time) => parseFloat(time) > 0)).length);
  assert.equal(still, 0, 'nothing moves for whoever wants it still');

  for (const page of [wen, owner]) await page.emulateMedia({ forcedColors: 'none', colorScheme: 'light', reducedMotion: 'reduce' });
  // 200 %: half as many pixels of CSS in the same window.
  await wen.setViewportSize({ width: 590, height: 400 });
  await fits(wen, 'zoomed-guest');
  await picture(wen, 'zoomed-guest');
  await owner.setViewportSize({ width: 480, height: 340 });
  await fits(owner, 'zoomed-panel');
  await picture(owner, 'zoomed-panel');
  const shown = async (place) => {
    await place.scrollIntoViewIfNeeded();
    const { x, width } = await place.boundingBox();
    assert.ok(x >= 0 && x + width <= 480 && width > 20, `${place} has room: ${x}, ${width}`);
    await place.click({ trial: true });
  };
  await shown(owner.locator('.address'));
  await shown(owner.getByText('Not reached from another device yet.'));
  await shown(owner.getByRole('img', { name: /^QR code/ }));
  await shown(owner.getByRole('row').getByText('Wen', { exact: true }));
  await shown(owner.getByRole('button', { name: NOTEBOOK }));
  await picture(owner, 'zoomed-panel-people');
  await shown(owner.getByText('came in by the link'));
  await picture(owner, 'zoomed-panel-events');
  await wen.setViewportSize({ width: 1180, height: 800 });
  await owner.setViewportSize({ width: 960, height: 680 });
  for (const [page, name] of [[wen, 'guest'], [owner, 'panel']]) {
    await page.evaluate((style) => document.head.appendChild(Object.assign(document.createElement('style'), { textContent: style })), SPACED);
    await fits(page, `spaced-${name}`);
    await picture(page, `spaced-${name}`);
  }
});

test('UI-226 a language is chosen in the page and in the window, stays after a reload, and is given back', async (t) => {
  const { link, owner, people: [wen] } = await house(t, 1);
  await join(wen, link, 'Wen');
  await open(wen, NOTEBOOK);
  for (const [page, name] of [[wen, 'guest'], [owner, 'panel']]) {
    const spoken = (tag) => page.waitForFunction((lang) => document.documentElement.lang === lang, tag);
    await page.getByLabel('Language').selectOption({ label: '简体中文' });
    await spoken('zh-CN');
    await page.getByLabel('语言').waitFor();
    await page.reload();
    await page.getByLabel('语言').waitFor();
    await spoken('zh-CN');
    if (page === wen) await page.getByRole('article', { name: /^代码单元格/ }).first().waitFor();
    await picture(page, `chosen-${name}`);
    await page.getByLabel('语言').selectOption({ label: '跟随浏览器' });
    await page.getByLabel('Language').waitFor();
    await spoken('en');
  }
});
