import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { destination, misleads } from "../../src/render/address.ts";
import { LONG_ADDRESS } from "../../src/render/limits.ts";

describe("where a link leads", () => {
  test("only to the web and to mail, whatever it is spelt like", () => {
    const spelt = (scheme: string): fc.Arbitrary<string> => fc.tuple(
      fc.array(fc.constantFrom("", " ", "\t", "\n", "\r", "\0", "\u0001", "\u00a0", "\ufeff"), { maxLength: 3 }),
      fc.array(fc.tuple(fc.boolean(), fc.constantFrom("", "", "", "\t", "\n", "\r")), { minLength: scheme.length,
      maxLength: scheme.length }),
      fc.string(),
    ).map(([before, letters, after]) => before.join("") + Array.from(scheme, (letter, at) => {
      const [upper, noise] = letters[at] ?? [false, ""];
      return (upper ? letter.toUpperCase() : letter) + noise;
    }).join("") + after);
    const schemes = ["javascript:", "data:text/html,", "vbscript:", "file:///", "blob:https://a.test/", "about:",
    "ftp://a.test/", "ws://a.test/"];
    fc.assert(fc.property(fc.oneof(...schemes.map(spelt), fc.webUrl(), fc.string()), (address) => {
      const found = destination(address, "");
      if (found === null) return;
      expect(found.href).toMatch(/^(?:https?:\/\/|mailto:)/);
      expect(found.host).not.toBe("");
    }), { numRuns: 400 });
    fc.assert(fc.property(fc.oneof(...schemes.map(spelt)), (address) => destination(address, "") === null), { numRuns: 400 });
  });

  test.each([
    ["https://example.org/path#part", "open", "example.org"], ["http://EXAMPLE.org:8080/", "open", "example.org:8080"],
    ["mailto:someone@example.org", "open", "someone@example.org"], ["https://xn--mnchen-3ya.de/", "open", "xn--mnchen-3ya.de"],
    ["https://münchen.de/", "open", "xn--mnchen-3ya.de"], ["https://example.org/?q=words", "ask", "example.org"],
    ["mailto:a@b.c?body=words", "ask", "a@b.c"], [`https://example.org/${"a".repeat(LONG_ADDRESS)}`, "ask", "example.org"],
  ])("%s: %s", (address, kind, host) => expect(destination(address, "")).toMatchObject({ kind, host }));

  test("a query that the person wrote is not asked about", () => {
    expect(destination("https://example.org/?q=1", "look at https://example.org/?q=1 please")).toMatchObject({ kind: "open" });
    expect(destination("https://example.org/?q=2", "look at https://example.org/?q=1 please")).toMatchObject({ kind: "ask" });
  });

  test.each(["/x", "x.md", "#a", "//a.test", "", "https://", "mailto:", "https://me:secret@a.test/",
  "https://bank.test@a.test/"])(
    "%s leads nowhere", (address) => expect(destination(address, address)).toBeNull(),
  );
});

describe("words that name another host", () => {
  test.each([
    ["bank.test", "evil.test", true], ["https://bank.test/login", "evil.test", true], ["www.bank.test", "bank.test", false],
    ["bank.test", "www.bank.test", false], ["BANK.test:443/x", "bank.test", false], ["the bank", "evil.test", false],
    ["münchen.de", "xn--mnchen-3ya.de", false],
    ["a@bank.test", "x@bank.test", false], ["see bank.test", "evil.test", false], ["file.txt", "evil.test", true],
  ])("%s → %s: %s", (words, host, expected) => expect(misleads(words, host)).toBe(expected));
});
