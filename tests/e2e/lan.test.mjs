// A host and its guests as machines of their own, with networks between them that can be pulled out.
import assert from 'node:assert/strict';
import { join as path } from 'node:path';
import { test } from 'node:test';
import AxeBuilder from '@axe-core/playwright';
import { join, open, typeInto, written } from './guest.mjs';
import { Machine, cable, hostOn } from './lan/machines.mjs';
import { person, place, screenshots, until } from './programs.mjs';

const NOTEBOOK = 'counts.ipynb';
const SLUG = 'tide-pools';
const WIFI = '10.77.1.1';
const CABLE = '10.77.2.1';
const PORT = 8787;

/** A host with two networks, a phone on its Wi-Fi, and somebody on its cable who has a route to the Wi-Fi through it. */
async function room(t, more = []) {
  const at = place(t);
  const desk = await Machine.make(t, at, 'desk');
  const phone = await Machine.make(t, at, 'phone');
  const lab = await Machine.make(t, at, 'lab');
  await cable([desk, 'eth0', `${CABLE}/24`], [lab, 'eth0', '10.77.2.9/24']);
  await cable([desk, 'wlan0', `${WIFI}/24`], [phone, 'wlan0', '10.77.1.9/24']);
  await lab.ip('route', 'add', '10.77.1.0/24', 'via', CABLE);
  const host = await hostOn(desk, at.folder, 'Ines', more);
  const sharing = async () => (await host.state()).folders[0].sharing;
  const share = async (address = null) => (await host.command({ do: 'share', slug: SLUG, address })).folders[0].sharing;
  return { at, desk, phone, lab, host, share, sharing };
}

/** Asks a page's API as that page does. */
function guest(machine) {
  const base = `http://${WIFI}:${PORT}`;
  let cookie;
  return {
    async post(what, body) {
      const headers = { origin: base, 'content-type': 'application/json', ...(cookie && { cookie }) };
      const answer = await machine.fetch(`${base}/${SLUG}/api/commonplace/${what}`, { method: 'POST', headers, body: JSON.stringify(body) });
      if (answer.cookies?.length) cookie = answer.cookies.map((one) => one.split(';')[0]).join('; ');
      return { status: answer.status, error: answer.error, ...(answer.body ? { json: JSON.parse(answer.body) } : {}) };
    },
    me: () => machine.fetch(`${base}/${SLUG}/api/me`, { headers: cookie ? { cookie } : {} }),
  };
}

test('LAN-8 a guest on another machine comes by link, by code and by knock, and is out when the link ends', async (t) => {
  const { at, desk, phone, host, share, sharing } = await room(t);
  assert.equal(await phone.connect(WIFI, PORT), 'ECONNREFUSED', 'it listens before it is shared');
  const { interfaces } = await host.state();
  assert.deepEqual(interfaces.map(({ name, kind }) => [name, kind]), [['wlan0', 'wi-fi'], ['eth0', 'wired']]);

  const card = await share();
  assert.deepEqual([card.address, card.devices], [`${WIFI}:${PORT}/${SLUG}`, 0]);
  // The host itself can open its link, which proves nothing about others.
  assert.equal((await desk.fetch(`http://${card.address}/`)).status, 200);
  assert.equal((await sharing()).devices, 0);

  const page = await person(t, await phone.browser());
  await join(page, card.link, 'Ana');
  await open(page, NOTEBOOK);
  await typeInto(page, 2, '# from the phone');
  await written(page);
  assert.ok(at.read(NOTEBOOK).includes('# from the phone'));
  assert.equal((await sharing()).devices, 1);

  const ben = guest(phone);
  const { code } = await sharing();
  assert.equal((await ben.post('join', { code: code.code, name: 'Ben', color: null })).status, 200);
  assert.equal((await ben.me()).status, 200);

  const wen = guest(phone);
  const knocked = await wen.post('knock', { name: 'Wen', color: null, wants: 'view' });
  assert.equal(knocked.json.state, 'waiting', JSON.stringify(knocked));
  const [knock] = (await host.state()).folders[0].knocks;
  assert.deepEqual([knock.name, knock.code, knock.device.split(' ')[0]], ['Wen', knocked.json.code, '10.77.1.9']);
  await host.command({ do: 'let-in', slug: SLUG, knock: knock.id, role: 'view', remember: false });
  assert.equal((await wen.post('knock/wait', { ticket: knocked.json.ticket })).status, 200);
  assert.equal((await wen.me()).status, 200);

  const [link] = (await host.state()).folders[0].links;
  await host.command({ do: 'end-link', slug: SLUG, id: link.id });
  await page.getByText('This link has ended', { exact: true }).waitFor();
  assert.equal((await ben.me()).status, 403);
  assert.equal((await wen.me()).status, 200, 'Wen came without it');

  await host.command({ do: 'unshare', slug: SLUG });
  assert.equal(await phone.connect(WIFI, PORT), 'ECONNREFUSED', 'it still listens');
});

