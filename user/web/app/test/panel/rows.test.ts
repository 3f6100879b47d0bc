/** The panel's texts come from the record alone; what was not checked is never shown as passed. */

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";

import type { CheckView, RecordView } from "../../src/bridge/channel.ts";
import { groupOf } from "../../src/bridge/groups.ts";
import { counts, groupsOf, headline, limits, stateLine } from "../../src/screens/panel/rows.ts";
import type { Provenance } from "../../src/state/page.ts";
import { allTexts } from "../../src/text/text.ts";

beforeAll(allTexts);

const PAGE: Provenance = { source: "server", build: "ab".repeat(32), integrity: true, logged: null };
const NOW = 1_795_600_000_000;

function check(name: string, outcome: CheckView["outcome"], reason = ""): CheckView {
  return { name, stage: "", group: groupOf(name), outcome, reason, value: "", item: "cpu" };
}

function recordOf(changes: Partial<RecordView> = {}): RecordView {
  return {
    verdict: "verified", reasons: [], release: "privity 1.4", kind: "sev_snp", time: NOW / 1000 - 240, until: NOW / 1000 + 3600,
    checks: [], measurements: [], logs: [], entry: null, route: { origin: "https://a.example", relay: null }, profile: "p1",
    roots: [], differences: [], ...changes,
  };
}

function rows(record: RecordView, page: Provenance = PAGE): ReadonlyMap<string, string> {
  return new Map(groupsOf(record, page, NOW).flatMap(({ rows: all }) => all).map((row) => [row.id, row.outcome]));
}

test("the page's own build is stated, failed or not checked, never passed: it cannot vouch for itself", () => {
  const build = { digest: "ab", reason: "", version: "1", source: "local", index: 4, newest: true };
  const row = (state: "logged" | "unlogged" | "unchecked"): string | undefined =>
    rows(recordOf(), { ...PAGE, logged: { ...build, state } }).get("logged");
  expect([row("logged"), row("unlogged"), row("unchecked")]).toEqual(["stated", "failed", "not_checked"]);
});

