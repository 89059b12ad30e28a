// Tells a part once that it came near the view, so that what is far below costs nothing yet.
const waiting = new Map<Element, () => void>();
let observer: IntersectionObserver | null = null;

export function near(callback: () => void): (element: Element) => () => void {
  return (element) => {
    observer ??= new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          observer?.unobserve(target);
          waiting.get(target)?.();
          waiting.delete(target);
        }
      },
      { rootMargin: '800px' },
    );
    waiting.set(element, callback);
    observer.observe(element);
    return () => {
      waiting.delete(element);
      observer?.unobserve(element);
    };
  };
}

/** Shows a piece of document in an element. */
export function fill(fragment: DocumentFragment): (element: Element) => void {
  return (element) => element.replaceChildren(fragment.cloneNode(true));
}
