/** Where tokens lie: in an account's history with marks on its device, or, a guest's, in this worker's memory alone. */

import type { Access } from "@privity/history/http";
import { Boxes } from "@privity/history/boxes";
import { findBody, loggedBody } from "@privity/history/ground";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { decode, encode } from "@privity/vault/contents/kinds";
import { Kind } from "@privity/vault/contents/schema";

import type { Facts, Round } from "../bridge/tokens.ts";
import { keepingOf } from "./composing.ts";
import type { Keeping } from "./composer.ts";
import { bytesOf, type Id } from "./ids.ts";
import type { Saved } from "./saved.ts";
import type { Shelf } from "./shelf.ts";

export interface Pocket {
  readonly guest: boolean;
  readonly device: Bytes;
  /** How the service is asked for tokens. */
  readonly way: Access;
  online<T>(step: () => Promise<T>): Promise<T>;
  /** What was decided and is not done yet. */
  readonly kept: Keeping;
  /** Marks of tokens that were spent. */
  readonly marks: Pick<Shelf, "get" | "names" | "put">;
  wallets(): Promise<Facts["wallets"]>;
  write(round: Pick<Round, "write" | "remove">): Promise<void>;
}

/** An account's. */
export function savedPocket(saved: Saved): Pocket {
  const { account, mirror, shelf, homeBox } = saved;
  const { history, session } = account;
  const box = bytesOf(homeBox);
  return {
    guest: false, device: session.identity.device, way: account.tokens.way(), kept: keepingOf(saved, "purse/"), marks: shelf,
    online: (step) => saved.online(step),
    wallets: () => saved.turn(async () => {
      const boxes = new Boxes((id) => findBody(mirror, id));
      const places = mirror.inside(homeBox).filter(({ kind, fault }) => kind === Kind.WALLET && fault === null);
      const found = await Promise.all(places.map(async ({ id }) => {
        const logged = await loggedBody(mirror, id);
        const body = logged ?? await findBody(mirror, id);
        if (body === null) return [];
        const content = cbor.encode(encode(await boxes.open({ id, box, ...body }, account.session)));
        return [{ id: toHex(id), content, logged: logged !== null, waits: (await mirror.waitingFor(id)) !== null }];
      }));
      return found.flat();
    }),
    write: ({ write, remove }) => saved.change(async () => {
      for (const one of write) {
        const [id, content] = [bytesOf(one.id), decode(Kind.WALLET, cbor.decode(one.content))];
        await (mirror.knows(one.id) ? history.replace({ id, box, content }, content) : history.add(content, box, id));
      }
      await history.remove(remove.map(bytesOf));
    }),
  };
}

/** A guest's: gone with the tab. */
export function guestPocket(device: Bytes, way: Access): Pocket {
  const [wallets, marks, kept] = [new Map<Id, Bytes>(), new Map<string, Bytes | null>(), new Map<string, string>()];
  const done = Promise.resolve();
  return {
    guest: true, device, way,
    online: (step) => step(),
    kept: {
      put: (name, text) => {
        kept.set(name, text);
        return done;
      },
      all: () => Promise.resolve(kept),
    },
    marks: {
      get: (name) => Promise.resolve(marks.get(name) ?? null),
      names: (beginning) => Promise.resolve([...marks.keys()].filter((one) => one.startsWith(beginning))),
      put: (pieces) => {
        for (const [name, data] of pieces) marks.set(name, data);
        return done;
      },
    },
    wallets: () => Promise.resolve(Array.from(wallets, ([id, content]) => ({ id, content, logged: true, waits: false }))),
    write: ({ write }) => {
      for (const { id, content } of write) wallets.set(id, content);
      return done;
    },
  };
}
