import { describe, expect, it } from 'vitest';
import { HostError, type Knocked, type User } from '../shared/host/http';
import { answerTo } from './asking';

const me: User = { username: 'u', name: 'Wen', display_name: 'Wen', initials: 'WE', color: null, avatar_url: null };
const waiting: Knocked = { state: 'waiting', ticket: 't', code: '4821', since: 0 };
const letIn: Knocked = { state: 'let-in', me, role: 'view' };

/** Asks a host that answers, or fails, in this order. */
async function ask(told: (Knocked | Error)[], signal = new AbortController().signal) {
  const away: boolean[] = [];
  let asked = 0;
  const wait = () => {
    const next = told[asked++];
    return next instanceof Error || next === undefined ? Promise.reject(next ?? new Error('asked too often')) : Promise.resolve(next);
  };
  const answer = await answerTo({ ticket: 't', wait, signal, onaway: (now) => away.push(now), pause: () => Promise.resolve() });
  return { answer, away, asked };
}

describe('waiting for an answer', () => {
  const silence = new HostError('unreachable', '');

  it('UI-122 goes on through silence and lost lines until the host has answered', async () => {
    expect(await ask([waiting, waiting, letIn])).toEqual({ answer: { state: 'let-in', joined: { me, role: 'view' } }, away: [], asked: 3 });
    expect(await ask([silence, silence, waiting, { state: 'refused' }])).toEqual({ answer: { state: 'refused' }, away: [true, false], asked: 4 });
    expect((await ask([{ state: 'over' }])).answer).toEqual({ state: 'over' });
  });

  it('UI-122 takes a refusal of the question for good', async () => {
    expect(await ask([new HostError('not-shared', 'Not shared.')])).toMatchObject({ answer: { state: 'over' }, asked: 1 });
  });

  it('UI-122 asks no more once nobody waits', async () => {
    const page = new AbortController();
    page.abort();
    expect(await ask([letIn], page.signal)).toEqual({ answer: null, away: [], asked: 0 });
    const leaving = new AbortController();
    const wait = () => {
      leaving.abort();
      return Promise.reject(silence);
    };
    expect(await answerTo({ ticket: 't', wait, signal: leaving.signal, onaway: () => undefined })).toBeNull();
  });
});
