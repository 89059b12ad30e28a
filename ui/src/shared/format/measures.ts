// Times and sizes as words. Everything takes `now` and a locale, so that a test can say what time it is; without a locale
// they are written as the reader’s language and system do.
import { strings } from '../strings';

const units = ['B', 'KB', 'MB', 'GB', 'TB'];

/** A file size: `312 B`, `48 KB`, `1.4 MB` (thousands, as file managers count). */
export function size(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit >= 2 && value < 10 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** A time of day, `14:32`, by locale. */
export function clock(ms: number, locale = strings.locale): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' }).format(ms);
}

/** A time of day with seconds, `14:32:51`, for events. */
export function clockSeconds(ms: number, locale = strings.locale): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms);
}

/** "just now" for ten seconds, then the time of day; with the date when it was not today. */
export function since(ms: number, now: number, locale = strings.locale): string {
  if (now - ms < 10_000) return strings.time.justNow;
  if (new Date(ms).toDateString() === new Date(now).toDateString()) return clock(ms, locale);
  return strings.time.at(day(ms, now, locale), clock(ms, locale));
}

/** A date as people say it: `today`, `yesterday`, `12 November`, `3 October 2024`. */
export function day(ms: number, now: number, locale = strings.locale): string {
  const then = new Date(ms);
  const today = new Date(now);
  const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((midnight(today) - midnight(then)) / 86_400_000);
  if (days === 0) return strings.time.today;
  if (days === 1) return strings.time.yesterday;
  const sameYear = then.getFullYear() === today.getFullYear();
  const form: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'long' };
  return new Intl.DateTimeFormat(locale ?? 'en-GB', sameYear ? form : { ...form, year: 'numeric' }).format(then);
}

/** How long something took or lasts: `42 s`, `5 min 39 s`, `12 min`, `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const { time } = strings;
  if (minutes < 1) return time.seconds(seconds);
  if (minutes < 60) return time.minutes(minutes, minutes < 10 ? seconds % 60 : 0);
  return time.hours(Math.floor(minutes / 60), minutes % 60);
}
