// The catalogues held against each other: every language says what English says, and says it as its own readers write.
import { describe, expect, it } from 'vitest';
import { languages } from '../strings';
import { en } from './en';
import { zhCN } from './zh-CN';

type Say = (...given: unknown[]) => unknown;
const others = { 'zh-CN': zhCN };

/** Every word of a catalogue, or of what one of its functions gave, by its place: `saving.file`. */
function words(from: unknown, at = ''): Map<string, string | Say> {
  if (typeof from === 'string' || typeof from === 'function') return new Map([[at, from as string | Say]]);
  if (from === null || typeof from !== 'object') return new Map();
  return new Map(Object.entries(from).flatMap(([key, value]) => [...words(value, at ? `${at}.${key}` : key)]));
}

// A marker is a number in letters: it does for a name and for a count.
const markers = ['7101', '7202', '7303', '7404'];
/** What a function takes that is neither a name nor a number. */
const special: Record<string, unknown[]> = {
  names: [markers],
  numbers: [markers],
  sentence: [markers],
  sentences: [markers],
  'access.knock.asks.join': ['7101', 'view'],
  'access.knock.asks.back': ['7101', 'view'],
  'merge.changed': ['7101', 'cell'],
  'merge.added': ['7101', 'cell'],
  'merge.removed': ['7101', 'cell'],
  'merge.kept': ['7101', 'cell'],
};
const givenTo = (place: string) => special[place] ?? markers;
const textOf = (word: Say, given: unknown[]) => [...words(word(...given)).values()].join('\n');
/** Which markers a text shows; some are spelled digit by digit. */
const shownIn = (text: string) => markers.filter((marker) => text.replace(/ /g, '').includes(marker));

/** All that a catalogue can say, by place; its functions with markers, and with nothing in their places. */
function said(of: unknown): [string, string][] {
  return [...words(of)].flatMap(([place, word]): [string, string][] => {
    if (typeof word === 'string') return [[place, word]];
    const ways = special[place] ? [givenTo(place)] : [markers, ['', '', '', '']];
    return ways.flatMap((given) => [...words(word(...given), place)].map(([inner, text]): [string, string] => [inner, String(text)]));
  });
}

describe('UI-220 the words of the pages', () => {
  it('exist in every language that can be chosen', () => {
    expect(Object.keys(languages).sort()).toEqual(['en', ...Object.keys(others)].sort());
    for (const [tag, catalogue] of Object.entries(others)) expect(catalogue.tag).toBe(tag);
  });

  for (const [tag, catalogue] of Object.entries({ en, ...others })) {
    it(`are the same words in ${tag}, and none is empty`, () => {
      const shape = (from: unknown) => [...words(from)].map(([place, word]) => `${place}: ${typeof word}`).filter((one) => !one.startsWith('locale'));
      expect(shape(catalogue).sort()).toEqual(shape(en).sort());
      const empty = [...words(catalogue)].filter(([place, word]) => (typeof word === 'string' ? word : textOf(word, givenTo(place))).trim() === '');
      // The head says it all.
      expect(empty.map(([place]) => place)).toEqual(['access.edit.now.text']);
    });
  }

  for (const [tag, catalogue] of Object.entries(others)) {
    it(`show in ${tag} every name, number and reason that English shows, and no other`, () => {
      const there = words(catalogue);
      const functions = [...words(en)].filter((entry): entry is [string, Say] => typeof entry[1] === 'function');
      const shown = (all: Map<string, string | Say>) => functions.map(([place]) => [place, ...shownIn(textOf(all.get(place) as Say, givenTo(place)))].join(' '));
      expect(shown(there)).toEqual(shown(words(en)));
      expect(shown(there).filter((one) => one.includes(' 7101')).length).toBeGreaterThan(80);
    });
  }
});

describe('UI-221 Simplified Chinese', () => {
  /** What is written as it is in every language: names, keys and commands. */
  const asItIs = /Commonplace|JupyterLab|Jupyter|Markdown|JSON|CSV|Windows|Wi-Fi|VPN|API|Ctrl S|F6|Enter|Internet|sudo .*/g;
  const texts = said(zhCN).filter(([place]) => !['tag', 'direction', 'locale'].includes(place) && !/roles\.\d\.value$/.test(place));

  it('has no words that were left in another language', () => {
    expect(texts.filter(([, text]) => /[A-Za-z]{2,}/.test(text.replace(asItIs, '')))).toEqual([]);
  });
  it('is written in its own punctuation, and types no space between Han and Latin', () => {
    const odd = texts.filter(([, text]) => /\p{Script=Han}[,;:!?()."]|[,;!?("]\p{Script=Han}|\p{Script=Han} +\w|\w +\p{Script=Han}|「|」|\.\.\./u.test(text));
    expect(odd).toEqual([]);
  });
  it('is calm: no exclamation, no plea, and 你', () => {
    expect(texts.filter(([, text]) => /！|您|请(?!求)|哎呀|成功/.test(text))).toEqual([]);
  });
  it('ends a sentence where English does, and nothing else', () => {
    const english = new Map([...said(en)].reverse());
    const off = texts.filter(([place, text]) => english.has(place) && /[。？]$/.test(text) !== /[.!?]$/.test(english.get(place) ?? ''));
    expect(off.map(([place, text]) => [place, english.get(place), text])).toEqual([]);
  });
});
