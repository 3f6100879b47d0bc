/** A code or words, as something to be read, copied onto paper and read out: numbered, one group at a time. */

import type { JSX } from "preact";

import { localeOf, t } from "../../text/text.ts";

export interface GroupsProps {
  /** What it is, spoken before it. */
  readonly label: string;
  readonly groups: readonly string[];
  /** "code": letters are read one by one. "words": as words. */
  readonly kind: "code" | "words";
}

export function Groups({ label, groups, kind }: GroupsProps): JSX.Element {
  const number = new Intl.NumberFormat(localeOf());
  return (
    <ol class={`groups groups-${kind}`} aria-label={label} dir="ltr" translate={false}>
      {groups.map((group, index) => (
        <li key={index} class="group">
          <span class="group-number" aria-hidden="true">{kind === "code" && index === 8 ? "✓" : number.format(index + 1)}</span>
          <span class="group-letters" aria-hidden="true">{group}</span>
          <span class="spoken">{spoken(group, index, kind)}</span>
        </li>
      ))}
    </ol>
  );
}

function spoken(group: string, index: number, kind: "code" | "words"): string {
  const text = kind === "code" ? group.replace(/(?!^)/g, " ") : group;
  if (kind === "code" && index === 8) return t("entry.group.check_spoken", { text });
  return t("entry.group.spoken", { number: index + 1, text });
}

/** A code as it is written, in its groups. */
export function groupsOf(shown: string): readonly string[] {
  return shown.split(/[\s-]+/).filter((one) => one !== "");
}
