/** Where something that pops up goes: below what opened it, or above where there is more room, never over the edge. */

const GAP = 4;
const EDGE = 8;

/** Move `shown`, a popover that is open already, to `anchor`. Its style sheet makes it `position: fixed`. */
export function place(shown: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect();
  const width = document.documentElement.clientWidth;
  const height = window.innerHeight;
  const below = height - at.bottom - GAP - EDGE;
  const above = at.top - GAP - EDGE;
  const up = shown.offsetHeight > below && above > below;
  shown.style.maxHeight = `${String(Math.max(above, below))}px`;
  const start = getComputedStyle(anchor).direction === "rtl" ? at.right - shown.offsetWidth : at.left;
  const left = Math.max(EDGE, Math.min(start, width - shown.offsetWidth - EDGE));
  shown.style.left = `${String(left)}px`;
  if (up) shown.style.top = `${String(Math.max(EDGE, at.top - GAP - shown.offsetHeight))}px`;
  else shown.style.top = `${String(at.bottom + GAP)}px`;
}
