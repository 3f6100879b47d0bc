/** Where the messages are scrolled to: at the end they follow what comes; whoever reads upwards is never pulled down. */

import { signal } from "@preact/signals";

/** Pixels from the end that still count as the end. */
const NEAR = 48;

export class Scroll {
  /** Whether the end is in sight. */
  readonly atEnd = signal(true);
  #element: HTMLElement | null = null;
  #follows = true;

  /** `inside` is what grows in `element`. Returns what ends the watching. */
  watch(element: HTMLElement, inside: HTMLElement): () => void {
    this.#element = element;
    const grown = new ResizeObserver(() => {
      if (this.#follows) this.#jump();
      else this.#look();
    });
    grown.observe(inside);
    grown.observe(element);
    const scrolled = (): void => {
      this.#look();
      if (this.atEnd.value) this.#follows = true;
    };
    // Only a person lets go of the end; a text that grows does not.
    const letGo = (event: Event): void => {
      if (event instanceof WheelEvent && event.deltaY >= 0) return;
      if (event instanceof KeyboardEvent && !UPWARDS.has(event.key)) return;
      if (element.scrollHeight > element.clientHeight) this.#follows = false;
    };
    element.addEventListener("scroll", scrolled, { passive: true });
    for (const name of ["wheel", "touchmove", "keydown", "pointerdown"]) element.addEventListener(name, letGo, { passive: true });
    this.#jump();
    return () => {
      grown.disconnect();
      element.removeEventListener("scroll", scrolled);
      for (const name of ["wheel", "touchmove", "keydown", "pointerdown"]) element.removeEventListener(name, letGo);
    };
  }

  /** Go to the end and follow it. */
  toEnd(): void {
    this.#follows = true;
    this.#jump();
  }

  /** Bring a message into sight, and the focus to it. */
  show(message: HTMLElement | null): void {
    if (message === null) return;
    this.#follows = false;
    message.scrollIntoView({ block: "start" });
    message.focus({ preventScroll: true });
    this.#look();
  }

  #jump(): void {
    const element = this.#element;
    if (element === null) return;
    element.scrollTop = element.scrollHeight;
    this.#look();
  }

  #look(): void {
    const element = this.#element;
    if (element === null) return;
    this.atEnd.value = element.scrollHeight - element.scrollTop - element.clientHeight <= NEAR;
  }
}

const UPWARDS: ReadonlySet<string> = new Set(["ArrowUp", "PageUp", "Home"]);
