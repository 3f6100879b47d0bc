/** What stands where something is being read: seen only when it takes longer than a moment. */

import type { JSX } from "preact";

import { t } from "../text/text.ts";

/** Lines of rising and falling length; they appear after 200 ms. */
export function Skeleton({ lines = 3 }: { readonly lines?: number }): JSX.Element {
  return (
    <div class="skeleton" role="status">
      <span class="spoken">{t("shell.loading")}</span>
      {Array.from({ length: lines }, (_line, index) => <span key={index} class="skeleton-line" aria-hidden="true" />)}
    </div>
  );
}

export interface ProgressProps {
  readonly label: string;
  readonly done: number;
  readonly of: number | null;
}

/** How far something has come; `of` null: nobody knows. */
export function Progress({ label, done, of }: ProgressProps): JSX.Element {
  return (
    <label class="progress">
      <span>{label}</span>
      {of === null || of === 0 ? <progress /> : <progress value={done} max={of} />}
    </label>
  );
}