test('LAN-3 the network that was not chosen reaches nothing, by whatever way', async (t) => {
  const { desk, phone, lab, share } = await room(t);
  await share(WIFI);
  assert.equal(await phone.connect(WIFI, PORT), 'open');
  assert.equal(await desk.connect(WIFI, PORT), 'open');
  for (const address of [CABLE, WIFI]) assert.equal(await lab.connect(address, PORT), 'ECONNREFUSED', address);
  assert.equal(await phone.connect(CABLE, PORT).then((answer) => answer === 'open'), false);
  await share(CABLE);
  assert.equal(await lab.connect(CABLE, PORT), 'open');
  assert.equal(await phone.connect(WIFI, PORT), 'ECONNREFUSED');
});

test('LAN-4 a network that is switched off and on is told, and the guest goes on; one with a new address has a new link', async (t) => {
  const { at, desk, phone, share, sharing, host } = await room(t);
  const card = await share();
  const page = await person(t, await phone.browser());
  await join(page, card.link, 'Ana');
  await open(page, NOTEBOOK);
  await desk.ip('link', 'set', 'wlan0', 'down');
  await until('the window says that the network is away', async () => (await sharing()).away);
  await typeInto(page, 2, '# while it was away');
  await desk.ip('link', 'set', 'wlan0', 'up');
  await until('the window says that it is back', async () => !(await sharing()).away);
  await until('the guest’s line is in the file', () => at.read(NOTEBOOK).split('# while it was away').length === 2, 90);

  await desk.ip('addr', 'add', '10.77.1.77/24', 'dev', 'wlan0');
  await desk.ip('addr', 'del', `${WIFI}/24`, 'dev', 'wlan0');
  // Without its first address a device loses the others, unless it promotes them.
  await desk.ip('addr', 'replace', '10.77.1.77/24', 'dev', 'wlan0');
  const moved = await until('the address is the new one', async () => {
    const now = await sharing();
    return now.interface.address === '10.77.1.77' && now;
  });
  assert.equal(moved.before, `${WIFI}:${PORT}/${SLUG}`);
  const again = await person(t, await phone.browser());
  await join(again, moved.link, 'Ben');
  await open(again, NOTEBOOK);
  await until('the window lists Ben', async () => (await host.state()).folders[0].people.some((one) => one.name === 'Ben'));
});

