// What the owner does in the window's page, which runs in an ordinary browser too. Journeys are made of these.
import WebSocket from 'ws';
import { browser, headless, person, place, until } from './programs.mjs';

/** The window's page of a host without a window, for whoever holds its owner's token. */
export async function panel(t, running, local, options = {}) {
  const page = await person(t, running, { viewport: { width: 960, height: 680 }, ...options });
  const address = new URL('/panel.html', local);
  address.search = new URL(local).search;
  await page.goto(address.href);
  await page.getByRole('heading', { level: 1, name: 'Tide pools' }).waitFor();
  return page;
}

/** A host, its owner's window (`browsing`: how that browser differs), and as many guests' browsers as asked for. */
export async function house(t, guests, options = [], browsing = {}) {
  const at = place(t);
  const { link, local } = await headless(t, at, 0, options);
  const chromium = await browser(t);
  const owner = await panel(t, chromium, local, browsing);
  const people = [];
  for (let n = 0; n < guests; n += 1) people.push(await person(t, chromium));
  return { at, link, local, chromium, owner, people };
}

/** The card about whoever asks. */
export const card = (page, name) => page.getByRole('alertdialog', { name: `${name} asks` });

/** Presses a button of somebody's card, once it may be pressed. */
export async function answer(page, name, button) {
  await card(page, name).getByRole('button', { name: button, exact: true }).click();
  await card(page, name).waitFor({ state: 'detached' });
}

/** The four digits on somebody's card, or on their own page. */
export const digits = async (place) => (await place.getByText(/^\d{4}$/).first().innerText()).trim();

/** The folder's state as the owner's routes tell it. */
export async function state(local) {
  const token = new URL(local).searchParams.get('token');
  const route = new URL(`/api/commonplace/panel?token=${token}`, local).href.replace('http', 'ws');
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(route);
    socket.onerror = () => reject(new Error(`no state from ${route}`));
    socket.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (message.type !== 'state') return;
      socket.close();
      resolve(message.state.folders[0]);
    };
  });
}

/** Turns to the page of links and tokens, or back. */
export const turnTo = (page, name) => page.getByRole('tab', { name, exact: true }).click();

/** Chooses from somebody's menu in the list of people. */
export async function choose(page, name, item) {
  await page.getByRole('button', { name: `More about ${name}`, exact: true }).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

/** Waits until so many people ask. */
export const waiting = (local, count) => until(`${count} ask`, async () => (await state(local)).knocks.length === count);
