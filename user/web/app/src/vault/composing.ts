/**
 * Composers' texts, sealed on this device: a lock or a crash loses no letter. Under the home box's keys, which every later
 * rotation still gives; nothing of it ever leaves.
 */

import { Boxes } from "@privity/history/boxes";
import { findBody } from "@privity/history/ground";
import { ascii, type Bytes, concat, readUint, uint } from "@privity/protocol/bytes";
import { sha256 } from "@privity/protocol/kdf";
import { Role } from "@privity/vault/contents/chat";
import { Kind } from "@privity/vault/contents/schema";
import { VaultError } from "@privity/vault/errors";

import type { Composer, Keeping } from "./composer.ts";
import { reply, textOf } from "./message.ts";
import type { Saved } from "./saved.ts";

const PREFIX = "composer/";
/** Characters of one sealed piece, whatever their UTF-8 takes. */
const PIECE = 200_000;
const NONCE = 12;

/** From now on what stands in composers of saved chats is kept on this device. */
export async function keepComposers(composer: Composer, saved: Saved): Promise<void> {
  await composer.keep(keepingOf(saved)).catch((error: unknown) => {
    // No home box on this device yet: until it is here, texts are held in memory.
    if (!(error instanceof VaultError)) throw error;
  });
}

/** Texts by name, sealed on this device under names that begin so. */
export function keepingOf(saved: Saved, prefix = PREFIX): Keeping {
  const boxes = (): Boxes => new Boxes((id) => findBody(saved.mirror, id));
  return {
    put: async (name, text) => {
      await saved.shelf.put([[prefix + name, text === "" ? null : await sealed(saved, boxes(), prefix + name, text)]]);
    },
    all: async () => {
      const names = await saved.shelf.names(prefix);
      const found = await Promise.all(names.map(async (full) => {
        const data = await saved.shelf.get(full);
        return [full.slice(prefix.length), data === null ? "" : await opened(saved, boxes(), full, data)] as const;
      }));
      return new Map(found.filter(([, text]) => text !== ""));
    },
  };
}

async function sealed({ account }: Saved, boxes: Boxes, name: string, text: string): Promise<Bytes> {
  const { session, place: { world } } = account;
  const home = session.identity.account;
  const pieces: Bytes[] = [];
  for (let at = 0; at < text.length; at += PIECE) {
    const content = reply(home, {
      parent: null, text: text.slice(at, at + PIECE), reasoning: "", model: null, usage: null, state: "complete", time: 0,
    });
    const id = await idOf(name, pieces.length);
    const body = await boxes.sealAtHome({ ...content, role: Role.USER }, id, session, world.random(NONCE));
    pieces.push(concat(uint(body.length, 4), body));
  }
  return concat(...pieces);
}

/** What was sealed; a text that does not open any more is none. */
async function opened({ account: { session } }: Saved, boxes: Boxes, name: string, data: Bytes): Promise<string> {
  let text = "";
  try {
    for (let at = 0, piece = 0; at + 4 <= data.length; piece += 1) {
      const size = readUint(data, at, 4);
      const content = await boxes.openAtHome(data.slice(at + 4, at + 4 + size), await idOf(name, piece), session);
      if (content.kind === Kind.NODE) text += textOf(content);
      at += 4 + size;
    }
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
  }
  return text;
}

/** The place that a piece is bound to: no composer's text opens in another one. */
async function idOf(name: string, piece: number): Promise<Bytes> {
  return (await sha256(ascii(`${name}/${String(piece)}`))).slice(0, 16);
}
