// Markdown with formulas as harmless HTML. Formulas are cut out first and put back last, as elements in the places of
// text, so that neither Markdown nor the cleaning touches them. Loaded with the first document; KaTeX with the first formula.
import MarkdownIt from 'markdown-it';
import { strings } from '../../shared/strings';
import { imageAddress, pageHash, resolvePath } from './links';
import { cutMath, mark, type Formula } from './math';
import { sanitize } from './sanitize';

export interface MarkdownContext {
  /** The document's path, for links and pictures beside it. */
  path: string;
  attachments?: Record<string, unknown>;
}

const markdown = new MarkdownIt({ html: true, linkify: true, breaks: false });
// Cleaning decides about addresses, and it knows more: attachments, for one.
markdown.validateLink = (url) => !/^\s*(javascript|vbscript|file):/i.test(url);

export async function renderMarkdown(source: string, context: MarkdownContext): Promise<DocumentFragment> {
  const { text, formulas } = cutMath(source);
  const html = markdown.render(text);
  const katex = formulas.length ? (await import('./katex')).formula : null;
  const fragment = renderHtml(html, context);
  restoreFormulas(fragment, formulas, katex);
  taskLists(fragment);
  return fragment;
}

/** HTML in Markdown: cleaned, its addresses made to work here. */
export function renderHtml(html: string, { path, attachments = {} }: MarkdownContext): DocumentFragment {
  // `attachment:` is no scheme that cleaning would let through.
  const template = document.createElement('template');
  template.innerHTML = html;
  for (const image of template.content.querySelectorAll('img')) {
    const address = imageAddress(image.getAttribute('src') ?? '', path, attachments);
    if (address === null) image.replaceWith(image.alt || strings.notebook.noImage);
    else image.setAttribute('src', address);
  }
  const fragment = sanitize(template.innerHTML);
  for (const link of fragment.querySelectorAll('a[href]')) {
    const target = resolvePath(path, link.getAttribute('href') ?? '');
    if (target === null) continue;
    link.setAttribute('href', pageHash(target));
    link.removeAttribute('target');
  }
  // pandas leaves heads empty; an empty head is announced as one all the same.
  for (const head of fragment.querySelectorAll('th:empty')) head.replaceWith(document.createElement('td'));
  for (const table of fragment.querySelectorAll('table')) {
    const frame = document.createElement('div');
    frame.className = 'table';
    table.replaceWith(frame);
    frame.append(table);
  }
  return fragment;
}

function restoreFormulas(root: DocumentFragment, formulas: Formula[], show: ((formula: Formula) => Node) | null): void {
  if (!show) return;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  const texts: Text[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node instanceof Text) texts.push(node);
    else {
      // In a title or an alternative text a formula stays what was typed.
      for (const attribute of (node as Element).attributes) {
        attribute.value = attribute.value.replace(mark, (_, n: string) => formulas[Number(n)]?.source ?? '');
      }
    }
  }
  for (const node of texts) {
    const parts = node.data.split(mark);
    if (parts.length > 1) node.replaceWith(...parts.map((part, i) => replacement(part, i, formulas, show)));
  }
}

function replacement(part: string, i: number, formulas: Formula[], show: (formula: Formula) => Node): Node | string {
  if (i % 2 === 0) return part;
  const formula = formulas[Number(part)];
  return formula ? show(formula) : '';
}

/** `- [x] done` as a box with its state in words. */
function taskLists(root: DocumentFragment): void {
  for (const item of root.querySelectorAll('li')) {
    const first = item.firstElementChild?.tagName === 'P' ? item.firstElementChild.firstChild : item.firstChild;
    const found = first instanceof Text ? /^\s*\[([ xX])\]\s+/.exec(first.data) : null;
    if (!found || !(first instanceof Text)) continue;
    const done = found[1] !== ' ';
    first.data = first.data.slice(found[0].length);
    const box = document.createElement('span');
    box.className = done ? 'box done' : 'box';
    box.setAttribute('role', 'img');
    box.setAttribute('aria-label', done ? strings.notebook.done : strings.notebook.toDo);
    first.before(box);
    item.classList.add('task');
  }
}
