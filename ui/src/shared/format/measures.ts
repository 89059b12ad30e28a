// Times, sizes and counts as words. Everything takes `now` and a locale, so that a test can say what time it is.

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
export function clock(ms: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' }).format(ms);
}

/** A time of day with seconds, `14:32:51`, for events. */
export function clockSeconds(ms: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms);
}

/** "just now" for ten seconds, then the time of day; with the date when it was not today. */
export function since(ms: number, now: number, locale?: string): string {
  if (now - ms < 10_000) return 'just now';
  if (new Date(ms).toDateString() === new Date(now).toDateString()) return clock(ms, locale);
  return `${day(ms, now, locale)}, ${clock(ms, locale)}`;
}

/** A date as people say it: `today`, `yesterday`, `12 November`, `3 October 2024`. */
export function day(ms: number, now: number, locale?: string): string {
  const then = new Date(ms);
  const today = new Date(now);
  const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((midnight(today) - midnight(then)) / 86_400_000);
  if (days === 0) return 'today';
  if (days === 1) return 'yesterday';
  const sameYear = then.getFullYear() === today.getFullYear();
  const form: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'long' };
  return new Intl.DateTimeFormat(locale ?? 'en-GB', sameYear ? form : { ...form, year: 'numeric' }).format(then);
}

/** How long something took or lasts: `42 s`, `5 min 39 s`, `12 min`, `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest ? `${Math.floor(minutes / 60)} h ${rest} min` : `${Math.floor(minutes / 60)} h`;
}

/** A count with its word: `1 edit`, `3 edits`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
