// What an owner may want of a link, as choices and as words. Pure; the time is an argument.
import type { Link, LinkWish } from '../bindings/protocol';
import { clock, day } from '../shared/format/measures';
import { strings } from '../shared/strings';

/** How long a link is to be good; `kept` is the end it has already. */
export type Until = 'never' | 'hour' | 'evening' | 'day' | 'week' | 'kept';

const HOUR = 3_600_000;
const words = strings.access.until;

/** A moment as people say it: `today, 18:00`. */
export function moment(ms: number, now: number, locale?: string): string {
  return words.at(day(ms, now, locale), clock(ms, locale));
}

/** The end of the working day, while it is more than half an hour away; else the end of the day. */
function evening(now: number): number {
  const six = new Date(now).setHours(18, 0, 0, 0);
  return six - now > HOUR / 2 ? six : new Date(now).setHours(23, 59, 0, 0);
}

/** The ends to choose from; the one that a link has stays among them. */
export function untils(expires: number | null, now: number, locale?: string): { value: Until; label: string }[] {
  return [
    { value: 'never', label: words.never },
    ...(expires === null ? [] : [{ value: 'kept' as const, label: moment(expires, now, locale) }]),
    { value: 'hour', label: words.hour },
    ...(evening(now) === expires ? [] : [{ value: 'evening' as const, label: moment(evening(now), now, locale) }]),
    { value: 'day', label: words.day },
    { value: 'week', label: words.week },
  ];
}

/** When a link ends for which this was chosen, unix ms; `null`: when sharing does. */
export function expiry(until: Until, expires: number | null, now: number): number | null {
  switch (until) {
    case 'never':
      return null;
    case 'kept':
      return expires;
    case 'hour':
      return now + HOUR;
    case 'evening':
      return evening(now);
    case 'day':
      return now + 24 * HOUR;
    case 'week':
      return now + 7 * 24 * HOUR;
  }
}

/** The number in a field; `null`: any number; `undefined`: it is none. */
export function most(typed: string): number | null | undefined {
  const text = typed.trim();
  if (text === '') return null;
  const number = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return number > 0 ? number : undefined;
}

/** What is wanted of a link as it is now. */
export function wishOf({ label, role, ask, expires, most_uses }: LinkWish): LinkWish {
  return { label, role, ask, expires, most_uses };
}

/** What a link is called. */
export function nameOf(link: Link): string {
  return link.label || strings.access.links.unnamed;
}

/** What there is to say of a link, in this order. */
export function facts(link: Link, now: number, locale?: string): string[] {
  const say = strings.access.links;
  const said = [strings.presence.role[link.role]];
  if (link.ended !== null) {
    const when = link.ended === 'expired' && link.expires !== null ? `, ${moment(link.expires, now, locale)}` : '';
    said.push(`${say.ended[link.ended]}${when}`);
  } else {
    if (link.ask) said.push(say.asks);
    if (link.expires !== null) said.push(words.ends(moment(link.expires, now, locale)));
  }
  said.push(say.by(link.uses, link.most_uses));
  if (link.people) said.push(say.here(link.people));
  return said;
}
