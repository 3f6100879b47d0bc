/** Where the focus goes when a step gives way to the next: what had it is gone. */

import { useEffect, useRef } from "preact/hooks";

/** Screens show their own heading first; a dialog that goes on asks for the next thing to type. */
const PLACES = {
  screen: { within: "#main", field: "form.typed input", heading: "h1" },
  dialog: { within: "dialog[open]", field: "form input", heading: "h2" },
} as const;

/** To the first field of the new step where there is something to type, else to its heading, which is then read out. */
export function useFocusOf(step: string, place: keyof typeof PLACES = "screen"): void {
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return undefined;
    }
    const frame = requestAnimationFrame(() => move(PLACES[place]));
    return () => cancelAnimationFrame(frame);
  }, [step]);
}

function move({ within, field, heading }: (typeof PLACES)[keyof typeof PLACES]): void {
  const place = [...document.querySelectorAll<HTMLElement>(within)].at(-1);
  // Whoever types already is left where they are: their letters would go into another field.
  const has = document.activeElement;
  if (has?.matches("input, textarea, select") === true && place?.contains(has) === true) return;
  const title = place?.querySelector<HTMLElement>(heading);
  if (title !== undefined && title !== null) title.tabIndex = -1;
  (place?.querySelector<HTMLElement>(field) ?? title)?.focus();
}
