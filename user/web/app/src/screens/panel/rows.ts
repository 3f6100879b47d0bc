/**
 * What the verification panel says, computed from the record alone: nothing is claimed that no check stands for.
 *
 * "Not checked" is never shown as passed, and has its reason.
 */

import type { BuildView, CheckView, Outcome, RecordView, RelayView } from "../../bridge/channel.ts";
import type { Group } from "../../bridge/groups.ts";
import type { Provenance } from "../../state/page.ts";
import { distance, isKey, moment, t } from "../../text/text.ts";
import { reasonText } from "../../text/reasons.ts";

/** "stated" is what nobody can check from here: it is neither passed nor failed, and never green. */
export type Shown = Outcome | "stated";

export interface Row {
  readonly id: string;
  readonly name: string;
  readonly outcome: Shown;
  readonly value: string;
  /** Which item of the evidence it was read from, "" when it is none. */
  readonly source: string;
  /** Why it failed or was not checked, "" when it passed. */
  readonly why: string;
  readonly code: string;
}

export interface Grouped {
  readonly group: Group;
  readonly title: string;
  readonly rows: readonly Row[];
  /** The worst outcome among its rows. */
  readonly outcome: Shown;
  /** How many passed, where others were not checked; "" where one word says it all. */
  readonly summary: string;
}

export const GROUPS: readonly Group[] = ["hardware", "code", "model", "key", "gpu", "log", "page", "route"];
const WORST: readonly Shown[] = ["failed", "not_checked", "stated", "passed"];
/** Reasons of a check that was not made. */
const UNCHECKED = { not_applicable: "not_applicable", unchecked_by_policy: "by_policy", blocked_by: "blocked_by" } as const;

/** All groups in their order; one without rows is left out, but for the graphics processors, whose absence is said. */
export function groupsOf(record: RecordView, page: Provenance, now: number): readonly Grouped[] {
  const own: Readonly<Partial<Record<Group, readonly Row[]>>> = {
    log: logRows(record, now), page: pageRows(page), route: routeRows(record, page),
  };
  return GROUPS.flatMap((group) => {
    const checks = record.checks.filter((one) => one.group === group).map(rowOf);
    const rows = [...checks, ...(own[group] ?? [])];
    if (rows.length === 0 && group !== "gpu") return [];
    return [{ group, title: t(`panel.group.${group}`), rows, outcome: worst(rows), summary: summaryOf(rows) }];
  });
}

/** How many checks of the record passed, failed, and were not made. */
export function counts({ checks }: RecordView): { readonly passed: number; readonly failed: number; readonly unchecked: number } {
  const of = (outcome: Outcome): number => checks.filter((one) => one.outcome === outcome).length;
  return { passed: of("passed"), failed: of("failed"), unchecked: of("not_checked") };
}

/** The first line: what was verified, or why it was refused. It never says "secure". */
export function headline(record: RecordView | null): string {
  if (record === null) return t("panel.headline.none");
  const { verdict, release, kind, time, reasons } = record;
  const when = moment(time * 1000, "full");
  if (verdict === "refused") return t("panel.headline.refused", { reason: reasonText(reasons[0] ?? "refused").text });
  return verdict === "test" ? t("panel.headline.test", { release, time: when })
    : t("panel.headline.verified", { release, kind, time: when });
}

/** The short form beside the composer. */
export function stateLine(record: RecordView | null, now: number): string {
  if (record === null) return t("panel.state.none");
  if (record.verdict === "refused") return t("panel.state.refused");
  if (record.verdict === "test") return t("panel.state.test");
  return t("panel.state.verified", { ago: distance(record.time * 1000, now) });
}

/** What no evidence can prove, for this record. */
export function limits(record: RecordView, page: Provenance): readonly string[] {
  const hardware = record.verdict === "test" ? t("panel.limits.test") : t("panel.limits.physical");
  return [hardware, t("panel.limits.side"), ...(page.source === "disk" ? [] : [t("panel.limits.page")])];
}

/** A check by its plain name. */
export function checkName(name: string): string {
  const key = `panel.check.${name}`;
  return isKey(key) ? t(key) : name.replaceAll("_", " ");
}

