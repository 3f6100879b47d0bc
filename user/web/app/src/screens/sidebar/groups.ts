/** The list of chats in parts: pinned, then by day, then what is archived. Those in folders are shown there. */

import type { ChatRow } from "../../bridge/views.ts";

/** "today", "yesterday", "week", "month", or a month such as "2026-03". */
export interface Group {
  readonly name: string;
  readonly rows: readonly ChatRow[];
}

const DAY = 86_400_000;

/** Chats that are in no folder, not pinned and not archived, in groups by when they were used last. `rows`: newest first. */
export function byDate(rows: readonly ChatRow[], now: number): readonly Group[] {
  const today = new Date(now).setHours(0, 0, 0, 0);
  const groups = new Map<string, ChatRow[]>();
  for (const row of rows) {
    if (row.folder !== null || row.pinned || row.archived) continue;
    const name = groupOf(row.time, today);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return [...groups].map(([name, found]) => ({ name, rows: found }));
}

function groupOf(time: number, today: number): string {
  if (time >= today) return "today";
  const yesterday = new Date(today).setDate(new Date(today).getDate() - 1);
  if (time >= yesterday) return "yesterday";
  if (time >= today - 7 * DAY) return "week";
  if (time >= today - 30 * DAY) return "month";
  const at = new Date(time);
  return `${String(at.getFullYear())}-${String(at.getMonth() + 1).padStart(2, "0")}`;
}

/** The middle of a month that `groupOf` named, for writing it; null: it is no month. */
export function monthOf(name: string): number | null {
  const found = /^(\d{4})-(\d\d)$/.exec(name);
  return found === null ? null : new Date(Number(found[1]), Number(found[2]) - 1, 15).getTime();
}
