/** Which reader is for which file of a folder laid out like the shared `crypto` vectors. */

import type { XWing } from "../src/xwing.ts";
import type { Reader } from "./case.ts";
import { ec1 } from "./ec1.ts";
import { hpke } from "./hpke.ts";
import { blindRsa, tokens } from "./tokens.ts";
import { wycheproof } from "./wycheproof.ts";
import { xwing } from "./xwing.ts";

/** Files that are for something not built here yet, or never: the reason is printed, and they count as not run. */
const NOT_RUN: readonly (readonly [prefix: string, reason: string])[] = [
  ["tlog/", "judged by the readers of packages/tlog"],
  ["privacypass/arc-draft", "not used in version 1"],
  ["noise-optional/", "not used: EC1 is built from HPKE parts"],
];

export type Plan = { readonly read: Reader } | { readonly notRun: string } | { readonly unknown: true };

/** What to do with a file, by its path below the folder. `native` is another X-Wing to be held to the same answers. */
export function plan(path: string, native: readonly XWing[] = []): Plan {
  const read = reader(path, native);
  if (read !== undefined) return { read };
  const reason = NOT_RUN.find(([prefix]) => path.startsWith(prefix))?.[1];
  return reason === undefined ? { unknown: true } : { notRun: reason };
}

function reader(path: string, native: readonly XWing[]): Reader | undefined {
  switch (path) {
    case "project/ec1-kat.json": return ec1;
    case "xwing/draft-xwing-kem.json": return xwing(native);
    case "hpke/hpke-pq.json":
    case "hpke/rfc9180-x25519.json": return hpke;
    case "blindrsa/rfc9474.json": return blindRsa;
    case "privacypass/rfc9578-type2-go.json": return tokens;
    default: {
      const name = /^wycheproof\/(\w+)\.json$/.exec(path)?.[1];
      return name === undefined ? undefined : wycheproof(name);
    }
  }
}
