// Keeps what is below an element in its place on the screen while that grows, shrinks or goes; when it comes, it pushes.

/** `scroller`: what scrolls below it. */
export function steady(scroller: () => Element | null): (element: HTMLElement) => () => void {
  return (element) => {
    let height = element.offsetHeight;
    const shift = (by: number) => {
      const found = scroller();
      if (found && by) found.scrollTop += by;
    };
    const observer = new ResizeObserver(() => {
      const now = element.offsetHeight;
      shift(now - height);
      height = now;
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      // Before the page is painted without it.
      queueMicrotask(() => shift(-height));
    };
  };
}
