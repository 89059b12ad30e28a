// Components speak from the catalogues only: words that stand in their markup would stay English for everybody.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';

const READ = new Set(['aria-label', 'aria-description', 'title', 'placeholder', 'alt', 'label', 'text', 'head']);
const WORD = /\p{L}{2,}/u;

interface Node {
  type: string;
  data?: string;
  name?: string;
  value?: unknown;
  [key: string]: unknown;
}

/** The words that stand in a component's markup, in texts and in attributes that people read. */
function spoken(source: string): string[] {
  const found: string[] = [];
  const look = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(look);
    if (node === null || typeof node !== 'object') return;
    const { type, name, value, data } = node as Node;
    // What is between braces is not markup; strings in it that are shown are caught as literals.
    if (type === 'Text' && data && WORD.test(data)) found.push(data.trim());
    if (type === 'ExpressionTag') {
      const { expression } = node as { expression?: Node };
      if (expression?.type === 'Literal' && typeof expression.value === 'string' && WORD.test(expression.value)) found.push(expression.value);
      return;
    }
    if (type === 'StyleDirective') return;
    if (type === 'Attribute' && !READ.has(name ?? '')) return;
    if (type === 'Attribute') return look(value);
    for (const [key, inner] of Object.entries(node)) if (!['expression', 'test', 'context', 'key'].includes(key)) look(inner);
  };
  look(parse(source, { modern: true }).fragment);
  return found;
}

describe('UI-227 the words of components', () => {
  it('are seen where they stand in markup', () => {
    expect(spoken('<p title="Two words">{words.x} Said here</p><Field label="Name" class="not read" />')).toEqual(['Two words', 'Said here', 'Name']);
    expect(spoken(`{#if a}<b>{'Said'}</b>{/if}<i aria-label={words.name}>·</i>`)).toEqual(['Said']);
  });
  it('come from the catalogues', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.svelte') && !path.startsWith('parts'));
    expect(files.length).toBeGreaterThan(40);
    expect(files.flatMap((path) => spoken(readFileSync(join(root, path), 'utf8')).map((words) => `${path}: ${words}`))).toEqual([]);
  });
});
