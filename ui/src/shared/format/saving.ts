// How far my edits went, in words. Says nothing that is not known: a step is named only once it is confirmed.
import type { FileState } from '../../bindings/protocol';
import { strings } from '../strings';
import { clock } from './measures';

export interface SaveFacts {
  /** The document's content arrived. */
  loaded: boolean;
  /** There is a connection, and it is in step. */
  live: boolean;
  /** The host confirms edits at all. */
  confirms: boolean;
  /** My edits that the host did not confirm (or, if it never confirms, that were not sent). */
  unsent: number;
  /** The document says that the file lacks something. */
  dirty: boolean;
  /** When the file was last written as far as this page knows, unix ms. */
  savedAt: number | null;
  /** The last attempt to write failed: the host's words, maybe none. */
  fault: string | null;
  /** How the file fares, as the host told. */
  file: FileState;
  writing: boolean;
  /** I changed something since I opened it. */
  edited: boolean;
}

export interface SaveStatus {
  /** 0 nothing to tell, 1 on this device, 2 on the host, 3 in the file. */
  step: 0 | 1 | 2 | 3;
  words: string;
  fault: boolean;
}

/** Why the file does not have what is here; null: nothing is in the way. */
export function obstacle({ file, fault, dirty }: SaveFacts): string | null {
  if (file.state === 'gone') return strings.fileState.goneShort;
  if (file.state === 'unreadable' || file.state === 'unfit') return file.reason;
  // What the file has already needs no writing.
  if (file.state === 'unwritable' && dirty) return file.reason;
  return fault;
}

export function saveStatus(facts: SaveFacts, locale?: string): SaveStatus {
  const { loaded, live, confirms, unsent, dirty, savedAt, writing } = facts;
  const say = (step: SaveStatus['step'], words: string, bad = false): SaveStatus => ({ step, words, fault: bad });
  if (!loaded) return say(0, '');
  if (unsent > 0) return say(1, live ? strings.saving.device : strings.saving.unsent(unsent));
  if (obstacle(facts) !== null) return say(confirms || !facts.edited ? 2 : 1, strings.saving.notInFile, true);
  if (!dirty) return say(3, strings.saving.file(savedAt === null ? '' : clock(savedAt, locale)));
  const step = confirms || !facts.edited ? 2 : 1;
  if (writing) return say(step, strings.saving.writing);
  return say(step, step === 2 ? strings.saving.host : strings.saving.device);
}

/** A line of "Where your edits are": the step, whether it is reached, and what to say beside it. */
export interface SaveStep {
  name: string;
  reached: boolean;
  when: string;
}

export function saveSteps(facts: SaveFacts, file: string, locale?: string): SaveStep[] {
  const { step } = saveStatus(facts, locale);
  const last = facts.savedAt === null ? '' : clock(facts.savedAt, locale);
  const words = strings.saving;
  const steps: SaveStep[] = [{ name: words.device, reached: step >= 1, when: words.now }];
  if (facts.confirms || !facts.edited) {
    steps.push({ name: words.host, reached: step >= 2, when: step >= 2 ? words.now : words.waiting(facts.unsent) });
  }
  const when = step === 3 ? last : step === 2 && obstacle(facts) === null && facts.live ? words.soon(last) : last;
  return [...steps, { name: words.inFile(file), reached: step === 3, when }];
}
