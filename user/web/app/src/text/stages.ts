/** What is known of reasons that need no text on the first screen: their entries, and stages of the appraisal. */

import { REASONS } from "@privity/attest/errors";

import type { Action, Row } from "./reasons.ts";

const CHECK: readonly Action[] = ["check_again", "details"];
const CONVICTING: readonly Action[] = ["save_evidence", "details"];
const AGAIN: readonly Action[] = ["try_again"];

export const LATE: readonly Row[] = [
  ["not_logged", ["details", "save_evidence"], "release_not_logged release_unknown measurement_mismatch"],
  ["withdrawn", ["details", "save_evidence"], "release_revoked"],
  ["debug", ["details"], "debug_enabled"],
  ["split_view", CONVICTING,
    "view_conflict anchor_conflict checkpoint_rollback split_view consistency leaf_rolled_back inclusion"],
  ["log_unbelieved", CHECK,
    "note_malformed key_malformed checkpoint_malformed cosignature_malformed proof_malformed tile_malformed log_too_large "
    + "log_unknown log_signature witness_signature witness_quorum leaf_missing leaf_repeated appraisal_policy log_unreadable "
    + "memory_unusable pin_unusable"],
  ["no_quorum", ["details"], "no_quorum"],
  ["held_back", ["details"], "held_back release_not_yet_valid"],
  ["auditor", ["details"], "auditor_missing"],
  ["cut", ["try_again", "keep"], "answer_cut answer_gone resume_gone"],
  ["engine", ["try_again", "other_model"], "internal model_unavailable"],
  ["busy", AGAIN, "busy overloaded"],
  ["slow_down", AGAIN, "slow_down request.too_many"],
  ["too_large", ["details"], "too_large chain_exhausted request.too_large"],
  ["bad_request", ["details"], "bad_request"],
  ["rules", ["details"], "policy"],
  ["session", AGAIN, "session_refused"],
  ["token", AGAIN, "token_invalid token_spent token_expired"],
  ["tokens_daily", ["plans"], "tokens_gone tokens.daily plan.tokens"],
  ["issuer_refused", ["check_again", "details"], "issuer_refused"],
  ["tokens_off", AGAIN, "tokens"],
  ["opener_wrong", ["try_again", "another_way"], "opener.wrong_key"],
  ["opener_unstable", ["seven_words"], "opener.unstable"],
  ["no_prf", ["seven_words", "link_device"], "passkey.unsupported passkey.opens_nothing"],
  ["opener", ["try_again", "another_way"], "opener device.absent"],
  ["cancelled", AGAIN, "passkey.cancelled"],
  ["passkey_known", ["details"], "passkey.known passkeys.known"],
  ["passkey", ["try_again", "another_way"], "passkey passkeys"],
  ["passkeys_last", ["details"], "passkeys.last"],
  ["recovery_mistyped", AGAIN, "recovery.mistyped"],
  ["recovery", AGAIN, "recovery"],
  ["words", AGAIN, "passphrase"],
  ["ceremony_differs", AGAIN, "ceremony"],
  ["account_closed", ["details"], "account.closed"],
  ["account_too_many", ["details"], "account.too_many"],
  ["access", ["link_device", "export"], "access.required access.refused"],
  ["access_fresh", ["prove"], "access.scope access.stale"],
  ["expired_step", AGAIN, "access.expired"],
  ["moved", AGAIN, "keyring.moved log.moved body.absent body.hash body.malformed body.staged keyring.invalid"],
  ["log_history", ["compare", "export", "repair"], "log page.malformed"],
  ["keyring", ["details", "export"], "keyring"],
  ["object_missing", ["find_elsewhere", "hide"], "object.missing"],
  ["object_swapped", ["try_again", "details"], "object.swapped"],
  ["object_large", ["export"], "object.too_large"],
  ["object", ["details", "hide"], "object"],
  ["active_chats", ["archive_oldest", "plans"], "plan.active_chats"],
  ["plan_bytes", ["plans", "export"], "plan.bytes"],
  ["service_busy", AGAIN, "service.busy"],
  ["file_too_large", [], "file.too_large"],
  ["file_type", [], "file.type"],
  ["file_damaged", [], "file.damaged"],
  ["file_encrypted", [], "file.encrypted"],
  ["file_no_text", [], "file.no_text"],
  ["file_timeout", AGAIN, "file.timeout"],
  ["account_known", [], "account.known"],
  ["gone", [],
    "chat.unknown message.unknown answer.unknown file.unknown evidence.unknown home.unknown offer.unknown"],
  ["temporary", [], "chat.temporary"],
  ["empty", [], "message.empty"],
  ["share_empty", [], "share.empty"],
  ["opener_needed", [], "opener.needed"],
  ["page_order", [], "page.order page.started page.unstarted page.command"],
  ["voucher_unknown", [], "voucher.unknown"],
  ["voucher_used", [], "voucher.used"],
  ["voucher_malformed", [], "voucher"],
  ["plan_running", [], "plan.running"],
  ["payments_off", [], "payments.off"],
  ["pairing_changed", ["details"], "pairing.card_changed pairing.foreign pairing.commitment"],
  ["pairing_expired", ["try_again"], "pairing.expired pairing.unknown"],
  ["pairing_burnt", ["try_again"], "pairing.burnt"],
  ["pairing", ["try_again"], "pairing"],
  ["relay_away", ["try_again"], "relay.unreachable"],
  ["relay_bypassed", ["details"], "relay_bypassed"],
  ["relay_guest", ["details"], "relay.guest"],
  ["share_service", ["try_again"], "share.taken share.too_many share.expiry"],
  ["share", ["details"], "share"],
  ["export_wrong", ["try_again"], "export.wrong_key"],
  ["export", ["details"], "export"],
];

/** In which stage of the appraisal each of its reasons arises. */
export const STAGE_OF: ReadonlyMap<string, string> = new Map([...REASONS].flatMap(([stage, codes]) => {
  return codes.map((code): [string, string] => [code, stage]);
}));
