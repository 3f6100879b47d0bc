/**
 * Reason codes as people read them: what happened, what is safe, what to do. Source: web-client design, section 7.
 *
 * A code is looked up as it is, then by the words before each of its dots, then by its stage in the appraisal. Whatever is
 * left is "unexpected", which also says that nothing was deleted. A test demands that no listed code ends there.
 */

import { isKey, type Key, lateRows, stageOf, t } from "./text.ts";

export const ACTIONS = [
  "check_again", "details", "save_evidence", "try_again", "another_way", "seven_words", "link_device", "compare", "export",
  "repair", "find_elsewhere", "hide", "archive_oldest", "plans", "keep", "other_model", "free_space", "copy_details", "agree",
  "prove",
] as const;
export type Action = (typeof ACTIONS)[number];

interface Entry {
  readonly text: string;
  readonly actions: readonly Action[];
}

export interface ReasonText {
  readonly text: string;
  readonly actions: readonly Action[];
  /** The code with its detail, for those who look closer. */
  readonly code: string;
}

/** Entry, what can be done, the codes that it speaks for. */
export type Row = readonly [text: string, actions: readonly Action[], codes: string];

const CHECK: readonly Action[] = ["check_again", "details"];
const AGAIN: readonly Action[] = ["try_again"];

/** Of what may fail on the first screen; the others come with their texts (`stages.ts`). */
const LISTED: readonly Row[] = [
  ["outdated", CHECK,
    "evidence_stale collateral_expired collateral_too_old release_proof_stale anchor_unknown key_expired checkpoint_stale "
    + "checkpoint_from_the_future log_outdated crl_expired ocsp_expired certificate_expired"],
  ["simulated", ["agree", "details"], "simulated simulated_not_allowed development_root"],
  ["not_pinned", ["details"], "not_pinned"],
  ["first_contact", ["details"], "first_contact"],
  ["no_record", ["check_again"], "no_record"],
  ["no_node", ["check_again", "other_model"], "no_node refused"],
  ["unreachable", AGAIN, "unreachable service.unreachable"],
  ["not_privity", AGAIN, "not_privity request.unknown request.method"],
  ["bad_answer", AGAIN, "too_much bad_answer request.malformed request.key_reused"],
  ["service", AGAIN, "service"],
  ["storage_full", ["export", "free_space"], "page.QuotaExceededError storage.full"],
  ["storage", ["details"], "storage page.SecurityError"],
  ["locked", [], "page.locked account.locked"],
  ["page_part", AGAIN, "page.annex page.worker page.not_loaded"],
];

const BY_CODE = byCode(LISTED);
let late: ReadonlyMap<string, Entry> | null = null;

function byCode(rows: readonly Row[]): ReadonlyMap<string, Entry> {
  return new Map(rows.flatMap(([text, actions, codes]) => {
    return codes.split(" ").map((code): [string, Entry] => [code, { text, actions }]);
  }));
}

/** What a person reads of `reason`, which is `code` or `code:detail`. */
export function reasonText(reason: string, detail = ""): ReasonText {
  const [code = ""] = reason.split(":");
  const shown = detail === "" ? reason : `${reason}: ${detail}`;
  const found = entryOf(code);
  if (found !== undefined) return { text: textOf(`states.reason.${found.text}`), actions: found.actions, code: shown };
  const stage = stageOf(code);
  if (stage === undefined) return { text: t("states.reason.unknown"), actions: ["copy_details"], code: shown };
  const why = textOf(`states.stage.${stage}`);
  return { text: t("states.reason.other_refusal", { reason: why }), actions: CHECK, code: shown };
}

/** Whether a code has a text of its own, or of its stage. */
export function isListed(code: string): boolean {
  return entryOf(code) !== undefined || stageOf(code) !== undefined;
}

/** What an action is called. */
export function actionText(action: Action): string {
  return t(keyOf(`states.action.${action}`));
}

function entryOf(code: string): Entry | undefined {
  if (late === null && lateRows().length > 0) late = byCode(lateRows());
  const found = BY_CODE.get(code) ?? late?.get(code);
  const dot = code.lastIndexOf(".");
  return found ?? (dot < 0 ? undefined : entryOf(code.slice(0, dot)));
}

/** Most texts come after the first paint (`allTexts`); until then something unexpected happened, and the code says what. */
function textOf(key: string): string {
  return isKey(key) ? t(key) : t("states.reason.unknown");
}

function keyOf(key: string): Key {
  if (!isKey(key)) throw new Error(`no text ${key}`);
  return key;
}
