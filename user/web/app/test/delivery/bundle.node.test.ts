/** What the build delivers: the same bytes in any folder, every hash in its place, within its budgets. */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

const WEB = join(import.meta.dirname, "../../..");
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "privity-build-"));

interface Built {
  readonly said: string;
  /** Path to bytes. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/** A build of the sources in `web`. */
async function built(web: string, name: "release" | "test", out: string): Promise<Built> {
  const { stdout } = await run(process.execPath, [join(web, "app/build/build.mjs"), name, "--out", out, "--source", "local"]);
  const root = join(out, name);
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => statSync(join(root, path)).isFile());
  return { said: stdout, files: new Map(paths.map((path) => [path, readFileSync(join(root, path))])) };
}

/** The sources of `web`, and nothing that was built from them, in another place. */
function copied(web: string, place: string): string {
  const copy = join(folder, place, "web");
  const isSource = (path: string): boolean => !/\/(?:node_modules|dist|test|e2e|bench)$/.test(path);
  cpSync(web, copy, { recursive: true, filter: isSource });
  symlinkSync(join(WEB, "node_modules"), join(copy, "node_modules"));
  return copy;
}

const SOURCES = copied(WEB, "here");

let release: Built;
let again: Built;
let page: string;

beforeAll(async () => {
  const elsewhere = copied(SOURCES, "quite another place");
  [release, again] = await Promise.all([
    built(SOURCES, "release", join(folder, "one")), built(elsewhere, "release", join(folder, "two")),
  ]);
  page = String(release.files.get("index.html"));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sha256 = (data: Buffer | string): string => `sha256-${createHash("sha256").update(data).digest("base64")}`;
const fileAt = (path: string): Buffer => release.files.get(path.replace(/^\//, "")) ?? Buffer.alloc(0);
const importMap = (): string => /<script type="importmap">([^<]*)</.exec(page)?.[1] ?? "";
const named = (pattern: RegExp): readonly string[] => [...release.files.keys()].filter((path) => pattern.test(path));

test("two folders give the same bytes", () => {
  const digests = ({ files }: Built): string[] => [...files].map(([path, data]) => `${path} ${sha256(data)}`).sort();
  expect(release.files.size).toBeGreaterThan(20);
  expect(digests(again)).toEqual(digests(release));
});

test("nothing is over its budget, and no font comes with the first load", () => {
  expect(release.said).toContain("page's modules");
  expect(release.said).not.toContain("over budget");
  const sheet = /<link rel="stylesheet" href="([^"]+)"/.exec(page)?.[1] ?? "";
  expect(fileAt(sheet).length).toBeGreaterThan(1000);
  expect(String(fileAt(sheet))).not.toMatch(/@font-face|url\(/);
});

describe("the page", () => {
  test("names every module with its hash, and no other", () => {
    const { integrity } = JSON.parse(importMap()) as { integrity: Record<string, string> };
    expect(Object.entries(integrity).filter(([path, hash]) => hash !== sha256(fileAt(path)))).toEqual([]);
    const modules = named(/^assets\/.*\.js$/).filter((path) => !/^assets\/(?:vault|channel|annex|files)-/.test(path));
    expect(Object.keys(integrity).sort()).toEqual(modules.map((path) => `/${path}`).sort());
  });

  test("holds everything that it links to its hash", () => {
    const linked = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)" integrity="([^"]+)"/g)];
    expect(linked.length).toBeGreaterThan(2);
    expect(linked.filter(([, path = "", hash]) => sha256(fileAt(path)) !== hash)).toEqual([]);
    expect([...page.matchAll(/(?:src|href)="\/assets\//g)].length).toBe(linked.length);
  });

  test("allows itself nothing but its own import map, also where a header is missing", () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? "";
    expect(policy).toContain(`script-src 'self' '${sha256(importMap())}';`);
    expect(policy.split("; ")).toEqual(expect.arrayContaining([
      "default-src 'none'", "style-src 'self'", "require-trusted-types-for 'script'", "trusted-types privity-code",
    ]));
    expect(policy).not.toMatch(/unsafe|\bdata:[^;]*script/);
    expect(page).not.toMatch(/\son\w+=|style=|<style/);
  });
});

test("a worker is one file that imports nothing, and its hash stands in a module", () => {
  const modules = named(/^assets\/.*\.js$/).map((path) => String(fileAt(path)));
  for (const name of ["vault", "channel", "annex", "files", "vault-full", "channel-full"]) {
    const [path = "", ...more] = named(new RegExp(`^assets/${name}-[0-9a-f]{16}\\.js$`));
    expect(more).toEqual([]);
    // pdf.js could import its other half from an address: here it has that half, and the page's policy would refuse it.
    const imports = name === "files" ? /\bimport\s*["'{*]|importScripts/ : /\bimport\s*[("'{*]|importScripts/;
    expect(String(fileAt(path))).not.toMatch(imports);
    expect(modules.some((text) => text.includes(path) && text.includes(sha256(fileAt(path))))).toBe(true);
  }
});

test("workers that read hostile files have nothing to reach a network or a storage with", () => {
  const [annex = ""] = named(/^assets\/annex-/);
  const ways = /\bfetch\b|XMLHttpRequest|WebSocket|EventSource|WebTransport|importScripts|indexedDB|localStorage|\bcaches\b/;
  expect(fileAt(annex).length).toBeGreaterThan(10_000);
  expect(String(fileAt(annex))).not.toMatch(ways);
});

test("the service worker knows this very page and every file with a hash in its name", () => {
  const text = String(fileAt("sw.js"));
  expect(text).toContain(createHash("sha256").update(page).digest("hex"));
  for (const path of named(/^assets\//)) expect(text).toContain(sha256(fileAt(path)));
});

test("a release knows no imitation of hardware", async () => {
  const imitation = "simulated document";
  const other = await built(SOURCES, "test", join(folder, "three"));
  const has = ({ files }: Built): boolean => [...files.values()].some((data) => data.includes(imitation));
  expect([has(other), has(release)]).toEqual([true, false]);
  expect(other.files.get("index.html")).not.toEqual(release.files.get("index.html"));
});

test("the manifest of a build says what is in it", () => {
  const text = readFileSync(join(folder, "one/release.json"), "utf8");
  const said = JSON.parse(text) as { files: Record<string, string>; build: string };
  const hex = (path: string): string => createHash("sha256").update(fileAt(path)).digest("hex");
  expect(said.build).toBe("release");
  expect(said.files).toEqual(Object.fromEntries([...release.files.keys()].map((path) => [path, hex(path)])));
  expect(existsSync(join(folder, "one/release/release.json"))).toBe(false);
});
