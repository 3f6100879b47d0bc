/** The service worker's memory: one whole build, served until another is adopted; never a byte of anything else. */

import { expect, test } from "vitest";

import { type Build, readBuild } from "../../src/offline/build.ts";
import { type Asked, type Kept, Shell, type World } from "../../src/offline/shell.ts";

const ORIGIN = "http://localhost:8080";
const buildOf = (name: string): Build => ({
  digest: name, page: `page ${name}`, kept: [`/assets/main-${name}.js`],
  files: {
    [`/assets/main-${name}.js`]: `main ${name}`, [`/assets/vault-${name}.js`]: `vault ${name}`,
    [`/assets/late-${name}.js`]: `late ${name}`,
  },
});

/** A server that sends one build, and a browser's caches. Integrity is compared with the text that is sent. */
class Stand implements World {
  readonly origin = ORIGIN;
  readonly stored = new Map<string, Map<string, Response>>();
  readonly asked: string[] = [];
  sends: Readonly<Record<string, string>>;
  away = false;
  readonly working: World["working"];

  constructor(build: Build) {
    this.working = () => Promise.resolve(Object.keys(this.sends).filter((path) => path.startsWith("/assets/vault-")));
    this.sends = { ...build.files, "/": build.page };
  }

  readonly caches: World["caches"] = {
    open: (name) => {
      const kept = this.stored.get(name) ?? new Map<string, Response>();
      this.stored.set(name, kept);
      return Promise.resolve<Kept>({
        match: (address) => Promise.resolve(kept.get(address)?.clone()),
        put: (address, response) => Promise.resolve(void kept.set(address, response)),
      });
    },
    keys: () => Promise.resolve([...this.stored.keys()]),
    delete: (name) => Promise.resolve(this.stored.delete(name)),
  };

  readonly fetch: World["fetch"] = (address, { integrity }) => {
    this.asked.push(address);
    const text = this.sends[address];
    const isOther = integrity !== undefined && text !== undefined && text !== integrity;
    if (this.away || isOther) return Promise.reject(new TypeError("refused"));
    return Promise.resolve(new Response(text ?? "", { status: text === undefined ? 404 : 200 }));
  };
}

const opening = { method: "GET", mode: "navigate", url: `${ORIGIN}/` };
const asset = (path: string): Asked => ({ method: "GET", mode: "cors", url: `${ORIGIN}${path}` });
const textOf = async (answer: Promise<Response> | null): Promise<string | null> => answer === null ? null : (await answer).text();

/** A browser that was served build `one` at its first visit. */
async function visited(): Promise<{ stand: Stand; shell: Shell }> {
  const stand = new Stand(buildOf("one"));
  const shell = new Shell(buildOf("one"), stand);
  await shell.install();
  return { stand, shell };
}

test("without a network the page and what it needs at once are there", async () => {
  const { stand, shell } = await visited();
  stand.away = true;
  expect(await textOf(shell.answer(opening))).toBe("page one");
  expect(await textOf(shell.answer({ ...opening, url: `${ORIGIN}/s/${"A".repeat(22)}` }))).toBe("page one");
  expect(await textOf(shell.answer(asset("/assets/main-one.js")))).toBe("main one");
  expect(await textOf(shell.answer(asset("/assets/vault-one.js")))).toBe("vault one");
  await expect(shell.answer(asset("/assets/late-one.js"))).rejects.toThrow("refused");
});

test("a later file is kept once it was asked for", async () => {
  const { stand, shell } = await visited();
  expect(await textOf(shell.answer(asset("/assets/late-one.js")))).toBe("late one");
  stand.away = true;
  expect(await textOf(shell.answer(asset("/assets/late-one.js")))).toBe("late one");
});

test("a new service worker goes on with the build that was adopted, until it is told to take its own", async () => {
  const { stand } = await visited();
  stand.sends = { ...buildOf("two").files, "/": buildOf("two").page };
  const fresh = new Shell(buildOf("two"), stand);
  await fresh.install();
  expect(await fresh.served()).toEqual({ adopted: "one", own: "two" });
  expect(await textOf(fresh.answer(opening))).toBe("page one");
  await fresh.refresh();
  expect(await textOf(fresh.answer(opening))).toBe("page one");
  await fresh.adopt();
  expect(await fresh.served()).toEqual({ adopted: "two", own: "two" });
  expect(await textOf(fresh.answer(opening))).toBe("page two");
  expect([...stand.stored.keys()].sort()).toEqual(["privity-adopted", "privity-build-two"]);
});

test("a build of which one byte differs is never adopted", async () => {
  const { stand } = await visited();
  stand.sends = { ...buildOf("two").files, "/": buildOf("two").page, "/assets/main-two.js": "main twO" };
  const fresh = new Shell(buildOf("two"), stand);
  await expect(fresh.adopt()).rejects.toThrow("refused");
  expect(await fresh.served()).toEqual({ adopted: "one", own: "two" });
});

test("the first visit keeps nothing of a build that is not whole", async () => {
  const stand = new Stand(buildOf("one"));
  stand.sends = { "/": "page one" };
  const shell = new Shell(buildOf("one"), stand);
  await expect(shell.install()).rejects.toThrow("404");
  expect(stand.stored.get("privity-adopted")?.size ?? 0).toBe(0);
});

test("what the page's server is asked for, and other servers, are none of its business", async () => {
  const { shell } = await visited();
  expect(shell.answer({ ...opening, mode: "cors" })).toBeNull();
  expect(shell.answer({ ...opening, method: "POST" })).toBeNull();
  expect(shell.answer({ ...opening, url: `${ORIGIN}/v1/service` })).toBeNull();
  expect(shell.answer({ ...opening, url: "https://elsewhere.example/" })).toBeNull();
  expect(shell.answer({ ...opening, url: `${ORIGIN}/s/short` })).toBeNull();
});

test.each([
  null, 1, "x", {}, { ...buildOf("one"), page: 1 }, { ...buildOf("one"), files: { a: 1 } }, { ...buildOf("one"), kept: [1] },
])("what is no build is not read as one: %j", (value) => {
  expect(readBuild(value)).toBeNull();
});