test('LAN-7 hosts on one network find each other and their names, if both want it; another network hears nothing', async (t) => {
  const { at, phone, lab, host, share, sharing } = await room(t);
  const other = await hostOn(phone, at.file('methods'), 'Priya', ['--nearby']);
  assert.deepEqual(await phone.lookUp('ines.local', '10.77.1.9', 1500), [], 'it answers before anything is shared');
  const card = await share();
  assert.deepEqual(await phone.lookUp('ines.local', '10.77.1.9', 1500), [], 'it answers before the person chose it');
  await host.showNearby(true);
  await until('the name is announced', async () => (await sharing()).name === `ines.local:${PORT}/${SLUG}`);
  assert.deepEqual(await phone.lookUp('ines.local', '10.77.1.9'), [WIFI]);
  assert.deepEqual(await lab.lookUp('ines.local', '10.77.2.9', 1500), [], 'the other network is answered');

  await other.command({ do: 'share', slug: 'methods', address: null });
  const nearby = async (of) => (await of.state()).nearby.hosts.map(({ name, address }) => [name, address]);
  await until('each lists the other', async () => {
    const both = [await nearby(host), await nearby(other)];
    return both[0].length === 1 && both[1].length === 1;
  });
  assert.deepEqual([await nearby(host), await nearby(other)], [[['Priya', '10.77.1.9:8787']], [['Ines', `${WIFI}:${PORT}`]]]);

  // The name opens the page too, where the system looks names up that way.
  const page = await person(t, await phone.browser(`--host-resolver-rules=MAP ines.local ${WIFI}`));
  await join(page, card.link.replace(WIFI, 'ines.local'), 'Ana');
  await page.screenshot({ path: path(screenshots, 'lan-by-name.png') });

  await host.command({ do: 'unshare', slug: SLUG });
  await until('the goodbye is heard', async () => (await nearby(other)).length === 0);
  assert.deepEqual(await phone.lookUp('ines.local', '10.77.1.9', 1500), []);
});

for (const colorScheme of ['light', 'dark']) {
  test(`LAN-6 the window says who reached it, what can be wrong, and what became of the network, ${colorScheme}`, async (t) => {
    const { at, desk, phone, host, sharing } = await room(t);
    const window = await person(t, await desk.browser(), { colorScheme, viewport: { width: 900, height: 640 } });
    const says = (text) => window.getByText(text).first().waitFor();
    const look = async (name) => {
      await window.screenshot({ path: path(screenshots, `lan-${name}-${colorScheme}.png`) });
      const { violations } = await new AxeBuilder({ page: window }).analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map((node) => node.html).join(' | ')}`), []);
    };
    await window.goto(host.window);
    await window.getByRole('button', { name: 'Share this folder' }).click();
    await says('Not reached from another device yet.');
    await says(`${WIFI}:${PORT}/${SLUG}`);
    await window.getByRole('button', { name: 'What can be wrong' }).click();
    await says('Is the other device on the same network?');
    await says(`sudo ufw allow ${PORT}/tcp`);
    await look('wrong');
    await window.keyboard.press('Escape');

    assert.equal((await phone.fetch(`http://${WIFI}:${PORT}/${SLUG}/`)).status, 200);
    await says('Reached from 1 device');
    assert.equal(await window.getByRole('button', { name: 'What can be wrong' }).count(), 0);

    await desk.ip('link', 'set', 'wlan0', 'down');
    await says('The network is away.');
    await says('Nobody reaches it now.');
    await look('away');
    await desk.ip('link', 'set', 'wlan0', 'up');
    await until('the notice is gone', async () => (await window.getByText('The network is away.').count()) === 0);

    const other = await hostOn(phone, at.file('methods'), 'Priya', ['--nearby']);
    await other.command({ do: 'share', slug: 'methods', address: null });
    await says('others on the network would see your name');
    await window.getByRole('switch', { name: 'Show me to others, and list them' }).click();
    await window.getByRole('button', { name: /Priya/ }).waitFor();
    await says(`or ines.local:${PORT}/${SLUG}`);
    await look('nearby');
    await window.getByRole('button', { name: /Priya/ }).click();
    await window.getByText(/Copied\. Open it in a browser\.|Type 10\.77\.1\.9:8787 in a browser\./).waitFor();

    await window.getByLabel('Network').selectOption({ label: 'on Ethernet' });
    await says(`${CABLE}:${PORT}/${SLUG}`);
    assert.equal((await sharing()).interface.name, 'eth0');
    assert.equal(await phone.connect(WIFI, PORT), 'ECONNREFUSED');
  });
}
