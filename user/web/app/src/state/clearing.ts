/** What a lock takes off the page: each module of this folder that holds what a person wrote names how it is emptied. */

const steps: (() => void)[] = [];

/** To be emptied at a lock. */
export function clears(step: () => void): void {
  steps.push(step);
}

/** Empty everything that was shown or typed. Drafts must be sealed before: see `flushDrafts`. */
export function clearShown(): void {
  for (const step of steps) step();
}
