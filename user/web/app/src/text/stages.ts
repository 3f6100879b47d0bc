/** In which stage of the appraisal each of its reasons arises. */

import { REASONS } from "@privity/attest/errors";

export const STAGE_OF: ReadonlyMap<string, string> = new Map([...REASONS].flatMap(([stage, codes]) => {
  return codes.map((code): [string, string] => [code, stage]);
}));
