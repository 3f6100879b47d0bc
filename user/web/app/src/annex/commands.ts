/** The commands of the annex. */

import { inScript } from "@privity/vault/argon2id";
import { VaultError } from "@privity/vault/errors";
import type { Argon2id } from "@privity/vault/passphrase";

import { type AnnexAnswers, type AnnexCommands, type AnnexNews } from "../bridge/annex.ts";
import type { Handlers } from "../bridge/line.ts";
import { isSent } from "../bridge/marks.ts";
import { packed, Wanted } from "./packing.ts";
import { libraryOf, parcelOf } from "./parcel.ts";
import { look } from "./purse/round.ts";
import { NOTHING, recall } from "./recall.ts";
import { type Unpacked, unpacked } from "./unpacking.ts";

export const argon2idInScript: Argon2id = (words, cost) => Promise.resolve(inScript(words, cost));

/** `end` is called when the work is done. */
export function annexCommands(
  tell: (news: AnnexNews) => void, end: () => void, argon2id: Argon2id = argon2idInScript,
): Handlers<AnnexCommands, AnnexAnswers> {
  const wanted = new Wanted((id) => tell({ kind: "wants", id }));
  let found: Unpacked | null = null;
  return {
    stretch: async ({ words, ...cost }) => {
      const made = await argon2id(words, cost);
      words.fill(0);
      return made;
    },
    pack: ({ library, words, ...cost }) => {
      const lock = words === null ? null : { words, cost, argon2id };
      return packed(libraryOf(library), lock, (id) => wanted.get(id), (done) => tell({ kind: "written", done }));
    },
    give: ({ id, data }) => {
      wanted.given(id, data);
      return Promise.resolve(null);
    },
    unpack: async ({ data, words, key }) => {
      found = await unpacked(data, words, { key, argon2id });
      const { source, library, before, left } = found;
      return {
        source, library: parcelOf(library), before: Array.from(before, ([here, there]) => ({ here, there })),
        left: Array.from(left, ([what, count]) => ({ what, count })),
      };
    },
    attachment: ({ id }) => {
      if (found === null) return Promise.reject(new VaultError("export.malformed", "nothing was read"));
      return found.attachment(id);
    },
    tend: (facts) => look(facts),
    recall: ({ question, chat, temporary, memories }) => {
      return Promise.resolve(isSent(memories, chat, temporary) ? recall(question, memories) : NOTHING);
    },
    end: () => {
      end();
      return Promise.resolve(null);
    },
  };
}
