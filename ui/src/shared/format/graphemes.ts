// Cutting text by what a reader sees as one letter, never through an accent or an emoji.

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The letters of a text as a reader counts them. */
export function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), (piece) => piece.segment);
}

/** Cuts at the end: at most `max` letters, the last one an ellipsis when something is missing. */
export function cutEnd(text: string, max: number): string {
  const letters = graphemes(text);
  return letters.length <= max ? text : `${letters.slice(0, Math.max(1, max - 1)).join('')}…`;
}

/**
 * Cuts a file name in the middle to at most `max` letters. The extension and two letters before it always stay, and
 * so does the first letter, even where `max` is too small for that: `quadrat-sampling-guide.md` → `quadrat-s…de.md`.
 */
export function cutMiddle(name: string, max: number): string {
  const letters = graphemes(name);
  if (letters.length <= max) return name;
  const dot = letters.lastIndexOf('.');
  // A dot at the start is part of the name, and a very long "extension" is no extension.
  const extension = dot > 0 && letters.length - dot <= 8 ? letters.length - dot : 0;
  const tail = Math.min(letters.length - 1, extension + 2);
  const head = Math.max(1, max - tail - 1);
  if (head + tail >= letters.length) return name;
  return `${letters.slice(0, head).join('')}…${letters.slice(letters.length - tail).join('')}`;
}

/** The longest middle cut that `fits` accepts, or the shortest one there is. */
export function fitMiddle(name: string, fits: (text: string) => boolean): string {
  if (fits(name)) return name;
  let low = 1;
  let high = graphemes(name).length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(cutMiddle(name, middle))) low = middle;
    else high = middle - 1;
  }
  return cutMiddle(name, low);
}
