import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import type { Peer } from '../../shared/collab/presence';
import { marksOf, STILL_MS } from './others';

describe('other people’s carets', () => {
  const doc = new Y.Doc();
  const [text, other] = [doc.getText('source'), doc.getText('other')];
  const peer = (more: Partial<Peer>): Peer => ({
    client: 1, me: false, username: 'a', name: 'Oluwaseun Adébáyò Ọ', initials: 'OA', color: 'url(//e)', cell: null, moved: 0,
    places: [{ text, anchor: 5, head: 2, primary: true }],
    ...more,
  });

  it('UI-14 show a name while they move and initials when they stand, in a colour that is one', () => {
    const [moving] = marksOf([peer({})], text, STILL_MS - 1);
    expect(moving).toMatchObject({ from: 2, to: 5, head: 2, label: 'Oluwaseun Adébáyò…' });
    expect(moving?.color).toMatch(/^light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\)$/);
    expect(marksOf([peer({})], text, STILL_MS)[0]?.label).toBe('OA');
    expect(marksOf([peer({ places: [{ text: other, anchor: 0, head: 0, primary: true }] })], text, 0)).toEqual([]);
  });
});
