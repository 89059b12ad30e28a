// Languages for code: Python and Markdown at once, all others when a document asks for them.
import { markdown } from '@codemirror/lang-markdown';
import { pythonLanguage } from '@codemirror/lang-python';
import { type Language, LanguageDescription } from '@codemirror/language';
import { highlightCode, tagHighlighter, tags } from '@lezer/highlight';

/** The names that code colours have in `code.css`. */
export const highlighter = tagHighlighter([
  { tag: [tags.keyword, tags.self, tags.bool, tags.null, tags.controlKeyword], class: 'tok-keyword' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.character], class: 'tok-string' },
  { tag: [tags.number, tags.literal, tags.escape, tags.atom], class: 'tok-number' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.definition(tags.className), tags.className, tags.typeName], class: 'tok-function' },
  { tag: [tags.comment, tags.meta, tags.processingInstruction], class: 'tok-comment' },
  { tag: [tags.heading, tags.strong], class: 'tok-strong' },
  { tag: tags.emphasis, class: 'tok-emphasis' },
  { tag: tags.link, class: 'tok-link' },
  { tag: [tags.url, tags.monospace], class: 'tok-string' },
]);

const markdownLanguage = markdown().language;

export async function languageByName(name: string): Promise<Language | null> {
  if (/^(i?python\d*|py)$/.test(name)) return pythonLanguage;
  if (name === 'markdown') return markdownLanguage;
  const { languages } = await import('@codemirror/language-data');
  return load(LanguageDescription.matchLanguageName(languages, name, true));
}

export async function languageOfFile(path: string): Promise<Language | null> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/\.pyw?$/i.test(name)) return pythonLanguage;
  if (/\.(md|markdown)$/i.test(name)) return markdownLanguage;
  const { languages } = await import('@codemirror/language-data');
  return load(LanguageDescription.matchFilename(languages, name));
}

async function load(description: LanguageDescription | null): Promise<Language | null> {
  const support = await description?.load().catch(() => null);
  return support?.language ?? null;
}

/** More would hold up the page while it opens. */
const MOST_HIGHLIGHTED = 20_000;

/** Coloured source that nobody types in, without an editor. */
export function paintCode(text: string, language: Language | null): DocumentFragment {
  const fragment = document.createDocumentFragment();
  if (!language || text.length > MOST_HIGHLIGHTED) {
    fragment.append(text);
    return fragment;
  }
  const put = (piece: string, classes: string) => {
    if (!classes) return fragment.append(piece);
    const span = document.createElement('span');
    span.className = classes;
    span.textContent = piece;
    fragment.append(span);
  };
  highlightCode(text, language.parser.parse(text), highlighter, put, () => fragment.append('\n'));
  return fragment;
}
