/** What is known of reasons that need no text on the first screen: their entries, and stages of the appraisal. */

import { REASONS } from "@privity/attest/errors";

import type { Row } from "./reasons.ts";

export const LATE: readonly Row[] = [
  ["voucher_unknown", [], "voucher.unknown"],
  ["voucher_used", [], "voucher.used"],
  ["voucher_malformed", [], "voucher"],
  ["plan_running", [], "plan.running"],
  ["payments_off", [], "payments.off"],
  ["pairing_changed", ["details"], "pairing.card_changed pairing.foreign pairing.commitment"],
  ["pairing_expired", ["try_again"], "pairing.expired pairing.unknown"],
  ["pairing_burnt", ["try_again"], "pairing.burnt"],
  ["pairing", ["try_again"], "pairing"],
  ["share_service", ["try_again"], "share.taken share.too_many share.expiry"],
  ["share", ["details"], "share"],
  ["export_wrong", ["try_again"], "export.wrong_key"],
  ["export", ["details"], "export"],
];

/** In which stage of the appraisal each of its reasons arises. */
export const STAGE_OF: ReadonlyMap<string, string> = new Map([...REASONS].flatMap(([stage, codes]) => {
  return codes.map((code): [string, string] => [code, stage]);
}));
