/** The style sheets keep to the design: contrast, one place for colours and type, logical properties, nothing that shines. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

const STYLE = join(import.meta.dirname, "../../src/style");
const sheets = new Map(readdirSync(STYLE).filter((name) => name.endsWith(".css"))
  .map((name) => [name, readFileSync(join(STYLE, name), "utf8").replace(/\/\*[^]*?\*\//g, "")]));
/** KaTeX's own, taken over as it is. */
const OURS = [...sheets].filter(([name]) => name !== "formula.css");
const SIDES = "left|right|top|bottom";
const EDGES = `(?:margin|padding|border)-(?:${SIDES})(?:-\\w+)?`;
const PHYSICAL = new RegExp(`^(?:${EDGES}|${SIDES}|float|(?:m\\w\\w-)?(?:width|height))$`);
const tokens = sheets.get("tokens.css") ?? "";

function colours(block: string): ReadonlyMap<string, string> {
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = "", value = ""]) => [name, value]));
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((left, right) => left - right);
  return (light + 0.05) / (dark + 0.05);
}

const light = colours(tokens.slice(0, tokens.indexOf("[data-theme")));
const dark = colours(tokens.slice(tokens.indexOf("[data-theme")));

describe.each([["light", light], ["dark", dark]] as const)("%s", (_name, theme) => {
  const of = (name: string): string => theme.get(name) ?? "#000000";

  test("has the colours of the design", () => {
    const names = ["paper", "raised", "ink", "soft", "hairline", "accent", "warn", "bad", "control"];
    expect([...theme.keys()]).toEqual(expect.arrayContaining(names));
  });

  test.each(["ink", "soft", "accent", "warn", "bad"])("%s is read on paper and on what is raised", (name) => {
    for (const ground of ["paper", "raised"]) expect(contrast(of(name), of(ground))).toBeGreaterThan(5.6);
  });

  test("controls are seen, and words on the accent are read", () => {
    for (const ground of ["paper", "raised"]) expect(contrast(of("control"), of(ground))).toBeGreaterThanOrEqual(3);
    expect(contrast(of("on-accent"), of("accent"))).toBeGreaterThan(4.5);
  });
});

describe.each(OURS)("%s", (name, css) => {
  test("has no colour and no size of type of its own", () => {
    if (name === "tokens.css") return;
    expect(css.match(/#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(|\boklch\(/gi) ?? []).toEqual([]);
    expect(css.match(/font-size:\s*[\d.]+px|font:[^;]*\d+px/g) ?? []).toEqual([]);
  });

  test("has logical properties, so that it can be turned round", () => {
    const rules = css.replace(/@media[^{]*|@container[^{]*/g, "");
    const names = [...rules.matchAll(/(?:^|[\s;{])([a-z-]+)\s*:/g)].map(([, property = ""]) => property);
    expect(names.filter((property) => PHYSICAL.test(property))).toEqual([]);
    expect(rules.match(/text-align:\s*(?:left|right)/g) ?? []).toEqual([]);
  });

  test("has no gradient, no shadow but that of dialogs, and no animation but of opacity and place", () => {
    expect(css.match(/gradient\(|text-shadow|backdrop-filter/g) ?? []).toEqual([]);
    expect((css.match(/box-shadow:[^;]*/g) ?? []).filter((one) => one !== "box-shadow: var(--lift)")).toEqual([]);
  });
});

test("the first load's style sheet names every other one that is ours", () => {
  const all = sheets.get("all.css") ?? "";
  const others = [...sheets.keys()].filter((name) => name !== "all.css" && name !== "formula.css");
  expect(others.filter((name) => !all.includes(`"./${name}"`))).toEqual([]);
});