describe("rows", () => {
  test("every check has one row in its group, with its outcome", () => {
    const checks = [check("report_signature", "passed"), check("registers", "failed", "measurement_mismatch:rtmr1"),
      check("revocation", "not_checked", "unchecked_by_policy:no_list"), check("models_allowed", "passed")];
    const groups = groupsOf(recordOf({ checks }), PAGE, NOW);
    expect(groups.map(({ group, outcome }) => [group, outcome])).toEqual([
      ["hardware", "not_checked"], ["code", "failed"], ["model", "passed"], ["gpu", "not_checked"], ["page", "stated"],
      ["route", "stated"],
    ]);
    expect(groups[0]?.rows.map(({ why }) => why)).toEqual(["", "Left unchecked by the operator's rules: no list"]);
    expect(groups[1]?.rows[0]?.why).toBe("The enclave runs code that is not in the public log. Nothing was sent.");
  });

  test("a check that another one blocked names it in plain words", () => {
    const [group] = groupsOf(recordOf({ checks: [check("debug", "not_checked", "blocked_by:report_signature")] }), PAGE, NOW);
    expect(group?.rows[0]?.why).toBe("Could not be checked, because this came first and failed: The report is genuine");
  });

  test("whatever the record: only a passed check is shown as passed, and the groups tell the worst", () => {
    const outcome = fc.constantFrom("passed", "failed", "not_checked");
    const one = fc.record({ name: fc.constantFrom("debug", "registers", "key", "anchor", "device_root", "unheard_of"), outcome });
    fc.assert(fc.property(fc.uniqueArray(one, { selector: ({ name }) => name }), (drawn) => {
      const checks = drawn.map(({ name, outcome: found }) => check(name, found, found === "passed" ? "" : "check_missing"));
      for (const { group, outcome: shown, rows: all } of groupsOf(recordOf({ checks }), PAGE, NOW)) {
        const own = checks.filter((each) => each.group === group);
        const passed = own.filter((each) => each.outcome === "passed").map(({ name }) => `${name} cpu`);
        expect(all.filter((row) => row.outcome === "passed").map(({ id }) => id)).toEqual(passed);
        if (own.some((each) => each.outcome === "failed")) expect(shown).toBe("failed");
        else if (own.some((each) => each.outcome === "not_checked")) expect(shown).toBe("not_checked");
        expect(all.filter((row) => row.outcome === "not_checked" && row.why === "").map(({ id }) => id)).toEqual([]);
      }
    }));
  });

  test("a log that no witness saw is not checked; one that was seen says by whom", () => {
    const log = { origin: "log.example", size: 7, time: 0, witnesses: [] };
    expect(rows(recordOf({ logs: [log] })).get("log.example none")).toBe("not_checked");
    const seen = { ...log, witnesses: [{ name: "one.example", time: NOW / 1000 - 60 }] };
    expect(rows(recordOf({ logs: [seen] })).get("log.example one.example")).toBe("passed");
  });

  test("a page never vouches for itself", () => {
    for (const source of ["disk", "server"] as const) {
      const [group] = groupsOf(recordOf(), { ...PAGE, source }, NOW).filter((each) => each.group === "page");
      expect(group?.rows.some((row) => row.outcome === "passed")).toBe(false);
    }
    expect(rows(recordOf(), { ...PAGE, integrity: null }).get("integrity")).toBe("not_checked");
  });

  const routes = (relay: RecordView["route"]["relay"], page: Provenance = PAGE): readonly string[] => {
    const record = recordOf({ route: { origin: "https://a.example", relay } });
    const [route] = groupsOf(record, page, NOW).filter((each) => each.group === "route");
    expect(route?.rows.map(({ outcome }) => outcome)).not.toContain("passed");
    return route?.rows.map(({ name }) => name) ?? [];
  };

  test("without a relay, and with one on the operator's own host, nothing claims that the address is hidden", () => {
    expect(routes(null)[0]).toBe("No relay: the operator sees your address.");
    const own = routes({ url: "https://a.example:8443", hides: false });
    expect(own[0]).toBe("Address not hidden: the relay a.example:8443 is on the operator’s own host.");
    expect([...routes(null), ...own].filter((name) => name.includes("hidden from"))).toEqual([]);
  });

  test("a relay hides the address of questions, and the rest is said not to go through it", () => {
    const [way = "", direct = ""] = routes({ url: "https://relay.example", hides: true });
    expect(way).toContain("address hidden from the operator by relay.example");
    expect(direct).toContain("this page, and what an account keeps");
    expect(routes({ url: "https://relay.example", hides: true }, { ...PAGE, source: "disk" })[1]).not.toContain("this page");
  });
});

describe("headline", () => {
  test("names release, kind and time, or the refusal, and promises no more", () => {
    expect(headline(recordOf())).toMatch(/^Verified: privity 1\.4, sev_snp, /);
    expect(headline(recordOf({ verdict: "test" }))).toMatch(/^Test enclave: /);
    expect(headline(recordOf({ verdict: "refused", reasons: ["debug_enabled"] })))
      .toBe("Refused: The operator could read this enclave. Nothing was sent.");
    expect(headline(null)).toBe("Not checked yet");
  });

  test("the state line says how long ago", () => {
    expect(stateLine(recordOf(), NOW)).toBe("Verified 4 minutes ago");
    expect(stateLine(null, NOW)).toBe("Checking");
    expect(stateLine(recordOf({ verdict: "refused" }), NOW)).toBe("Sending is blocked");
  });

  test("limits are always stated; local mode takes only the page's away", () => {
    expect(limits(recordOf(), PAGE)).toHaveLength(3);
    expect(limits(recordOf(), { ...PAGE, source: "disk" })).toHaveLength(2);
    expect(limits(recordOf({ verdict: "test" }), PAGE)[0]).toContain("proves nothing");
  });

  test("counts are those of the record", () => {
    const checks = [check("debug", "passed"), check("key", "failed", "key_mismatch"), check("root", "passed")];
    expect(counts(recordOf({ checks }))).toEqual({ passed: 2, failed: 1, unchecked: 0 });
  });
});
