import { describe, expect, it } from 'vitest';
import type { Folder, Knock, Link } from '../bindings/protocol';
import { asking, onCard, request } from './knocks';
import { expiry, facts, most, nameOf, untils, wishOf } from './wishes';

const at = (hour: number, minute = 0, date = 24) => new Date(2026, 10, date, hour, minute).getTime();
const link: Link = { id: 'a', label: '', role: 'edit', ask: true, expires: null, most_uses: null, present: true, url: null, made: 0, uses: 0, last_used: null, people: 0, ended: null };
const labels = (expires: number | null, now: number) => untils(expires, now, 'en-GB').map((one) => one.label);

describe('links', () => {
  it('UI-120 may be good until the evening, an hour, a day, a week or the end of sharing; the end that one has stays', () => {
    expect(labels(null, at(9))).toEqual(['I stop', 'in 1 hour', 'today, 18:00', 'in 24 hours', 'in 7 days']);
    // There is not much left of the afternoon.
    expect(labels(null, at(17, 45))[2]).toBe('today, 23:59');
    expect(labels(at(18), at(9))).toEqual(['I stop', 'today, 18:00', 'in 1 hour', 'in 24 hours', 'in 7 days']);
    expect(labels(at(8, 0, 26), at(9))[1]).toBe('26 November, 08:00');
    const ends = (['never', 'kept', 'hour', 'evening', 'day', 'week'] as const).map((until) => expiry(until, 5, at(9)));
    expect(ends).toEqual([null, 5, at(10), at(18), at(9, 0, 25), at(9, 0, 31)]);
  });

  it('UI-120 are for any number of people, or for one that is typed', () => {
    expect([most(''), most(' 30 '), most('0'), most('1000'), most('-1'), most('x')]).toEqual([null, 30, undefined, undefined, undefined, undefined]);
  });

  it('UI-120 say what they are in words', () => {
    expect(facts(link, at(9))).toEqual(['edit', 'asks first', 'nobody came by it yet']);
    const busy = { ...link, ask: false, role: 'view' as const, expires: at(18), most_uses: 10, uses: 3, people: 2 };
    expect(facts(busy, at(9), 'en-GB')).toEqual(['view', 'until today, 18:00', '3 of 10 used', '2 here now']);
    expect(facts({ ...busy, people: 0, ended: 'expired' }, at(19), 'en-GB')).toEqual(['view', 'Its time is over, today, 18:00', '3 of 10 used']);
    expect(facts({ ...link, uses: 1, ended: 'revoked' }, at(9))).toEqual(['edit', 'Taken back', '1 person came by it']);
    expect([nameOf(link), nameOf({ ...link, label: 'Class' })]).toEqual(['Link', 'Class']);
    // What is sent back is the wish alone.
    expect(wishOf(busy)).toEqual({ label: '', role: 'view', ask: false, expires: at(18), most_uses: 10 });
  });
});

describe('knocks', () => {
  const knock = (id: string, since: number, more: Partial<Knock> = {}): Knock => {
    return { id, name: id, color: null, device: '192.168.1.62 · Chrome on Android', code: '4821', wants: 'edit', since, link: null, why: 'join', ...more };
  };
  const folder = (name: string, ...knocks: Knock[]) => ({ name, knocks }) as unknown as Folder;

  it('UI-121 of all folders stand in one line, the longest waiting first, and a card stays up as long as its person asks', () => {
    const all = asking([folder('Tide pools', knock('b', 2), knock('c', 3)), folder('Thesis', knock('a', 1))]);
    expect(all.map((one) => one.knock.id)).toEqual(['a', 'b', 'c']);
    expect([onCard(all, undefined)?.knock.id, onCard(all, 'c')?.knock.id, onCard(all, 'gone')?.knock.id, onCard([], 'c')]).toEqual(['a', 'c', 'a', undefined]);
    const says = (more: Partial<Knock>) => request({ knock: knock('a', 1, more), folder: folder('Tide pools') });
    expect([says({}), says({ wants: 'view' }), says({ why: 'edit' }), says({ why: 'back' })]).toEqual([
      'asks to join Tide pools, to edit',
      'asks to join Tide pools, to view',
      'asks to edit in Tide pools',
      'asks to come back to Tide pools, to edit',
    ]);
  });
});
