/** What the panel shows, computed from the appraisal record and the logs alone. Nothing is claimed that no check stands for. */

import { STAGES } from "@privity/attest/errors";
import { usualProfile, type VerifiedNode } from "@privity/channel/nodes";
import { type Bytes, fromHex } from "@privity/protocol/bytes";
import { type Json, type JsonObject } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";
import * as evidence from "@privity/protocol/evidence";
import { TlogError } from "@privity/tlog/errors";
import { type Head } from "@privity/tlog/head";
import * as proof from "@privity/tlog/proof";
import { type Standing } from "@privity/trust/standing";

import type { CheckView, LogView, Outcome, RecordView, RelayView } from "../bridge/channel.ts";
import { groupOf } from "../bridge/groups.ts";
import type { Change } from "./changes.ts";
import type { PinOrigin } from "./pin.ts";

/** What was judged: a record, the bundle that it is of, and the node that it established, null when it was refused. */
export interface Judged {
  readonly record: JsonObject;
  readonly bundle: Bytes;
  readonly node: VerifiedNode | null;
}

/** What is known beside the record. `route` is the origin of the channel, `relay` what stands before it. */
export interface Around {
  readonly standing: Standing | null;
  readonly pinOrigin: PinOrigin | null;
  readonly route: string;
  readonly relay: RelayView | null;
  readonly changes: readonly Change[];
  readonly now: number;
}

/** Checks to the claim that they are about. */
const VALUE_OF: ReadonlyMap<string, string> = new Map([
  ["kind", "kind"], ["platform_listed", "platform"], ["platform_bound", "platform"], ["release_form", "release"],
  ["release_logged", "release_leaf"], ["release_allowed", "release"], ["release_bound", "release_leaf"],
  ["configuration_allowed", "configuration"], ["configuration_bound", "configuration"], ["models_allowed", "models"],
  ["models_bound", "models"], ["deployment", "deployment"], ["egress", "egress"], ["key_window", "expires"],
  ["node_document", "key"], ["root", "offered_root"],
]);
/** Hexadecimal characters from which a value counts as a measurement. */
const DIGEST = /^[0-9a-f]{64,}$/;

/** The view of a record that was made. */
export function viewOf({ record, bundle, node }: Judged, around: Around): RecordView {
  const claims = members(record["claims"]);
  const verdict = node === null ? "refused" : node.simulated ? "test" : "verified";
  return {
    verdict,
    reasons: texts(record["reasons"]),
    release: text(claim(claims, "release")),
    kind: text(claim(claims, "kind")),
    time: number(record["appraised_at"]),
    until: node?.validUntil ?? 0,
    checks: [...list(record["checks"]).map((one) => checkOf(members(one), claims)), ...pinCheck(around.pinOrigin)],
    measurements: measurementsOf(claims),
    logs: logsOf(around.standing),
    entry: entryOf(bundle, around.standing),
    route: { origin: around.route, relay: around.relay },
    profile: node === null ? "p1" : usualProfile(node),
    roots: rootsOf(claims, around.standing),
    differences: around.changes,
  };
}

/** The view where there is no record: the logs, or the server's own words, were not believed, for `reason`. */
export function unbelieved(reason: string, around: Around): RecordView {
  return {
    verdict: "refused", reasons: [reason], release: "", kind: "", time: around.now, until: 0,
    checks: pinCheck(around.pinOrigin), measurements: [], logs: logsOf(around.standing), entry: null,
    route: { origin: around.route, relay: around.relay }, profile: "p1", roots: [], differences: [],
  };
}

/** The release leaf that a bundle brings, null when it brings none. */
export function releaseOf(bundle: Bytes): Bytes | null {
  return itemOf(bundle, "release");
}

/** Nobody else named the logs that count here: no check of theirs says more than the server does. */
function pinCheck(origin: PinOrigin | null): readonly CheckView[] {
  const row = { name: "log_policy", stage: STAGES[0] ?? "", group: "log", value: "", item: "" } as const;
  if (origin === null) return [];
  if (origin === "given") return [{ ...row, outcome: "passed", reason: "" }];
  return [{ ...row, outcome: "not_checked", reason: "first_contact" }];
}

function checkOf(check: JsonObject, claims: JsonObject): CheckView {
  const name = text(check["check"]);
  const outcome: Outcome = check["outcome"] === "passed" || check["outcome"] === "failed" ? check["outcome"] : "not_checked";
  const about = VALUE_OF.get(name);
  return {
    name,
    stage: STAGES[number(check["stage"])] ?? "",
    group: groupOf(name),
    outcome,
    reason: texts(check["reasons"])[0] ?? "",
    value: about === undefined ? "" : text(claim(claims, about)),
    item: text(check["item"]),
  };
}

/** Every digest among the claims, the parts of one with a name each. */
function measurementsOf(claims: JsonObject): RecordView["measurements"] {
  return Object.keys(claims).sort().flatMap((name) => {
    const value = claim(claims, name);
    if (!isObject(value)) return measurement(name, value);
    return Object.entries(value).flatMap(([part, one]) => measurement(`${name}.${part}`, one));
  });
}

function measurement(name: string, value: Json): RecordView["measurements"] {
  return typeof value === "string" && DIGEST.test(value) ? [{ name, value }] : [];
}

function logsOf(standing: Standing | null): readonly LogView[] {
  if (standing === null) return [];
  return [standing.posted.releaseHead, standing.posted.keysHead].map(logOf);
}

function logOf({ checkpoint: { origin, size }, time, witnesses }: Head): LogView {
  return { origin, size, time: time ?? 0, witnesses: [...witnesses].map(([name, seen]) => ({ name, time: seen })) };
}

/** The place of the bundle's release in the log, as its own proof says; the check `release_logged` judges it. */
function entryOf(bundle: Bytes, standing: Standing | null): RecordView["entry"] {
  const item = itemOf(bundle, "release-proof");
  if (item === null || standing === null) return null;
  try {
    return { origin: standing.pin.release, index: proof.decode(item).index };
  } catch (error) {
    if (error instanceof TlogError) return null;
    throw error;
  }
}

/** The development root that is offered, where the operator's logged policy names it; another one is no matter of consent. */
function rootsOf(claims: JsonObject, standing: Standing | null): readonly string[] {
  const offered = text(claim(claims, "offered_root"));
  return fromHex(offered)?.length === 32 && standing?.policy.trust_anchors.simulated.includes(offered) === true ? [offered] : [];
}

function itemOf(bundle: Bytes, label: string): Bytes | null {
  try {
    return evidence.decode(bundle).items.get(label)?.data ?? null;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

function claim(claims: JsonObject, name: string): Json {
  return members(claims[name])["value"] ?? null;
}

function members(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== undefined && value !== null && typeof value === "object" && !Array.isArray(value);
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value as readonly Json[] : [];
}

function texts(value: Json | undefined): readonly string[] {
  return list(value).filter((one) => typeof one === "string");
}

/** A value as people read it; lists in one line, nothing of an object. */
function text(value: Json | undefined): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return texts(value).join(", ");
}

function number(value: Json | undefined): number {
  return typeof value === "number" ? value : 0;
}

