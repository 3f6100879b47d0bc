/** Where a server keeps accounts, and what its tokens answer: by the operator's own word, never a relay's. */

import { patient } from "@privity/channel/ground";
import { DOCUMENT_SECONDS } from "@privity/channel/sdk";
import { type Bytes } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { challenge } from "@privity/protocol/token";
import { decode, MAX_WELL_KNOWN } from "@privity/trust/discovery";
import { get } from "@privity/trust/http";

import { type Counting, gone } from "./purse.ts";

const ORIGIN = /^https?:\/\/[A-Za-z0-9.:[\]-]{1,250}$/;

export interface Home {
  /** The origin of the account service. */
  readonly account: string;
  /** What tokens answer. */
  readonly challenge: Bytes;
}

/** Ask the operator. Raises WalletError `tokens_gone` where nobody can draw, and what reaching the server raises. */
export async function homeOf({ origin, ground }: Counting): Promise<Home> {
  const data = await get(patient(ground, DOCUMENT_SECONDS), `${origin}/.well-known/privity`, MAX_WELL_KNOWN);
  const { run } = decode(data);
  const said = canonical.decode(data, MAX_WELL_KNOWN);
  const told = said !== null && typeof said === "object" && "account" in said ? said["account"] : null;
  if (told === null) throw gone(ground.clock(), "This server keeps no accounts and gives guests none.");
  const account = new URL(canonical.text(told, "well-known.account", 260, ORIGIN));
  return { account: account.origin, challenge: challenge(account.host, new URL(run).host) };
}
