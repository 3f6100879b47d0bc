/** The prompts that `/` and some letters call, above the composer. */

import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";

import type { PromptRow } from "../../bridge/views.ts";
import { overview } from "../../state/app.ts";
import { promptsFor } from "../../state/prompts.ts";
import { t } from "../../text/text.ts";

/** Shown at once. */
const MOST = 8;

export interface Called {
  readonly found: readonly PromptRow[];
  /** Which one Enter takes. */
  readonly at: Signal<number>;
  /** A key press in the composer: whether it was meant for this list. */
  readonly pressed: (event: KeyboardEvent) => boolean;
}

/** `called`: the letters after `/`, null: none. */
export function useCalls(called: Signal<string | null>, choose: (prompt: PromptRow) => void): Called {
  const at = useSignal(0);
  const letters = called.value;
  const found = letters === null ? [] : promptsFor(overview.value?.prompts ?? [], letters).slice(0, MOST);
  if (at.value >= found.length && at.value !== 0) at.value = 0;
  const pressed = (event: KeyboardEvent): boolean => {
    if (found.length === 0 || event.isComposing) return false;
    if (event.key === "Escape") called.value = null;
    else if (event.key === "ArrowDown") at.value = (at.value + 1) % found.length;
    else if (event.key === "ArrowUp") at.value = (at.value - 1 + found.length) % found.length;
    else if (event.key === "Enter" || event.key === "Tab") {
      const chosen = found[at.value];
      if (chosen !== undefined) choose(chosen);
    } else return false;
    return true;
  };
  return { found, at, pressed };
}

export function Calls({ calls, choose }: { readonly calls: Called; readonly choose: (prompt: PromptRow) => void }): JSX.Element {
  return (
    <ul class="calls" id="calls" role="listbox" aria-label={t("chat.prompts")}>
      {calls.found.map((prompt, index) => (
        <li
          key={prompt.id}
          id={`call-${String(index)}`}
          class="call"
          role="option"
          aria-selected={index === calls.at.value}
          // The composer keeps the focus, so the list stays.
          onPointerDown={(event) => {
            event.preventDefault();
            choose(prompt);
          }}
        >
          <span class="call-title" dir="auto">{prompt.title}</span>
          {prompt.shortcut !== "" && <kbd>/{prompt.shortcut}</kbd>}
        </li>
      ))}
    </ul>
  );
}
