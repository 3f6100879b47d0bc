/** What pulling and pushing stand on: one device's session, store, service and boxes. */

import type { Bytes } from "@privity/protocol/bytes";

import { Boxes, type Found } from "./boxes.ts";
import { halts, Halted } from "./errors.ts";
import type { Service } from "./service.ts";
import type { Session, World } from "./session.ts";
import type { Row, State, Store, Waiting } from "./store.ts";

export interface Ground {
  readonly session: Session;
  readonly store: Store;
  readonly service: Service;
  readonly world: World;
  readonly boxes: Boxes;
}

/** The ground over a store: a box is looked for among what waits, then among what was read. */
export function groundOf(session: Session, store: Store, service: Service, world: World): Ground {
  return { session, store, service, world, boxes: new Boxes((id) => findBody(store, id)) };
}

/** The newest body of an id on this device, null when it was deleted, was never here, or is lost. */
export async function findBody(store: Store, id: Bytes): Promise<Omit<Found, "id" | "box"> | null> {
  const waiting = await store.waitingFor(id);
  return waiting === null ? loggedBody(store, id) : bodyOf(store, waiting);
}

/** The body that the log has of an id, whatever waits here. */
export async function loggedBody(store: Store, id: Bytes): Promise<Omit<Found, "id" | "box"> | null> {
  const row = await store.row(id);
  return row === null ? null : bodyOf(store, row);
}

/** The body of what waits, or of a row; null when it was deleted or is lost. */
export async function bodyOf(store: Store, place: Row | Waiting): Promise<Omit<Found, "id" | "box"> | null> {
  if (!("known" in place)) return place.body === null ? null : { version: place.version, body: place.body };
  const { known } = place;
  if (known.body === null) return null;
  const body = await store.body(known.body.hash);
  return body === null ? null : { version: known.version, body };
}

/** The state, which is there from the moment that a device joined. Raises Error when the store was emptied under it. */
export async function stateOf(store: Store): Promise<State> {
  const state = await store.state();
  if (state === null) throw new Error("this device's history was erased");
  return state;
}

/** Run a step; a reason that halts is remembered before it leaves. Raises what the step raises. */
export async function halting<T>(store: Store, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const reason = halts(error);
    if (reason !== null) await store.commit({ state: { ...(await stateOf(store)), halted: reason } });
    throw error;
  }
}

/** Raises Halted when this device stopped writing. */
export async function checkWriting(store: Store): Promise<State> {
  const state = await stateOf(store);
  if (state.halted !== null) throw new Halted(state.halted);
  return state;
}
