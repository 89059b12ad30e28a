// Which one notice stands at the top of the page: error over warning over plain. Pure; time is an input.
import { strings } from '../shared/strings';

export interface NoticeFacts {
  loaded: boolean;
  /** Since when there is no connection, unix ms. */
  awaySince: number | null;
  back: { at: number; waited: number } | null;
  unsent: number;
  fault: string | null;
  file: string;
  host: string;
  viewOnly: boolean;
  viewOnlyClosed: boolean;
}

export interface NoticeView {
  id: 'away' | 'reconnecting' | 'back' | 'fault' | 'view';
  kind: 'plain' | 'warning' | 'error';
  head: string;
  text: string;
  copy?: boolean;
  close?: boolean;
}

const SHORT_MS = 1_000;
const LONG_MS = 10_000;
const BACK_MS = 8_000;

export function noticeOf(facts: NoticeFacts, now: number): NoticeView | null {
  const { awaySince, back, unsent, fault } = facts;
  const away = awaySince === null ? -1 : now - awaySince;
  if (fault !== null && away < 0) {
    const said = strings.saving.failed(facts.file);
    return { id: 'fault', kind: 'error', head: said.head, text: fault ? `${fault} ${said.text}` : said.text };
  }
  if (away >= LONG_MS) {
    return { id: 'away', kind: 'warning', ...strings.connection.long(unsent), copy: facts.loaded };
  }
  if (away >= SHORT_MS && facts.loaded) return { id: 'reconnecting', kind: 'plain', ...strings.connection.short };
  if (back && now - back.at < BACK_MS && unsent === 0) {
    return { id: 'back', kind: 'plain', ...strings.connection.back(back.waited) };
  }
  if (facts.viewOnly && !facts.viewOnlyClosed && facts.loaded) {
    const { head, text } = strings.viewOnly;
    return { id: 'view', kind: 'plain', head, text: text(facts.host), close: true };
  }
  return null;
}

/** When to look again although nothing happened, in ms from `now`; null if time alone changes nothing. */
export function nextLook(facts: NoticeFacts, now: number): number | null {
  const moments = [
    ...(facts.awaySince === null ? [] : [facts.awaySince + SHORT_MS, facts.awaySince + LONG_MS]),
    ...(facts.back ? [facts.back.at + BACK_MS] : []),
  ].filter((moment) => moment > now);
  return moments.length ? Math.min(...moments) - now : null;
}
