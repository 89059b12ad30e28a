// Cuts formulas out of Markdown before Markdown can eat their `_` and `\\`, leaving marks to put them back at. Code
// spans and fences are left alone. Pure.

export interface Formula {
  tex: string;
  display: boolean;
  /** As it stood in the source, for places where no formula can be shown. */
  source: string;
}

// Two letters from the private use area; a source that holds them loses them.
const OPEN = '\uE000';
const SHUT = '\uE001';
export const mark = /\uE000(\d+)\uE001/g;

// In this order: what protects from math, then math. `$` needs a non-space inside both ends and no digit after, as
// "from $5 to $10" is no formula.
const token = new RegExp(
  [
    String.raw`(?<fence>^[ ]{0,3}(?<tick>${'`'}{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^[ ]{0,3}\k<tick>[${'`'}~]*[ \t]*$|$(?![\s\S])))`,
    '(?<code>(?<!`)(?<run>`+)(?!`)[\\s\\S]*?[^`]\\k<run>(?!`))',
    String.raw`(?<escape>\\\\(?![(\[])|\\\$)`,
    String.raw`\$\$(?<dollars>[\s\S]+?)\$\$`,
    String.raw`\\\\?\[(?<bracket>[\s\S]+?)\\\\?\]`,
    String.raw`\\\\?\((?<round>[\s\S]+?)\\\\?\)`,
    String.raw`(?<env>\\begin\{(?<name>[a-zA-Z]+\*?)\}[\s\S]+?\\end\{\k<name>\})`,
    String.raw`\$(?<inline>(?=\S)(?:[^$\\\n]|\\[\s\S]|\n(?!\s*\n))+?(?<=\S))\$(?!\d)`,
  ].join('|'),
  'gm',
);

export function cutMath(source: string): { text: string; formulas: Formula[] } {
  const formulas: Formula[] = [];
  const clean = source.replace(/[\uE000\uE001]/g, '');
  const text = clean.replace(token, (whole, ...rest) => {
    const groups = rest.at(-1) as Record<string, string | undefined>;
    const { dollars, bracket, env, round, inline } = groups;
    const tex = dollars ?? bracket ?? env ?? round ?? inline;
    if (tex === undefined) return whole;
    formulas.push({ tex: unnumbered(tex.trim()), display: (dollars ?? bracket ?? env) !== undefined, source: whole });
    return `${OPEN}${formulas.length - 1}${SHUT}`;
  });
  return { text, formulas };
}

/** Jupyter shows no numbers beside equations; KaTeX would. */
function unnumbered(tex: string): string {
  if (tex.includes('\\tag')) return tex;
  return tex.replace(/\\(begin|end)\{(align|equation|gather|alignat|multline)\}/g, '\\$1{$2*}');
}
