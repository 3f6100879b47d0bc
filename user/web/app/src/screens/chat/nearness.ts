/** Which messages are near to what is in sight: only those are drawn whole. */

import { type Signal, signal } from "@preact/signals";

/** Drawn this far before they come into sight, pixels. */
const AHEAD = 1500;

/** Once near, a message stays drawn: scrolling back costs nothing, and what was found stays found. */
export class Nearness {
  #observer: IntersectionObserver | null = null;
  readonly #waiting = new Map<Element, Signal<boolean>>();

  /** The element that scrolls. */
  watch(root: Element): void {
    this.#observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) if (isIntersecting) this.#arrive(target);
    }, { root, rootMargin: `${String(AHEAD)}px 0px` });
    for (const element of this.#waiting.keys()) this.#observer.observe(element);
  }

  /** Tells when an element is near. Returns the signal, and what ends the waiting. */
  of(element: Element, near: Signal<boolean>): () => void {
    this.#waiting.set(element, near);
    this.#observer?.observe(element);
    return () => {
      this.#waiting.delete(element);
      this.#observer?.unobserve(element);
    };
  }

  #arrive(element: Element): void {
    const near = this.#waiting.get(element);
    if (near !== undefined) near.value = true;
    this.#waiting.delete(element);
    this.#observer?.unobserve(element);
  }
}

/** A signal that is near from the beginning, or not yet. */
export function nearness(near: boolean): Signal<boolean> {
  return signal(near);
}