/** What changed between two releases, by its plain name. */
export function changeName(what: string): string {
  const key = `panel.difference.${what}`;
  return isKey(key) ? t(key) : what;
}

/** Why a check was not made, or what it found. */
export function whyOf(reason: string): string {
  const [code = "", ...more] = reason.split(":");
  const detail = more.join(":");
  if (!(code in UNCHECKED)) return reasonText(code).text;
  const name = UNCHECKED[code as keyof typeof UNCHECKED];
  const words = code === "blocked_by" ? checkName(detail) : detail.replaceAll("_", " ");
  return t(`panel.unchecked.${name}`, { detail: words });
}

function rowOf({ name, item, outcome, reason, value }: CheckView): Row {
  const why = outcome === "passed" ? "" : whyOf(reason);
  return { id: `${name} ${item}`, name: checkName(name), outcome, value, source: item, why, code: reason };
}

function stated(id: string, name: string, value = ""): Row {
  return { id, name, outcome: "stated", value, source: "", why: "", code: "" };
}

function logRows({ logs, entry }: RecordView, now: number): readonly Row[] {
  const rows = logs.flatMap(({ origin, size, witnesses }) => {
    const head: Row = { ...stated(origin, t("panel.log.size", { origin, count: size })), outcome: "passed" };
    const seen = witnesses.map(({ name, time }): Row => {
      const ago = distance(time * 1000, now);
      return { ...stated(`${origin} ${name}`, t("panel.log.witness", { name, ago })), outcome: "passed" };
    });
    const none: Row = { ...stated(`${origin} none`, t("panel.log.no_witness")), outcome: "not_checked" };
    return [head, ...(seen.length === 0 ? [none] : seen)];
  });
  if (entry === null) return rows;
  const { origin, index } = entry;
  return [...rows, { ...stated("entry", t("panel.log.entry", { origin, index })), outcome: "passed" }];
}

function pageRows({ source, build, integrity, logged }: Provenance): readonly Row[] {
  const from = stated("source", t(source === "disk" ? "panel.page.disk" : "panel.page.server"));
  const hash = build === null ? [] : [stated("build", t("panel.page.build", { hash: build.slice(0, 16) }), build)];
  const enforced: Row = integrity === true ? stated("integrity", t("panel.page.integrity"))
    : { ...stated("integrity", t("panel.page.no_integrity")), outcome: "not_checked" };
  return [from, ...hash, ...(logged === null ? [] : [buildRow(logged)]), enforced];
}

/** What the page says of its own build; that it is logged is stated, never passed: a page cannot vouch for itself. */
function buildRow({ state, index, version, source, newest }: BuildView): Row {
  if (state === "unlogged") return { ...stated("logged", t("panel.page.unlogged")), outcome: "failed" };
  if (state === "unchecked" || index === null) return { ...stated("logged", t("panel.page.unchecked")), outcome: "not_checked" };
  return stated("logged", t(newest ? "panel.page.logged" : "panel.page.older", { version, index }), source);
}

function routeRows({ route: { relay }, profile }: RecordView, { source }: Provenance): readonly Row[] {
  const key = `panel.route.profile.${profile}`;
  return [...wayRows(relay, source), ...(isKey(key) ? [stated("profile", t(key))] : [])];
}

/** Who sees the address: stated, never passed. Of a page that the service sent, and of an account, the operator sees it. */
function wayRows(relay: RelayView | null, source: Provenance["source"]): readonly Row[] {
  if (relay === null) return [stated("route", t("panel.route.none"))];
  const { host } = new URL(relay.url);
  if (!relay.hides) return [stated("route", t("panel.route.same_host", { relay: host }))];
  const hidden = stated("route", t("panel.route.relay", { relay: host }), relay.url);
  return [hidden, stated("direct", t(`panel.route.direct.${source}`))];
}

function summaryOf(rows: readonly Row[]): string {
  const of = (outcome: Shown): number => rows.filter((row) => row.outcome === outcome).length;
  const [passed, unchecked] = [of("passed"), of("not_checked")];
  return passed === 0 || unchecked === 0 || of("failed") > 0 ? "" : t("panel.summary", { passed, unchecked });
}

function worst(rows: readonly Row[]): Shown {
  return WORST.find((outcome) => rows.some((row) => row.outcome === outcome)) ?? "not_checked";
}
