/**
 * The accounts of this browser as this worker uses them: their stores are held in memory too, and the network is asked
 * outside of a turn.
 */

import type { Place } from "@privity/account/place";
import { MAX_ANSWER } from "@privity/history/http";
import { type Bytes, concat, toHex } from "@privity/protocol/bytes";

import type { Edges } from "./edges.ts";
import type { Id } from "./ids.ts";
import { Turns } from "./locks.ts";
import { Mirror } from "./mirror.ts";
import type { Shelf } from "./shelf.ts";

const TURN = "privity-store";
const NO_CONTENT = 204;

interface Room {
  readonly mirror: Mirror;
  readonly shelf: Shelf;
}

export class Premises {
  /** For what is asked without a turn: whatever touches no account that is open here. */
  readonly outside: Place;
  /** For everything that an open account does. Only in a turn. */
  readonly inside: Place;
  readonly turns: Turns;
  readonly #edges: Edges;
  readonly #rooms = new Map<Id, Room>();

  private constructor(edges: Edges, outside: Place) {
    this.#edges = edges;
    this.outside = outside;
    this.turns = new Turns(edges.locks, TURN);
    this.turns.begin = async () => {
      for (const { mirror } of this.#rooms.values()) await mirror.fresh();
    };
    this.inside = {
      origin: outside.origin, world: outside.world, devices: outside.devices, argon2id: outside.argon2id,
      fetch: (address, options) => isAccess(address)
        ? outside.fetch(address, options)
        : this.turns.outside(async () => whole(await outside.fetch(address, options))),
      store: async (account) => (await this.#room(account)).mirror,
      forget: (account) => this.#forget(account),
    };
  }

  static async at(edges: Edges, origin: string): Promise<Premises> {
    return new Premises(edges, await edges.place(origin));
  }

  /** Store and shelf of an account. */
  room(account: Bytes): Promise<Room> {
    return this.#room(account);
  }

  async #room(account: Bytes): Promise<Room> {
    const id = toHex(account);
    const found = this.#rooms.get(id);
    if (found !== undefined) return found;
    const shelf = await this.#edges.shelf(account);
    const mirror = new Mirror(await this.outside.store(account), shelf);
    await mirror.fresh();
    const room = { mirror, shelf };
    this.#rooms.set(id, room);
    return room;
  }

  /** Whether the account's storage is open here; it is not once it was erased. */
  holds(account: Bytes): boolean {
    return this.#rooms.has(toHex(account));
  }

  /** Let go of an account's storage, which another tab is erasing. */
  leave(account: Bytes): void {
    this.#rooms.get(toHex(account))?.shelf.close();
    this.#rooms.delete(toHex(account));
  }

  async #forget(account: Bytes): Promise<void> {
    this.leave(account);
    await this.#edges.eraseShelf(account);
    await this.outside.forget(account);
  }
}

/**
 * Whether a token is asked for. All who need one wait for the same answer, so nobody may wait for a turn behind it:
 * `Saved.online` asks before the turn begins.
 */
function isAccess(address: string): boolean {
  return new URL(address).pathname.startsWith("/v1/access");
}

/** An answer whose body is here: while a server takes its time with it, nobody waits for a turn. */
async function whole(response: Response): Promise<Response> {
  if (response.body === null) return response;
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    // One byte too many tells whoever reads it that the answer is too long.
    if (size > MAX_ANSWER) {
      await reader.cancel();
      break;
    }
  }
  // A status that says "nothing follows" admits no body, not even an empty one.
  const body = response.status === NO_CONTENT ? null : concat(...parts);
  return new Response(body, { status: response.status, headers: response.headers });
}
