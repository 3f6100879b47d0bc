/** What the service allows an account, and how much of it is used. */

import { integer, json, members } from "@privity/history/http";
import type { Json } from "@privity/protocol/canonical";

import type { Saved, Usage } from "./saved.ts";

/** Ask the service. In no turn. Raises ServiceError. */
export async function usageOf(saved: Saved): Promise<Usage> {
  const { account } = saved;
  const answer = await saved.online(() => json(account.tokens.way(), "GET", "/v1/usage"));
  const limits = members(answer["limits"]);
  return { activeLimit: limitOf(limits["active_chats"]), bytes: integer(answer["bytes"]), bytesLimit: limitOf(limits["bytes"]) };
}

function limitOf(value: Json | undefined): number | null {
  return value === null || value === undefined ? null : integer(value);
}
