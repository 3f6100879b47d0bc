/** The commands that are about tokens and plans. */

import { json } from "@privity/history/http";
import { ascii } from "@privity/protocol/bytes";
import { base64urlEncode, type JsonObject } from "@privity/protocol/canonical";
import { sha256 } from "@privity/protocol/kdf";

import { Refusal } from "../bridge/line.ts";
import type { Accounts } from "./accounts.ts";
import type { VaultHandlers } from "./chat_commands.ts";
import { Purse } from "./purse.ts";

type Part = Pick<VaultHandlers, "tokens" | "allowance" | "plan">;

const ROUTES: ReadonlySet<string> = new Set(["usage", "plans", "vouchers", "checkout"]);

export function tokenCommands(accounts: Accounts): Part {
  const purse = new Purse(accounts);
  return {
    tokens: ({ meter, rid, count, fresh }) => purse.tokens(meter, rid, count, fresh),
    allowance: ({ meter }) => purse.allowance(meter),
    plan: async ({ what, content }) => {
      if (!ROUTES.has(what)) throw new Refusal("page.malformed");
      const way = accounts.account.tokens.way();
      const ask = async (method: string, body?: JsonObject, headers = {}): Promise<string> => {
        return JSON.stringify(await accounts.turn(() => json(way, method, `/v1/${what}`, body, headers)));
      };
      if (content === null) return ask("GET");
      // Whoever asks for the same again asks once.
      const key = base64urlEncode((await sha256(ascii(what + content))).slice(0, 16));
      return ask("POST", JSON.parse(content) as JsonObject, { "idempotency-key": key });
    },
  };
}
