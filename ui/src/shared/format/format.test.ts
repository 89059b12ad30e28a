import { describe, expect, it } from 'vitest';
import { cutEnd, cutMiddle, fitMiddle, graphemes } from './graphemes';
import { clock, day, duration, since, size } from './measures';
import { count } from '../words/count';
import { distinctInitials, initials, personColor, personColors } from './people';

describe('names', () => {
  it('are cut in the middle and keep the extension and two letters before it', () => {
    const name = 'quadrat-sampling-field-guide.md';
    for (let max = 8; max < 31; max += 1) {
      const cut = cutMiddle(name, max);
      expect(graphemes(cut).length).toBe(max);
      expect(cut).toMatch(/^q.*…de\.md$/);
    }
    expect(cutMiddle(name, 31)).toBe(name);
    expect(cutMiddle(name, 2)).toBe('q…de.md');
    expect(cutMiddle('a'.repeat(60), 10)).toBe('aaaaaaa…aa');
    expect(cutMiddle('.gitignore-with-a-long-name', 9)).toBe('.gitig…me');
  });
  it('are cut by letters, not by code units', () => {
    const name = '👩‍🔬👩‍🔬👩‍🔬éé́éé.txt';
    expect(cutMiddle(name, 8)).toBe('👩‍🔬…éé.txt');
    expect(cutEnd('👩‍🔬👩‍🔬👩‍🔬', 2)).toBe('👩‍🔬…');
    expect(cutEnd('Ana', 18)).toBe('Ana');
  });
  it('take the longest cut that fits', () => {
    const name = 'a-rather-long-name-for-a-notebook.ipynb';
    expect(fitMiddle(name, (text) => text.length <= 15)).toBe(cutMiddle(name, 15));
    expect(fitMiddle(name, () => true)).toBe(name);
    expect(fitMiddle(name, () => false)).toBe(cutMiddle(name, 1));
  });
});

describe('measures', () => {
  it('say sizes as a file manager does', () => {
    expect([0, 312, 999, 999.6, 48_000, 1_440_000, 23_000_000].map(size)).toEqual(
      ['0 B', '312 B', '999 B', '1 KB', '48 KB', '1.4 MB', '23 MB'],
    );
  });
  it('say "just now" for ten seconds', () => {
    const now = new Date(2026, 10, 24, 14, 32, 0).getTime();
    expect(since(now - 9_999, now)).toBe('just now');
    expect(since(now - 10_000, now, 'en-GB')).toBe('14:31');
    expect(since(now - 86_400_000, now, 'en-GB')).toBe('yesterday, 14:32');
    expect(clock(now, 'en-GB')).toBe('14:32');
    expect(day(now, now)).toBe('today');
    expect(day(new Date(2026, 9, 3).getTime(), now)).toBe('3 October');
    expect(day(new Date(2024, 9, 3).getTime(), now)).toBe('3 October 2024');
  });
  it('say how long something lasted', () => {
    expect([0, 42_000, 339_000, 720_000, 7_500_000, 7_200_000].map(duration)).toEqual(
      ['0 s', '42 s', '5 min 39 s', '12 min', '2 h 5 min', '2 h'],
    );
    expect([count(1, 'edit'), count(3, 'edit'), count(2, 'person', 'people')]).toEqual(['1 edit', '3 edits', '2 people']);
  });
});

describe('people', () => {
  it('keep our colours in both themes', () => {
    for (const { light, dark } of personColors) {
      expect(personColor(light.toUpperCase(), 3)).toBe(`light-dark(${light}, ${dark})`);
    }
  });
  it('get a colour of their own hue when theirs is foreign', () => {
    expect(personColor('#0000ff', 0)).toBe('light-dark(oklch(0.5 0.170 264.1), oklch(0.78 0.170 264.1))');
  });
  it('never bring foreign text into a style', () => {
    for (const bad of ['var(--jp-collaborator-color1)', 'red;background:url(//x)', '', null, undefined, 7, '#12345']) {
      expect(personColor(bad, 13)).toBe(personColor(personColors[1]?.light, 0));
    }
    expect(personColor(null, -1.5)).toMatch(/^light-dark\(#/);
  });
  it('have two letters, and different ones when seen together', () => {
    expect(['Ana', 'Oluwaseun Adé', ' x ', '', 'émile'].map(initials)).toEqual(['AN', 'OA', 'X', '?', 'ÉM']);
    expect(distinctInitials(['Ana', 'Anton', 'Anna', 'Bo', 'Bo', 'Bo'])).toEqual(['AN', 'AT', 'AA', 'BO', 'B2', 'B3']);
  });
});
