// The words of the interface in the language of whoever reads. The catalogues are in `words/`, one directory a language; English
// is the one that the others are held against: a word that another lacks is refused by the types.
//
// A page speaks one language from its first line to its last: `speak` is awaited before the first component is loaded, and
// another choice loads the page anew. So a word may be kept in a constant.
import { en } from './words/en';

export type Strings = typeof en;

/** Languages by their tag (BCP 47), each with its name in itself. */
export const languages = { en: 'English', 'zh-CN': '简体中文' } as const;
export type Language = keyof typeof languages;

const KEY = 'commonplace.language';
/** Loaded when they are wanted; English is always there. */
const others: Partial<Record<Language, () => Promise<Strings>>> = {
  'zh-CN': () => import('./words/zh-CN').then(({ zhCN }) => zhCN),
};

export let strings: Strings = en;

/** The first of these wishes that there is a catalogue for: the tag itself, else another tag of its language, else English. */
export function fitting(wishes: readonly string[]): Language {
  const tags = Object.keys(languages) as Language[];
  const base = (tag: string) => tag.toLowerCase().split('-')[0];
  for (const wish of wishes) {
    const tag = tags.find((known) => known.toLowerCase() === wish.toLowerCase()) ?? tags.find((known) => base(known) === base(wish));
    if (tag) return tag;
  }
  return 'en';
}

/** What was chosen in this browser; null: follow the browser. */
export function chosenLanguage(): Language | null {
  const chosen = stored();
  return chosen !== null && chosen in languages ? (chosen as Language) : null;
}

/** Chooses a language, or with null the browser's; true if the page must be loaded anew to speak it. */
export function chooseLanguage(language: Language | null): boolean {
  try {
    if (language === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, language);
  } catch {
    // Storage is refused: the choice cannot be kept, and the page goes on as it is.
    return false;
  }
  return wanted() !== strings.tag;
}

/** Loads the catalogue of whoever reads. If it cannot be loaded the page speaks English. */
export async function speak(): Promise<void> {
  const load = others[wanted()];
  if (load) strings = await load().catch(() => en);
  document.documentElement.lang = strings.tag;
  document.documentElement.dir = strings.direction;
}

function wanted(): Language {
  return fitting([chosenLanguage() ?? [], navigator.languages].flat());
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
