// Which one notice stands at the top of the page: error over warning over plain. Pure; time is an input.
import type { FileState } from '../bindings/protocol';
import { strings } from '../shared/strings';
import type { EditState } from './edit-request.svelte';
import type { MergeNews } from './merge/news';

export interface NoticeFacts {
  loaded: boolean;
  /** Since when there is no connection, unix ms. */
  awaySince: number | null;
  back: { at: number; waited: number } | null;
  unsent: number;
  /** Why the last save that was asked for failed. */
  fault: string | null;
  /** How the file fares, and since when that is known. */
  fares: { file: FileState; since: number };
  /** Changes of the file by other programs, and when the newest was told. */
  merged: (MergeNews & { at: number; open: number }) | null;
  saving: boolean;
  /** The file's name. */
  file: string;
  host: string;
  viewOnly: boolean;
  viewOnlyClosed: boolean;
  /** What became of a viewer's wish to edit. */
  wish: EditState;
  /** When I was made an editor, unix ms. */
  editorSince: number | null;
}

export interface NoticeView {
  id: 'away' | 'reconnecting' | 'back' | 'fault' | 'gone' | 'half-typed' | 'merged' | 'view' | 'wish' | 'editor';
  kind: 'plain' | 'warning' | 'error';
  head: string;
  text: string;
  /** What it offers, in this order. */
  actions?: readonly NoticeAction[];
  close?: boolean;
}

export type NoticeAction = 'save again' | 'copy' | 'show both' | 'versions' | 'ask to edit' | 'stop asking';

const SHORT_MS = 1_000;
const LONG_MS = 10_000;
const BACK_MS = 8_000;
/** How long a notebook that is typed as text may be none before that is worth a word. */
const HALF_TYPED_MS = 3_000;

export function noticeOf(facts: NoticeFacts, now: number): NoticeView | null {
  const { awaySince, back, unsent, merged } = facts;
  const away = awaySince === null ? -1 : now - awaySince;
  const trouble = away < 0 ? troubleOf(facts, now) : null;
  if (trouble) return trouble;
  if (away >= LONG_MS) {
    return { id: 'away', kind: 'warning', ...strings.connection.long(unsent), actions: facts.loaded ? ['copy'] : [] };
  }
  if (away >= SHORT_MS && facts.loaded) return { id: 'reconnecting', kind: 'plain', ...strings.connection.short };
  if (merged && !mergeIsOver(merged, now)) {
    const { head, text, open } = merged;
    return { id: 'merged', kind: 'plain', head, text, actions: [open ? 'show both' : 'versions'], close: true };
  }
  if (back && now - back.at < BACK_MS && unsent === 0) {
    return { id: 'back', kind: 'plain', ...strings.connection.back(back.waited) };
  }
  if (facts.editorSince !== null && !facts.viewOnly && now - facts.editorSince < BACK_MS) {
    return { id: 'editor', kind: 'plain', ...strings.access.edit.now };
  }
  return facts.viewOnly && facts.loaded ? viewOnlyOf(facts) : null;
}

/** What a viewer is told, and whether the wish to edit was heard. */
function viewOnlyOf({ wish, host, unsent, viewOnlyClosed }: NoticeFacts): NoticeView | null {
  const words = strings.access.edit;
  const ask: readonly NoticeAction[] = ['ask to edit'];
  switch (wish.state) {
    case 'waiting':
      return { id: 'wish', kind: 'plain', head: words.waiting.head, text: words.waiting.text(capital(host), wish.code), actions: ['stop asking'] };
    case 'refused':
      return { id: 'wish', kind: 'plain', head: words.refused.head(capital(host)), text: words.refused.text, actions: ask, close: true };
    case 'over':
      return { id: 'wish', kind: 'plain', ...words.over, actions: ask, close: true };
    case 'failed':
      return { id: 'wish', kind: 'warning', head: strings.host.notDone, text: wish.message, actions: ask, close: true };
  }
  const { head, text } = strings.viewOnly;
  if (unsent > 0) {
    // The host made an editor a viewer while words were on their way.
    const kept = words.kept(strings.edits(unsent), unsent === 1);
    return { id: 'view', kind: 'warning', head, text: kept, actions: ['ask to edit', 'copy'] };
  }
  return viewOnlyClosed ? null : { id: 'view', kind: 'plain', head, text: text(host), actions: ask, close: true };
}

const capital = (text: string) => text.charAt(0).toLocaleUpperCase() + text.slice(1);

/** What is wrong with the file, if there is a connection to know it by. */
function troubleOf({ fares, fault, file: name, viewOnly, saving }: NoticeFacts, now: number): NoticeView | null {
  const { file, since } = fares;
  switch (file.state) {
    case 'gone': {
      const { head, text } = strings.fileState.gone(name);
      const said = fault && !saving ? [text, strings.fileState.notAgain(fault)] : [text];
      return { id: 'gone', kind: 'warning', head, text: strings.sentences(said), actions: viewOnly ? ['copy'] : ['save again', 'copy'] };
    }
    case 'unreadable':
      return { id: 'fault', kind: 'error', ...strings.fileState.unreadable(name, file.reason), actions: ['copy'] };
    case 'unwritable':
      return { id: 'fault', kind: 'error', ...strings.saving.failed(name, file.reason) };
    case 'unfit':
      if (now - since < HALF_TYPED_MS) return null;
      return { id: 'half-typed', kind: 'warning', ...strings.fileState.halfTyped(file.reason) };
    case 'fine':
      if (fault === null) return null;
      return { id: 'fault', kind: 'error', ...strings.saving.failed(name, fault) };
  }
}

/** There was nothing to decide, and it was there to be read for long enough. */
export function mergeIsOver(merged: { passing: boolean; at: number }, now: number): boolean {
  return merged.passing && now - merged.at >= BACK_MS;
}

/** When to look again although nothing happened, in ms from `now`; null if time alone changes nothing. */
export function nextLook(facts: NoticeFacts, now: number): number | null {
  const moments = [
    ...(facts.awaySince === null ? [] : [facts.awaySince + SHORT_MS, facts.awaySince + LONG_MS]),
    ...(facts.back ? [facts.back.at + BACK_MS] : []),
    ...(facts.merged?.passing ? [facts.merged.at + BACK_MS] : []),
    ...(facts.editorSince === null ? [] : [facts.editorSince + BACK_MS]),
    ...(facts.fares.file.state === 'unfit' ? [facts.fares.since + HALF_TYPED_MS] : []),
  ].filter((moment) => moment > now);
  return moments.length ? Math.min(...moments) - now : null;
}
