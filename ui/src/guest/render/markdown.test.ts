// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { ansiHtml } from './ansi';
import { imageAddress, pageHash, pathOfHash, resolvePath } from './links';
import { renderHtml, renderMarkdown } from './markdown';
import { cutMath } from './math';

async function html(source: string, attachments = {}) {
  const div = document.createElement('div');
  div.append(await renderMarkdown(source, { path: 'notes/a.ipynb', attachments }));
  return div;
}

function clean(source: string) {
  const div = document.createElement('div');
  div.append(renderHtml(source, { path: 'a.ipynb' }));
  return div;
}

const formulas = (source: string) => cutMath(source).formulas.map(({ tex, display }) => (display ? `[${tex}]` : tex));

describe('formulas', () => {
  it('UI-7 are found as Jupyter finds them, and never in code or prices', () => {
    expect(formulas('a $x_1$ b $$y\\\\z$$ \\(q\\) \\[r\\]')).toEqual(['x_1', '[y\\\\z]', 'q', '[r]']);
    expect(formulas('\\begin{align}a&=b\\\\c&=d\\end{align}')).toEqual(['[\\begin{align*}a&=b\\\\c&=d\\end{align*}]']);
    for (const none of ['from $5 to $10', '`$x$`', '``a ` $x$``', '```\n$x$\n```', '~~~py\n$x$\n~~~\n', '\\$x\\$', '$ x $', 'a $x', '$a\n\nb$']) {
      expect(formulas(none), none).toEqual([]);
    }
    expect(cutMath('\uE0000\uE001 $x$').text).toBe('0 \uE0000\uE001');
  });

  it('UI-7 stand where they stood, and what cannot be read stands as typed', async () => {
    const shown = await html('**a** $x_1 * y_1$ *b*\n\n$$\\frac{1}{2}$$ and $\\nonsense{$ and [$x$](u "$t$")');
    expect(shown.querySelectorAll('.katex').length).toBe(3);
    expect(shown.querySelector('.katex-display')).not.toBeNull();
    expect(shown.querySelector('.bad-formula')?.textContent).toBe('$\\nonsense{$');
    expect(shown.querySelector('a')?.title).toBe('$t$');
    expect([...shown.querySelectorAll('strong, em')].map((node) => node.textContent)).toEqual(['a', 'b']);
  });
});

describe('foreign HTML', () => {
  it('UI-8 cannot run, ask, style or name anything in the page', async () => {
    const hostile = [
      '<script>struck()</script><img src=x onerror=struck()><iframe src=//e></iframe><form action=//e><input name=a><button>b</button></form>',
      '<style>*{display:none}</style><b style="position:fixed" id="page" class="skip" name="x" tabindex=1>bold</b><svg onload=struck()><script>struck()</script></svg>',
      '<a href="javascript:struck()">a</a><math><mtext></mtext></math><object data=x></object><meta http-equiv=refresh content=0><base href=//e><link rel=stylesheet href=//e>',
    ].join('');
    for (const shown of [clean(hostile), await html(`x\n\n${hostile}\n\n[l](javascript:struck())\n`)]) {
      expect(shown.querySelectorAll('script, iframe, form, input, button, style, svg, object, meta, base, link').length).toBe(0);
      for (const element of shown.querySelectorAll('*')) {
        for (const { name, value } of element.attributes) {
          expect(`${name}=${value}`).not.toMatch(/^(on|id=|style=|name=|tabindex=)|javascript:/i);
        }
      }
      expect(shown.querySelector('b')?.outerHTML).toBe('<b>bold</b>');
    }
  });

  it('keeps tables with their alignment, in a frame that scrolls', async () => {
    const shown = await html('|a|b|\n|-|-:|\n|1|2|\n');
    expect(shown.querySelector('.table > table')).not.toBeNull();
    expect(shown.querySelectorAll('td')[1]?.style.textAlign).toBe('right');
    expect(clean('<tr style="text-align: right;position:fixed">').querySelector('[style]')).toBeNull();
  });

  it('escapes programs’ text and names its colours', () => {
    expect(ansiHtml('\u001b[31m<b>\u001b[0m')).toBe('<span class="ansi-red-fg">&lt;b&gt;</span>');
    expect(ansiHtml('\u001b]8;;http://e\u0007x\u001b]8;;\u0007')).not.toContain('<a');
  });
});

describe('addresses in documents', () => {
  it('UI-9 open files here, take pictures from the host, and leave everything else alone', async () => {
    const shown = await html('[a](../b%20c.md#x) [w](https://example.org) [o](../../x) ![p](plot.png) ![q](http://e/x.png) ![r](attachment:r.png)\n- [ ] t\n- [x] d', { 'r.png': { 'image/png': 'aGk=' } });
    expect([...shown.querySelectorAll('a')].map((link) => [link.getAttribute('href'), link.target, link.rel])).toEqual([
      ['#/b%20c.md', '', 'noopener noreferrer'],
      ['https://example.org', '_blank', 'noopener noreferrer'],
      ['../../x', '_blank', 'noopener noreferrer'],
    ]);
    expect([...shown.querySelectorAll('img')].map((image) => image.getAttribute('src'))).toEqual(['api/commonplace/file/notes/plot.png', 'data:image/png;base64,aGk=']);
    expect([...shown.querySelectorAll('.box')].map((box) => [box.className, box.getAttribute('aria-label')])).toEqual([['box', 'to do'], ['box done', 'done']]);
  });

  it('are resolved as paths', () => {
    expect([resolvePath('a/b.md', './c/../d.md'), resolvePath('a/b.md', '/d.md'), resolvePath('b.md', '../x'), resolvePath('b.md', '#x'), resolvePath('b.md', '%zz')]).toEqual(['a/d.md', 'd.md', null, null, '%zz']);
    expect(pathOfHash(pageHash('a b/ü#?.md'))).toBe('a b/ü#?.md');
    expect([pathOfHash('#secret'), pathOfHash(''), pathOfHash('#/'), pathOfHash('#/%zz')]).toEqual([null, null, null, null]);
    expect(imageAddress('attachment:none.png', 'a', {})).toBeNull();
  });
});
