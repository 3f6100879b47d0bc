/** Every reason code of every package has a text that says what happened, in every language. */

import { readdirSync, readFileSync } from "node:fs";

import { REASONS as ACCOUNT } from "@privity/account/errors";
import { REASONS as ATTEST } from "@privity/attest/errors";
import { REASONS as CHANNEL } from "@privity/channel/errors";
import { REASONS as PASSKEYS } from "@privity/passkeys/errors";
import { INNER_ERRORS } from "@privity/protocol/application";
import { GROUPS as LOG } from "@privity/tlog/errors";
import { REASONS as TRUST } from "@privity/trust/errors";
import { GROUPS as VAULT } from "@privity/vault/errors";
import { afterEach, beforeAll, describe, expect, test } from "vitest";

import { FILE_REASONS } from "../../src/bridge/files.ts";
import { ACTIONS, actionText, isListed, reasonText } from "../../src/text/reasons.ts";
import { allTexts, choose, LANGUAGES } from "../../src/text/text.ts";

/** The codes of a specification: the words in code marks that begin the rows of its tables. */
function specified(name: string): readonly string[] {
  const text = readFileSync(new URL(`../../../../../specs/${name}.md`, import.meta.url), "utf8");
  const found = [...text.matchAll(/`([a-z]+\.[a-z_]+)`/g)].flatMap(([, code]) => (code === undefined ? [] : [code]));
  const groups = /^(request|access|account|body|plan|passkeys|service|tokens|voucher|payments)\.(?!md$)/;
  return found.filter((code) => groups.test(code));
}

/** What the client's own code refuses with. */
function refused(): readonly string[] {
  const sources = new URL("../../src/", import.meta.url);
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  const text = files.map((name) => readFileSync(new URL(name, sources), "utf8")).join("\n");
  return [...new Set([...text.matchAll(/Refusal\("([a-z_.]+)"/g)].flatMap(([, code]) => (code === undefined ? [] : [code])))];
}

const CODES: readonly string[] = [
  ...[...ATTEST.values()].flat(), ...TRUST, ...Object.values(LOG).flat(), ...Object.values(VAULT).flat(), ...ACCOUNT, ...PASSKEYS,
  ...Object.values(INNER_ERRORS), ...FILE_REASONS, ...CHANNEL, "no_record", "bad_answer", "first_contact",
  "tokens_gone", "issuer_refused",
  ...refused(),
];

/** Before the other texts are there. */
const FIRST = reasonText("pairing.burnt").text;

beforeAll(allTexts);
afterEach(() => choose("en"));

test("what came too late for the first paint has a text before its own is there", () => {
  expect(FIRST).toContain("Nothing was deleted");
});

describe("reason codes", () => {
  test("each listed code has a text of its own or of its stage", () => {
    const unknown = reasonText("nobody.knows.this").text;
    expect(CODES.filter((code) => !isListed(code) || reasonText(code).text === unknown)).toEqual([]);
  });

  test("those of the account service have one", () => {
    const service = new Set(specified("service-api"));
    expect(service.size).toBeGreaterThan(15);
    expect([...service].filter((code) => !isListed(code))).toEqual([]);
  });

  test("an unknown one says that nothing was deleted, and can be copied", () => {
    const found = reasonText("page.TypeError", "somewhere");
    expect(found.text).toContain("Nothing was deleted");
    expect(found.actions).toEqual(["copy_details"]);
    expect(found.code).toBe("page.TypeError: somewhere");
  });

  test("a detail is kept beside the code and changes no text", () => {
    expect(reasonText("measurement_mismatch:rtmr1").text).toBe(reasonText("measurement_mismatch").text);
    expect(reasonText("measurement_mismatch:rtmr1").code).toBe("measurement_mismatch:rtmr1");
  });

  test("no text promises what nobody can", () => {
    for (const code of CODES) expect(reasonText(code).text).not.toMatch(/\b(secure|unhackable|guaranteed)\b/i);
  });

  test.each(LANGUAGES.filter((one) => one !== "en"))("each is said in %s, in other words than in English", async (language) => {
    const english = CODES.map((code) => reasonText(code).text);
    await choose(language);
    expect(CODES.filter((code, at) => reasonText(code).text === english[at])).toEqual([]);
    expect(ACTIONS.map(actionText).every((text) => text.length > 0)).toBe(true);
  });
});
