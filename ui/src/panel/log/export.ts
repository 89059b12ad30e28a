// Events as files. Pure.
import type { EventRecord } from '../../bindings/protocol';

/** One JSON object a line, as the host keeps them, with the time in words of ISO 8601 as well. */
export function jsonl(events: readonly EventRecord[]): string {
  return events.map((event) => `${JSON.stringify({ at: new Date(event.time).toISOString(), ...event })}\n`).join('');
}

const columns = ['time', 'level', 'kind', 'action', 'folder', 'document', 'room', 'person', 'what happened'];

/** A table after RFC 4180, which begins with the mark that spreadsheets know UTF-8 by. */
export function csv(events: readonly EventRecord[]): string {
  const lines = events.map((event) => [
    new Date(event.time).toISOString(),
    event.level,
    event.kind,
    event.action,
    event.folder,
    event.path ?? '',
    event.room ?? '',
    event.person?.name ?? '',
    event.line,
  ]);
  return `\ufeff${[columns, ...lines].map((line) => `${line.map(cell).join(',')}\r\n`).join('')}`;
}

/** Names come from anybody: what a spreadsheet would take for a formula is text. */
function cell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** `tide-pools-events-2026-11-23.csv`. */
export function fileName(slug: string, now: number, kind: 'csv' | 'jsonl'): string {
  return `${slug}-events-${new Date(now).toISOString().slice(0, 10)}.${kind}`;
}
