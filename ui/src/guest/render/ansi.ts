// Terminal text with colours as elements. Anything else that terminals can do (moving about, clearing, titles, links)
// is left out.
import { AnsiUp } from 'ansi_up';
import './ansi.css';

/** HTML: escaped text in spans with `ansi-…` classes. */
export function ansiHtml(text: string): string {
  const ansi = new AnsiUp();
  ansi.use_classes = true;
  ansi.url_allowlist = {};
  return ansi.ansi_to_html(text);
}

export function ansiFragment(text: string): DocumentFragment {
  const template = document.createElement('template');
  template.innerHTML = ansiHtml(text);
  return template.content;
}
