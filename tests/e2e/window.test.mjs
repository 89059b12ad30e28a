// The real window, driven through WebDriver, and a guest in a browser who comes by its link.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, cell, files, open, typeInto, written } from './guest.mjs';
import { browser, bus, freePort, NETWORK, person, place, until } from './programs.mjs';
import { Window } from './window.mjs';

const options = async (at) => ['--state-dir', `${at.root}/state`, '--port', String(await freePort()), '--interface', NETWORK, '--host-name', 'Ines'];

test('UI-90 launch, share, a guest asks and is let in: the window shows the person and the events, and the file is saved', async (t) => {
  const at = place(t);
  const window = await Window.open(t, at, [...(await options(at)), at.folder]);
  await window.says('Tide pools', 'Only this computer can open this folder.');
  await window.picture('host-private-light');
  await window.click('button', 'Share this folder');
  await window.says('Not reached from another device yet.', 'Nobody yet.');
  const link = await until('the link', () => window.run('return document.querySelector("[data-link]")?.dataset.link'));
  assert.match(link, new RegExp(`^http://${NETWORK.replaceAll('.', '\\.')}:\\d+/tide-pools/#`));

  const guest = await person(t, await browser(t));
  await ask(guest, link, 'Ana');
  const number = await guest.getByText(/^\d{4}$/).first().innerText();
  await window.says('asks to join Tide pools, to edit', number);
  await window.picture('host-knock-light');
  // A card that has just come up takes no press.
  await until('the card may be pressed', () => window.run('return document.querySelector("[role=alertdialog] button:not([aria-disabled=true])") !== null'));
  await window.click('button', 'Let in');
  await files(guest).waitFor();
  await open(guest, 'counts.ipynb');
  await typeInto(guest, 2, '# ana, from the other side of the table');
  // The guest's browser runs on this very computer, so no other device is claimed to have reached it.
  await window.says('Ana', '1 document open', 'opened counts.ipynb', 'Shared with 1 person', 'Not reached from another device yet.');
  await written(guest);
  assert.equal(at.read('counts.ipynb').split('# ana, from the other side of the table').length, 2);
  await window.says('save');
  await window.picture('host-sharing-light');
  await cell(guest, 2).screenshot();

  await window.click('switch', 'Sharing');
  await guest.getByText('Ines stopped sharing').waitFor();
  await window.says('Only this computer can open this folder.');
  await window.click('button', 'Share this folder');
  await window.says('Nobody yet.');
  await guest.getByRole('button', { name: 'Try again' }).click();
  await files(guest).waitFor();
});

test('UI-129 who knocks while another window is in front is told by the system, once; in front, the card is enough', async (t) => {
  const at = place(t);
  const { env, heard } = await bus(t, at);
  const window = await Window.open(t, at, [...(await options(at)), at.folder], env);
  await window.says('Tide pools');
  await window.click('button', 'Share this folder');
  await window.says('Nobody yet.');
  const link = await until('the link', () => window.run('return document.querySelector("[data-link]")?.dataset.link'));
  const chromium = await browser(t);
  const asks = async (name) => {
    const guest = await person(t, chromium);
    await ask(guest, link, name);
    return guest.getByText(/^\d{4}$/).first().innerText();
  };
  await asks('Wen');
  await window.says('asks to join Tide pools, to edit');
  await window.click('button', 'Open folder');
  await until('another window is in front', () => window.run('return !document.hasFocus()'));
  const number = await asks('Oluwaseun');
  await until('a notification', () => heard().includes('Oluwaseun wants to join Tide pools'));
  assert.ok(heard().includes(`Code ${number}. Let them in if their screen shows the same.`));
  await window.says('1 of 2 waiting');
  assert.equal(heard().split('member=Notify').length - 1, 1, 'Wen was on the screen');
});

test('UI-91 first start offers a sample folder', async (t) => {
  const at = place(t);
  const window = await Window.open(t, at, await options(at));
  await window.says('Work on one notebook, all of you, at once.', 'Nothing leaves this network.');
  await window.picture('host-first-run-light');
  await window.click('button', 'Try the sample folder');
  await window.says('Tide pools', 'Only this computer can open this folder.');
});

test('UI-92 the window follows the system into the dark', async (t) => {
  const at = place(t);
  const window = await Window.open(t, at, [...(await options(at)), at.folder], { GTK_THEME: 'Adwaita:dark' });
  await window.says('Tide pools');
  await window.click('button', 'Share this folder');
  await window.says('Nobody yet.');
  await window.picture('host-sharing-dark');
  assert.equal(await window.run('return matchMedia("(prefers-color-scheme: dark)").matches'), true);
});
