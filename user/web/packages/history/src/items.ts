/** Many items at once: asking for each alone takes seconds where there are thousands. */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import { Op } from "@privity/protocol/stored/page";
import type { Content } from "@privity/vault/contents/kinds";
import { VaultError } from "@privity/vault/errors";

import { isBox } from "./boxes.ts";
import { bodyOf, type findBody, type Ground } from "./ground.ts";
import type { Row, Waiting } from "./store.ts";

/** One object as it is now: what waits here counts. */
export interface Item<One extends Content = Content> {
  readonly id: Bytes;
  readonly box: Bytes;
  readonly content: One;
}

/** Items of some kinds, or of one box; without either, all. */
export interface Wanted {
  readonly kinds?: ReadonlySet<number>;
  readonly box?: Bytes;
}

/** Everything that is wanted and opens, by one reading of rows and one of bodies. */
export async function readItems({ store, session, boxes: opened }: Ground, wanted: Wanted): Promise<readonly Item[]> {
  const [rows, waits] = await Promise.all([store.rows(), store.waiting()]);
  const places = new Map<string, Row | Waiting>([...rows, ...waits].map((one) => [toHex(one.id), one]));
  const find = async (id: Bytes): ReturnType<typeof findBody> => {
    const place = places.get(toHex(id));
    return place === undefined ? null : bodyOf(store, place);
  };
  const boxes = opened.over(find);
  const due = [...places.values()].filter((one) => isWanted(one, wanted));
  const found = await Promise.all(due.map(async ({ id, box }): Promise<Item | null> => {
    const body = await find(id);
    if (body === null) return null;
    try {
      return { id, box, content: await boxes.open({ id, box, ...body }, session) };
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      return null;
    }
  }));
  return found.flatMap((one) => (one === null ? [] : [one]));
}

function isWanted(one: Row | Waiting, { kinds, box }: Wanted): boolean {
  if (isBox(one.op) || one.op === Op.DELETE) return false;
  if (box !== undefined && !equal(one.box, box)) return false;
  return kinds === undefined || (one.kind !== null && kinds.has(one.kind));
}
