import { afterEach, describe, expect, it, vi } from 'vitest';
import { arrow } from './reading';
import { chooseLanguage, chosenLanguage, fitting } from './strings';

afterEach(() => vi.unstubAllGlobals());

describe('the language', () => {
  it('is the first wish that there is a catalogue for', () => {
    expect(fitting(['en-AU', 'de'])).toBe('en');
    expect(fitting(['tlh', 'EN-us'])).toBe('en');
    expect(fitting(['tlh'])).toBe('en');
    expect(fitting([])).toBe('en');
    expect(fitting(['zh-TW', 'en'])).toBe('zh-CN');
    expect(fitting(['zh', 'en'])).toBe('zh-CN');
    expect(fitting(['fr', 'ZH-cn'])).toBe('zh-CN');
  });
  it('is kept where storage is allowed, and what is stored is not trusted', () => {
    const kept = new Map([['commonplace.language', 'tlh']]);
    vi.stubGlobal('navigator', { languages: ['en-GB'] });
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
    expect(chosenLanguage()).toBeNull();
    expect(chooseLanguage('en')).toBe(false);
    expect(chosenLanguage()).toBe('en');
  });
  it('stays as it is where storage is refused', () => {
    const refuse = () => {
      throw new Error('denied');
    };
    vi.stubGlobal('localStorage', { getItem: refuse, setItem: refuse, removeItem: refuse });
    expect(chosenLanguage()).toBeNull();
    expect(chooseLanguage('en')).toBe(false);
  });
});

describe('UI-222 where lines begin on the right', () => {
  it('arrows go where they point', () => {
    vi.stubGlobal('document', { documentElement: { dir: 'rtl' } });
    expect(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'Home'].map(arrow)).toEqual(['ArrowRight', 'ArrowLeft', 'ArrowUp', 'Home']);
    vi.stubGlobal('document', { documentElement: { dir: 'ltr' } });
    expect(['ArrowLeft', 'ArrowRight'].map(arrow)).toEqual(['ArrowLeft', 'ArrowRight']);
  });
});
