// What to show of a code cell's stored outputs: the richest form this page can show safely, or the honest word that it
// cannot. HTML and SVG are for a frame of nobody's origin. Pure; input is whatever JSON is in the document.

export type Output =
  | { kind: 'stream'; stderr: boolean; text: string }
  | { kind: 'error'; name: string; message: string; place: string; trace: string }
  | { kind: 'html'; html: string }
  | { kind: 'image'; src: string; alt: string; width: number | null }
  | { kind: 'markdown'; text: string }
  | { kind: 'json'; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'unknown'; mime: string; plain: string };

type Json = Record<string, unknown>;

const images = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

export function readOutputs(outputs: unknown): Output[] {
  if (!Array.isArray(outputs)) return [];
  const read = outputs.flatMap((output: unknown) => readOutput(object(output)) ?? []);
  // A program that prints in small steps leaves many pieces of one text.
  return read.reduce<Output[]>((all, output) => {
    const last = all.at(-1);
    if (output.kind === 'stream' && last?.kind === 'stream' && last.stderr === output.stderr) {
      all[all.length - 1] = { ...last, text: overwrite(last.text + output.text) };
    } else all.push(output);
    return all;
  }, []);
}

function readOutput(output: Json): Output | null {
  switch (output.output_type) {
    case 'stream':
      return { kind: 'stream', stderr: output.name === 'stderr', text: overwrite(text(output.text)) };
    case 'error':
      return readError(output);
    case 'execute_result':
    case 'display_data':
      return readData(object(output.data), object(output.metadata));
    default:
      return null;
  }
}

function readError(output: Json): Output {
  const trace = Array.isArray(output.traceback) ? output.traceback.map(text).join('\n') : '';
  const frames = stripAnsi(trace).match(/^(?:Cell In\[\d+\], line \d+|File .+:\d+)/gm);
  return { kind: 'error', name: text(output.ename) || 'Error', message: text(output.evalue), place: frames?.at(-1) ?? '', trace };
}

function readData(data: Json, metadata: Json): Output | null {
  const mimes = Object.keys(data);
  const plain = text(data['text/plain']);
  const image = images.find((mime) => mime in data);
  const custom = mimes.find((mime) => mime.startsWith('application/') && mime !== 'application/json' && mime !== 'application/javascript');
  if (image && (custom || !('text/html' in data))) return imageOf(image, text(data[image]), plain, metadata);
  // Tables of data bring both: what is said in HTML is more than that it cannot be shown.
  const html = text(data['text/html']).trim() !== '';
  if (custom && !html) return { kind: 'unknown', mime: custom, plain };
  if ('text/html' in data) return { kind: 'html', html: text(data['text/html']) };
  if ('text/markdown' in data) return { kind: 'markdown', text: text(data['text/markdown']) };
  if ('text/latex' in data) return { kind: 'markdown', text: asMath(text(data['text/latex'])) };
  if ('image/svg+xml' in data) return { kind: 'html', html: text(data['image/svg+xml']) };
  if ('application/json' in data) return { kind: 'json', text: JSON.stringify(data['application/json'], null, 2) };
  if ('text/plain' in data) return { kind: 'text', text: plain };
  return mimes[0] === undefined ? null : { kind: 'unknown', mime: mimes[0], plain: '' };
}

function imageOf(mime: string, body: string, plain: string, metadata: Json): Output {
  const width = object(metadata[mime]).width ?? metadata.width;
  const src = `data:${mime};base64,${body.replace(/\s+/g, '')}`;
  // `<Figure size 640x480 with 1 Axes>` describes nothing that a reader does not see.
  const alt = plain.startsWith('<') ? '' : plain;
  return { kind: 'image', src, alt, width: typeof width === 'number' && width > 0 ? width : null };
}

/** LaTeX output usually brings its own dollars; where it does not, it is one formula. */
function asMath(tex: string): string {
  return /^\s*(\$|\\\[|\\\(|\\begin)/.test(tex) ? tex : `$$${tex}$$`;
}

/** What a terminal would show of text with carriage returns and backspaces: progress bars write over themselves. */
export function overwrite(raw: string): string {
  const unix = raw.replace(/\r\n/g, '\n');
  if (!unix.includes('\r') && !unix.includes('\b')) return unix;
  return unix
    .split('\n')
    .map((line) => {
      let shown = '';
      for (const part of line.split('\r')) shown = part + shown.slice(part.length);
      const letters: string[] = [];
      for (const letter of shown) {
        if (letter === '\b') letters.pop();
        else letters.push(letter);
      }
      return letters.join('');
    })
    .join('\n');
}

const ESC = String.fromCharCode(27);
const BEL = String.fromCharCode(7);
const ansi = new RegExp(`${ESC}\\[[0-9;?]*[ -/]*[@-~]|${ESC}\\][^${BEL}]*(?:${BEL}|${ESC}\\\\)`, 'g');

export function stripAnsi(value: string): string {
  return value.replace(ansi, '');
}

/** The first lines of a long text, and how many are left out. */
export function firstLines(value: string, most: number, mostLetters = 100_000): { text: string; rest: number } {
  const lines = value.replace(/\n$/, '').split('\n');
  let shown = lines.slice(0, most).join('\n');
  let rest = Math.max(0, lines.length - most);
  if (shown.length > mostLetters) {
    shown = shown.slice(0, mostLetters);
    rest = Math.max(1, lines.length - shown.split('\n').length);
  }
  return { text: shown, rest };
}

function object(value: unknown): Json {
  return value && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {};
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.filter((part) => typeof part === 'string').join('') : '';
}
