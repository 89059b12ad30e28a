// What parts of a page do once they are in it: tell that they came near the view (what is far below costs nothing yet),
// show a piece of document, let the keyboard scroll them.
const waiting = new Map<Element, () => void>();
let viewer: IntersectionObserver | null = null;

export function near(callback: () => void): (element: Element) => () => void {
  return (element) => {
    viewer ??= new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          viewer?.unobserve(target);
          waiting.get(target)?.();
          waiting.delete(target);
        }
      },
      { rootMargin: '800px' },
    );
    waiting.set(element, callback);
    viewer.observe(element);
    return () => {
      waiting.delete(element);
      viewer?.unobserve(element);
    };
  };
}

/** Shows a piece of document in an element; its own scrolling parts can be scrolled by keyboard. */
export function fill(fragment: DocumentFragment): (element: Element) => () => void {
  return (element) => {
    element.replaceChildren(fragment.cloneNode(true));
    const stops = [...element.querySelectorAll('.table, pre, .katex-display')].map(reachable);
    return () => stops.forEach((stop) => stop());
  };
}

/** While an element has more than fits, it is a stop of the Tab key, so that arrows can scroll it. */
export function reachable(element: Element): () => void {
  const observer = new ResizeObserver(() => {
    if (element.scrollWidth > element.clientWidth + 1) element.setAttribute('tabindex', '0');
    else element.removeAttribute('tabindex');
  });
  observer.observe(element);
  return () => observer.disconnect();
}
