// Formulas as HTML and MathML. Foreign TeX may neither link, nor load, nor grow without end; what cannot be read is
// shown as it was typed.
import katex from 'katex';
import 'katex/dist/katex.css';
import type { Formula } from './math';

export function formula({ tex, display, source }: Formula): Node {
  const span = document.createElement('span');
  try {
    katex.render(tex, span, { displayMode: display, throwOnError: true, strict: false, trust: false, maxSize: 20, maxExpand: 500 });
  } catch {
    span.className = 'bad-formula';
    span.textContent = source;
  }
  return span;
}
