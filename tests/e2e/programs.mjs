// The programs under test and the browsers that drive them: started with folders of their own, waited for by what they
// say, and ended for certain. Not here: what a journey does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const sample = join(here, '../../src-tauri/crates/host/sample');

/** Where screenshots are kept. */
export const screenshots = process.env.COMMONPLACE_SCREENSHOTS ?? join(tmpdir(), 'commonplace-screenshots');
mkdirSync(screenshots, { recursive: true });

/** An address of loopback that plays the network: nothing of the host listens there before a folder is shared. */
export const NETWORK = '127.0.0.2';

const stacks = new WeakMap();

/** Has this done when the test ends, before all that was asked for earlier: what was started last is ended first. */
export function finallyDo(t, work) {
  const stack = stacks.get(t) ?? [];
  if (stack.push(work) > 1) return;
  stacks.set(t, stack);
  t.after(async () => {
    // One that fails keeps no other from being done: programs would stay behind.
    const faults = [];
    for (const last of stack.reverse()) await Promise.resolve().then(last).catch((fault) => faults.push(fault));
    if (faults.length > 0) throw faults[0];
  });
}

/** A temporary place with the sample folder in it; removed when the test ends. */
export function place(t) {
  const root = mkdtempSync(join(tmpdir(), 'commonplace-e2e-'));
  const folder = join(root, 'Tide pools');
  cpSync(sample, folder, { recursive: true });
  finallyDo(t, () => rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return { root, folder, file: (path) => join(folder, path), read: (path) => readFileSync(join(folder, path), 'utf8') };
}

/** Resolves when `probe` answers something true; for what only polling can see: files, processes, another program's page. */
export async function until(what, probe, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`not seen within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Starts a program whose output goes to a file, so that nothing it leaves behind can hold our pipes open. */
export function start(t, program, args, { log, env = {}, stdin = 'ignore', stdout = 'log' }) {
  const file = openSync(log, 'a');
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: [stdin, stdout === 'pipe' ? 'pipe' : file, file] });
  closeSync(file);
  const ended = once(child, 'exit');
  child.on('error', (error) => console.error(`${program}: ${error}`));
  finallyDo(t, async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(late);
    }
  });
  return child;
}

/** The headless host, sharing the sample folder on [`NETWORK`] from the start; `more` are further options of it. */
export async function headless(t, at, port = 0, more = []) {
  const program = process.env.COMMONPLACE_HOST;
  const args = ['serve', at.folder, '--state-dir', join(at.root, 'state'), '--port', String(port), '--bind', NETWORK, '--host-name', 'Ines', ...more];
  const child = start(t, program, args, { log: join(at.root, 'host.log'), stdout: 'pipe' });
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => ['(it ended)'])]);
  const [local, link] = line.split(/\s+/);
  if (!link?.includes('#')) throw new Error(`the host printed no link: ${line}\n${readFileSync(join(at.root, 'host.log'), 'utf8')}`);
  return { local, link, child };
}

/** Where a program is; a name is looked for as a shell does. */
function located(program) {
  if (isAbsolute(program)) return program;
  const found = process.env.PATH.split(delimiter).map((folder) => join(folder, program)).find(existsSync);
  if (!found) throw new Error(`${program} is not on the PATH`);
  return found;
}

/** Where Chromium is. */
export const chromiumProgram = () => located(process.env.COMMONPLACE_CHROMIUM ?? 'chromium');

/** A Chromium that opens nothing by itself. One browser for a test; a context is a person. */
export async function browser(t, executablePath = chromiumProgram(), more = []) {
  const args = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  const running = await chromium.launch({ executablePath, chromiumSandbox: false, args: [...args, ...more] });
  finallyDo(t, () => running.close());
  return running;
}

/** A person with a browser of their own; fails the test when the page throws something unexpected. */
export async function person(t, running, options = {}, expected = /^$/) {
  const context = await running.newContext({ viewport: { width: 1180, height: 800 }, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const faults = [];
  page.on('pageerror', (error) => {
    if (!expected.test(String(error))) faults.push(String(error));
  });
  finallyDo(t, () => {
    if (faults.length > 0) throw new Error(`the page threw: ${faults.join('; ')}`);
  });
  return page;
}

/** A port that nobody has at the moment. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A session bus of the test's own, and what is said on it of notifications. */
export async function bus(t, at) {
  const daemon = start(t, 'dbus-daemon', ['--session', '--nofork', '--print-address=1'], { log: join(at.root, 'bus.log'), stdout: 'pipe' });
  const [address] = await once(createInterface({ input: daemon.stdout }), 'line');
  const heard = join(at.root, 'notifications.log');
  start(t, 'dbus-monitor', ['--address', address, "interface='org.freedesktop.Notifications'"], { log: heard });
  // It has begun to listen.
  await until('the bus is listened to', () => readFileSync(heard, 'utf8').includes('NameLost'));
  return { env: { DBUS_SESSION_BUS_ADDRESS: address }, heard: () => readFileSync(heard, 'utf8') };
}

/** A display in memory, and WebKitGTK's driver on it; answers the driver's URL. */
export async function driver(t, at, env = {}) {
  const display = start(t, 'Xvfb', ['-displayfd', '1', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'], { log: join(at.root, 'xvfb.log'), stdout: 'pipe' });
  const [number] = await once(createInterface({ input: display.stdout }), 'line');
  const port = await freePort();
  const homes = Object.fromEntries(
    ['HOME', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_RUNTIME_DIR'].map((name) => {
      const path = join(at.root, name.toLowerCase());
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return [name, path];
    }),
  );
  const environment = { DISPLAY: `:${number}`, TAURI_WEBVIEW_AUTOMATION: 'true', DBUS_SESSION_BUS_ADDRESS: 'disabled:', ...homes, ...env };
  start(t, 'WebKitWebDriver', ['--host=127.0.0.1', `--port=${port}`], { log: join(at.root, 'driver.log'), env: environment });
  const url = `http://127.0.0.1:${port}`;
  await until('WebKitWebDriver is ready', async () => (await fetch(`${url}/status`).catch(() => null))?.ok);
  return { url, display: `:${number}` };
}
