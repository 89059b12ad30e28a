// Does things on a machine of `machines.mjs`, in its network namespace: asks in lines of JSON come in, answers go out.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const MDNS = '224.0.0.251';
const PATIENCE = 5000;

/** One request by the client that Node has; cookies and redirects are the caller's. */
async function request({ url, method = 'GET', headers = {}, body }) {
  const answer = await fetch(url, { method, headers, body, redirect: 'manual', signal: AbortSignal.timeout(30_000) });
  return { status: answer.status, location: answer.headers.get('location'), cookies: answer.headers.getSetCookie(), body: await answer.text() };
}

/** Whether somebody listens. */
function tryToConnect({ host, port }) {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PATIENCE, () => end('timeout'));
    socket.once('connect', () => end('open'));
    socket.once('error', (error) => end(error.code));
  });
}

/** A question for the IPv4 addresses of a name, answered to whoever asked. */
function question(name) {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  // Id 7, a question, one of them; type A, class IN.
  return Buffer.concat([Buffer.from([0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}

/** Where the name that begins here ends. */
function behindName(bytes, at) {
  while (bytes[at] !== 0) {
    if (bytes[at] >= 0xc0) return at + 2;
    at += bytes[at] + 1;
  }
  return at + 1;
}

/** The IPv4 addresses in the records of an answer. */
function addresses(bytes) {
  let at = 12;
  for (let n = 0; n < bytes.readUInt16BE(4); n += 1) at = behindName(bytes, at) + 4;
  const found = [];
  const records = bytes.readUInt16BE(6) + bytes.readUInt16BE(8) + bytes.readUInt16BE(10);
  for (let n = 0; n < records; n += 1) {
    at = behindName(bytes, at);
    const length = bytes.readUInt16BE(at + 8);
    if (bytes.readUInt16BE(at) === 1) found.push([...bytes.subarray(at + 10, at + 14)].join('.'));
    at += 10 + length;
  }
  return found;
}

/** Asks by multicast until there is an answer, or for this long. */
function lookUp({ name, from, patience = PATIENCE }) {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (answer) => {
      clearInterval(asking);
      clearTimeout(late);
      socket.close();
      resolve(answer);
    };
    const ask = () => socket.send(question(name), 5353, MDNS, () => undefined);
    let asking;
    const late = setTimeout(() => end([]), patience);
    socket.on('message', (bytes) => {
      const found = addresses(bytes);
      if (found.length > 0) end(found);
    });
    socket.once('error', (error) => end({ error: error.code }));
    socket.bind(0, from, () => {
      socket.setMulticastInterface(from);
      ask();
      asking = setInterval(ask, 500);
    });
  });
}

const deeds = { fetch: request, connect: tryToConnect, 'look up': lookUp };

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, what, ...values } = JSON.parse(line);
  Promise.resolve()
    .then(() => deeds[what](values))
    .catch((error) => ({ error: error.cause?.code ?? String(error) }))
    .then((answer) => process.stdout.write(`${JSON.stringify({ id, answer })}\n`));
});
process.stdin.once('end', () => process.exit(0));
