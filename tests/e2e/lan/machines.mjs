// Machines with networks of their own: network namespaces of Linux, joined by cables that a test plugs and pulls. Nothing
// in them reaches the network of the machine that the tests run on. Not here: what a test does with them.
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { browser, chromiumProgram, finallyDo, start } from '../programs.mjs';

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
let made = 0;

/** `ip` with these arguments. Each call is bounded, so that a test that fails ends. */
async function ip(...args) {
  try {
    return (await run('ip', args, { timeout: 10_000 })).stdout;
  } catch (error) {
    throw new Error(`ip ${args.join(' ')}: ${error.stderr || error.message}`, { cause: error });
  }
}

/** Fails, in words, where namespaces cannot be made: then these tests say nothing about the product. */
function needsNamespaces(error) {
  return new Error(
    `This test makes network namespaces, which needs Linux, root and iproute2, and could not: ${error.message}`,
    { cause: error },
  );
}

/** A computer of its own: loopback, no network, nobody else's files hidden from it. */
export class Machine {
  constructor(t, at, space) {
    Object.assign(this, { t, at, space });
  }

  static async make(t, at, name) {
    made += 1;
    const machine = new Machine(t, at, `cp${process.pid}x${made}${name}`.slice(0, 30));
    await ip('netns', 'add', machine.space).catch((error) => {
      throw needsNamespaces(error);
    });
    // What runs in it was ended before; the cables go with it.
    finallyDo(t, () => {
      execFileSync('ip', ['netns', 'del', machine.space], { timeout: 10_000 });
    });
    await machine.ip('link', 'set', 'lo', 'up');
    return machine;
  }

  /** Where its programs complain. */
  get log() {
    return join(this.at.root, `${this.space}.log`);
  }

  ip(...args) {
    return ip('-n', this.space, ...args);
  }

  /** Starts a program on it; the test's end ends it. */
  start(program, args, options) {
    return start(this.t, 'ip', ['netns', 'exec', this.space, program, ...args], { log: this.log, ...options });
  }

  /** A Chromium on it. */
  browser(...more) {
    const wrapper = join(this.at.root, `chromium-${this.space}`);
    writeFileSync(wrapper, `#!/bin/sh\nexec ip netns exec ${this.space} ${chromiumProgram()} "$@"\n`);
    chmodSync(wrapper, 0o755);
    return browser(this.t, wrapper, more);
  }

  /** Has this done on it by `agent.mjs`; see there. */
  async does(what, values) {
    this.agent ??= this.#agent();
    const agent = await this.agent;
    const id = (agent.asked += 1);
    const answered = new Promise((resolve) => agent.waiting.set(id, resolve));
    agent.child.stdin.write(`${JSON.stringify({ id, what, ...values })}\n`);
    return await answered;
  }

  async #agent() {
    const child = this.start(process.execPath, [join(here, 'agent.mjs')], { stdout: 'pipe', stdin: 'pipe' });
    const waiting = new Map();
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      const { id, answer } = JSON.parse(line);
      waiting.get(id)?.(answer);
      waiting.delete(id);
    });
    const agent = { child, waiting, asked: 0 };
    child.once('exit', () => waiting.forEach((resolve) => resolve({ error: 'the agent ended' })));
    return agent;
  }

  /** One request; `{ status, cookies, body }`, or `{ error }`. */
  fetch(url, options = {}) {
    return this.does('fetch', { url, ...options });
  }

  /** What a connection comes to: `open`, `ECONNREFUSED`, `EHOSTUNREACH`, `timeout`, … */
  connect(host, port) {
    return this.does('connect', { host, port });
  }

  /** The addresses that multicast DNS has for a name, asked by the interface with this address. */
  lookUp(name, from, patience) {
    return this.does('look up', { name, from, patience });
  }
}

/** Joins two machines: `[machine, interface, address/length]` each. */
export async function cable([a, nameA, addressA], [b, nameB, addressB]) {
  await ip('link', 'add', nameA, 'netns', a.space, 'type', 'veth', 'peer', 'name', nameB, 'netns', b.space);
  for (const [machine, name, address] of [[a, nameA, addressA], [b, nameB, addressB]]) {
    await machine.ip('addr', 'add', address, 'dev', name);
    await machine.ip('link', 'set', name, 'up');
  }
}

/** The headless host on a machine, which shares nothing yet. `owner` asks it as its window would. */
export async function hostOn(machine, folder, name, more = []) {
  const args = ['serve', folder, '--state-dir', join(machine.at.root, `state-${machine.space}`), '--port', '8787', '--host-name', name, ...more];
  const child = machine.start(process.env.COMMONPLACE_HOST, args, { stdout: 'pipe' });
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => ['(it ended)'])]);
  const local = line.split(/\s+/)[0];
  if (!local.startsWith('http')) throw new Error(`the host printed no address: ${line}\n${readFileSync(machine.log, 'utf8')}`);
  const { origin, searchParams } = new URL(local);
  const headers = { authorization: `token ${searchParams.get('token')}` };
  const command = async (body) => {
    const options = { method: 'POST', headers, body: JSON.stringify(body) };
    const { status, body: text, error } = await machine.fetch(`${origin}/api/commonplace/panel`, options);
    if (status !== 200) throw new Error(`${body.do}: ${status ?? error} ${text ?? ''}`);
    return JSON.parse(text);
  };
  let nearby = more.includes('--nearby');
  const window = new URL(`/panel.html?${searchParams}`, origin).href;
  return {
    child,
    command,
    /** Address of its window's page, with the owner's token. */
    window,
    /** The state, as the answer to a command that changes nothing. */
    state: () => command({ do: 'show-nearby', on: nearby }),
    showNearby(on) {
      nearby = on;
      return command({ do: 'show-nearby', on });
    },
  };
}
