/** Where an arrow key leads in a row or column of things that take the focus in turn. */

const BEFORE: Readonly<Record<"across" | "along", string>> = { across: "ArrowLeft", along: "ArrowUp" };
const AFTER: Readonly<Record<"across" | "along", string>> = { across: "ArrowRight", along: "ArrowDown" };

/** What a key press tells. */
export interface KeyPress {
  readonly key: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}

/**
 * The index that a key leads to from `at` among `count`, round the ends; null: the key leads nowhere.
 *
 * "across" turns round where text runs from the right.
 */
export function onward(event: KeyPress, at: number, count: number, way: "across" | "along"): number | null {
  if (count === 0 || event.altKey || event.ctrlKey || event.metaKey) return null;
  const turned = way === "across" && typeof document !== "undefined" && document.dir === "rtl";
  const [before, after] = turned ? [AFTER[way], BEFORE[way]] : [BEFORE[way], AFTER[way]];
  switch (event.key) {
    case before: return (at - 1 + count) % count;
    case after: return (at + 1) % count;
    case "Home": return 0;
    case "End": return count - 1;
    default: return null;
  }
}
