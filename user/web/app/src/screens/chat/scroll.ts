/** Where the messages are scrolled to: at the end they follow what comes; whoever reads upwards is never pulled down. */

import { signal } from "@preact/signals";
import { createContext } from "preact";

/** Pixels from the end that still count as the end. */
const NEAR = 48;

export class Scroll {
  /** Whether the end is in sight. */
  readonly atEnd = signal(true);
  #element: HTMLElement | null = null;
  #follows = true;
  #top = 0;
  #height = 0;

  /** `inside` is what grows in `element`. Returns what ends the watching. */
  watch(element: HTMLElement, inside: HTMLElement): () => void {
    this.#element = element;
    const grown = new ResizeObserver(() => {
      if (this.#follows) this.#jump();
      else this.#look();
    });
    grown.observe(inside);
    grown.observe(element);
    const scrolled = (): void => this.#scrolled(element);
    // A wheel that is turned up lets go before anything has moved: while an answer comes, each frame counts.
    const turned = (event: WheelEvent): void => { if (event.deltaY < 0 && element.scrollTop > 0) this.#follows = false; };
    element.addEventListener("scroll", scrolled, { passive: true });
    element.addEventListener("wheel", turned, { passive: true });
    this.#jump();
    return () => {
      grown.disconnect();
      element.removeEventListener("scroll", scrolled);
      element.removeEventListener("wheel", turned);
    };
  }

  /** What is in it grew: follow its end in the same layout, not in one more after the frame's own. */
  grew(): void {
    if (this.#follows) this.#jump();
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

  /** Whatever moved it upwards, a finger, a key, the browser's search, lets go; a text that became shorter does not. */
  #scrolled(element: HTMLElement): void {
    const upwards = element.scrollTop < this.#top - 1 && element.scrollHeight >= this.#height;
    this.#look();
    if (this.atEnd.value) this.#follows = true;
    else if (upwards) this.#follows = false;
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
    [this.#top, this.#height] = [element.scrollTop, element.scrollHeight];
    this.atEnd.value = this.#height - this.#top - element.clientHeight <= NEAR;
  }
}

/** The scrolling of the messages that something stands in. */
export const Scrolling = createContext<Scroll | null>(null);
