/** Where one is on a way of a few steps. */

import type { JSX } from "preact";

import { t } from "../../text/text.ts";

export function Steps({ names, at }: { readonly names: readonly string[]; readonly at: number }): JSX.Element {
  return (
    <ol class="steps" aria-label={t("entry.steps")}>
      {names.map((name, index) => (
        <li key={name} class={index < at ? "step step-done" : "step"} aria-current={index === at ? "step" : undefined}>
          {name}
          {index < at && <span class="spoken">{t("entry.step.done")}</span>}
        </li>
      ))}
    </ol>
  );
}
