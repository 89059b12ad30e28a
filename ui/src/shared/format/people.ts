// A person's colour and initials. Colours arrive over the wire from anybody, so only what is proven to be a colour
// ever reaches a style.
import { strings } from '../strings';
import { graphemes } from './graphemes';

/** A person's colour in both themes. */
export interface PersonColor {
  /** Its name in the catalogues. */
  name: keyof typeof strings.colors;
  /** What goes on the wire as `user.color`. */
  light: string;
  dark: string;
}

/** The twelve, in the order in which people who chose none get them. */
export const personColors: readonly PersonColor[] = [
  { name: 'cerulean', light: '#00618b', dark: '#86d2f7' },
  { name: 'madder', light: '#ce2744', dark: '#fa7478' },
  { name: 'moss', light: '#14501f', dark: '#a3e3af' },
  { name: 'violet', light: '#884bd2', dark: '#a98cff' },
  { name: 'ochre', light: '#775500', dark: '#f0be3c' },
  { name: 'mulberry', light: '#5f2a55', dark: '#cd89b4' },
  { name: 'verdigris', light: '#007967', dark: '#86ebe3' },
  { name: 'rust', light: '#73290a', dark: '#ec8435' },
  { name: 'indigo', light: '#313296', dark: '#99b5f4' },
  { name: 'rose', light: '#a3124e', dark: '#ffa3b5' },
  { name: 'olive', light: '#677300', dark: '#d6dc78' },
  { name: 'umber', light: '#955a3a', dark: '#edb08c' },
];

/**
 * The CSS colour for a person: one of ours with its pair, any other `#rrggbb` with its hue and our lightness, and
 * anything else (a CSS variable, nothing, an attack) the colour that belongs to `seed`, such as a client id.
 */
export function personColor(color: unknown, seed: number): string {
  const hex = typeof color === 'string' && /^#[0-9a-f]{6}$/i.test(color) ? color.toLowerCase() : undefined;
  const ours = hex
    ? personColors.find((known) => known.light === hex || known.dark === hex)
    : personColors[Math.abs(Math.trunc(seed)) % personColors.length];
  if (ours) return `light-dark(${ours.light}, ${ours.dark})`;
  const { chroma, hue } = oklch(hex ?? '#808080');
  const c = Math.min(0.17, Math.max(0.1, chroma)).toFixed(3);
  return `light-dark(oklch(0.5 ${c} ${hue.toFixed(1)}), oklch(0.78 ${c} ${hue.toFixed(1)}))`;
}

/** Chroma and hue (degrees) of a `#rrggbb`, after Ottosson's OKLab. */
function oklch(hex: string): { chroma: number; hue: number } {
  const linear = [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const [r = 0, g = 0, b = 0] = linear;
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  const bb = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  return { chroma: Math.hypot(a, bb), hue: ((Math.atan2(bb, a) * 180) / Math.PI + 360) % 360 };
}

/** Two letters for a name: of the first two words, or the first two of a single word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = graphemes(words[0] ?? '');
  const second = graphemes(words[1] ?? '');
  const letters = second[0] ? [first[0], second[0]] : first.slice(0, 2);
  return letters.join('').toLocaleUpperCase() || '?';
}

/** Initials for people seen together: where two would be the same, later ones take other letters, then a number. */
export function distinctInitials(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const letters = graphemes(name.replace(/\s+/gu, ''));
    const first = (letters[0] ?? '?').toLocaleUpperCase();
    const others = letters.slice(1).map((letter) => first + letter.toLocaleUpperCase());
    const numbered = Array.from({ length: names.length + 1 }, (_, i) => `${first}${i + 2}`);
    const chosen = [initials(name), ...others, ...numbered].find((candidate) => !taken.has(candidate)) ?? first;
    taken.add(chosen);
    return chosen;
  });
}
