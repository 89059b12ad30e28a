// In which direction the page is read: what "forward" is on the keyboard and on the screen. Not here: which language it speaks.

/** Whether lines begin on the right. */
export const fromTheRight = () => document.documentElement.dir === 'rtl';

/** The key's arrow as it would be where lines begin on the left: keys point to places on the screen. */
export function arrow(key: string): string {
  if (!fromTheRight()) return key;
  return key === 'ArrowLeft' ? 'ArrowRight' : key === 'ArrowRight' ? 'ArrowLeft' : key;
}
