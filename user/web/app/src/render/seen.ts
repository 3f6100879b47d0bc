/** Work that waits until somebody could see its outcome: colours and formulas of what is far away cost nothing. */

const MARGIN = "800px";
const waiting = new WeakMap<Element, () => void>();
let observer: IntersectionObserver | null = null;

/** Call `then` once, when `element` is on screen or near it. Returns how to give up. */
export function whenNear(element: Element, then: () => void): () => void {
  observer ??= new IntersectionObserver(look, nearby());
  waiting.set(element, then);
  observer.observe(element);
  return () => leave(element);
}

/** `scrollMargin` reaches into boxes that scroll; browsers without it work when the element comes into sight. */
function nearby(): IntersectionObserverInit & { readonly scrollMargin: string } {
  return { rootMargin: MARGIN, scrollMargin: MARGIN };
}

function look(entries: readonly IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) {
    const then = waiting.get(target);
    if (!isIntersecting || then === undefined) continue;
    leave(target);
    then();
  }
}

function leave(element: Element): void {
  waiting.delete(element);
  observer?.unobserve(element);
}
