/** Whoever serves the page, or stands on the way, changes one byte: the browser refuses it, and the person is told. */

import { expect, test } from "vitest";

import { HERE, PATIENCE, Profile } from "./browser.ts";
import { agree, create } from "./people.ts";

/** As the browser gets it: what the page names, early and late. */
async function delivered(): Promise<{ entry: string; modules: string[]; first: string[]; style: string }> {
  const page = await (await fetch(`${HERE}/`)).text();
  const map = /<script type="importmap">([^<]*)</.exec(page)?.[1] ?? "{}";
  const { integrity } = JSON.parse(map) as { integrity: Record<string, string> };
  const [, entry = ""] = /<script type="module" [^>]*src="([^"]+)"/.exec(page) ?? [];
  const [, style = ""] = /<link rel="stylesheet" href="([^"]+)"/.exec(page) ?? [];
  const first = [...page.matchAll(/<link rel="modulepreload" href="([^"]+)"/g)].map(([, path]) => path ?? "");
  return { entry, style, first, modules: Object.keys(integrity) };
}

/** A comment more: the code does the same, and is not the code that was published. */
const comment = (body: Buffer): Buffer => Buffer.concat([body, Buffer.from(body.includes("{") ? "/**/" : " ")]);

const started = (profile: Profile): Promise<number> => profile.page.locator("#app main").count();
const refused = (profile: Profile): boolean => profile.faults.some((text) => /integrity/i.test(text));

/** What becomes of a dynamic import in the page; as text, so that Vitest leaves it alone. */
const imported = (profile: Profile, path: string): Promise<string> =>
  profile.page.evaluate(`import("${path}").then(() => "loaded", (error) => error.constructor.name)`);

test("one changed byte in the entry: nothing of the page runs", async () => {
  const { entry } = await delivered();
  const profile = await Profile.open({ path: null });
  profile.wire.alter(entry, comment);
  await profile.page.goto("/");
  await profile.page.waitForLoadState("load");
  expect(await profile.page.getByRole("alert").textContent()).toContain("is not the one that was published");
  await expect.poll(() => refused(profile), { timeout: PATIENCE }).toBe(true);
  expect(await started(profile)).toBe(0);
  expect(profile.page.workers()).toEqual([]);
});

test("one changed byte in a module that is imported at once: the page says that it did not start", async () => {
  const { first, modules } = await delivered();
  const main = first.find((path) => path.startsWith("/assets/first-")) ?? "";
  expect(modules).toContain(main);
  const profile = await Profile.open({ path: null });
  profile.wire.alter(main, comment);
  await profile.page.goto("/");
  expect(await profile.page.getByRole("alert").textContent()).toContain("is not the one that was published");
  expect([await started(profile), profile.page.workers().length]).toEqual([0, 0]);
});

test("one changed byte in a module that is imported late: it is refused, and the rest stays", async () => {
  const { modules } = await delivered();
  // Without a service worker, which has every module from a moment after the first visit on.
  const profile = await Profile.open({ context: { serviceWorkers: "block" } });
  await profile.page.waitForSelector("main");
  await profile.page.waitForLoadState("networkidle");
  const asked = new Set(profile.requests.map(({ url }) => new URL(url).pathname));
  const [late = ""] = modules.filter((path) => !asked.has(path));
  expect(late).not.toBe("");
  profile.wire.alter(late, comment);
  expect(await imported(profile, late)).toBe("TypeError");
  await expect.poll(() => refused(profile), { timeout: PATIENCE }).toBe(true);
  expect(await started(profile)).toBe(1);
});

test("one changed byte in a worker: it never starts", async () => {
  const profile = await Profile.open({ path: null });
  const changed: string[] = [];
  for (const name of ["vault", "channel"]) {
    profile.wire.alterWhere((path) => path.startsWith(`/assets/${name}-`), (body) => {
      changed.push(name);
      return comment(body);
    });
  }
  await profile.page.goto("/");
  await profile.page.waitForSelector("main");
  await expect.poll(() => [...new Set(changed)].sort(), { timeout: PATIENCE }).toEqual(["channel", "vault"]);
  await expect.poll(() => refused(profile), { timeout: PATIENCE }).toBe(true);
  expect(profile.page.workers()).toEqual([]);
  expect(profile.requests.some(({ url }) => new URL(url).pathname.startsWith("/v1/"))).toBe(false);
});

test("a browser that lacks a curve or lattice gets workers that bring them, and can do as much", async () => {
  const lacking = await Profile.open({ before: () => void Reflect.deleteProperty(SubtleCrypto.prototype, "getPublicKey") });
  await agree(lacking);
  await create(lacking);
  const able = await Profile.open();
  await agree(able);
  const workers = ({ requests }: Profile): string[] => requests.flatMap(({ url }) => {
    return /^\/assets\/((?:vault|channel)(?:-full)?)-[0-9a-f]{16}\.js$/.exec(new URL(url).pathname)?.[1] ?? [];
  });
  expect(new Set(workers(able))).toEqual(new Set(["vault", "channel"]));
  expect([...new Set(workers(lacking))]).toEqual(expect.arrayContaining(["vault-full", "channel-full"]));
});

test("one changed byte in a style sheet: the page stands there without it", async () => {
  const { style } = await delivered();
  const paper = (): string => getComputedStyle(document.documentElement).getPropertyValue("--paper").trim();
  const honest = await Profile.open();
  expect(await honest.page.evaluate(paper)).not.toBe("");
  const profile = await Profile.open({ path: null });
  profile.wire.alter(style, comment);
  await profile.page.goto("/");
  await profile.page.waitForSelector("main");
  expect([await profile.page.evaluate(paper), refused(profile)]).toEqual(["", true]);
});

test("a script that the page does not name is refused, from its own server too", async () => {
  const profile = await Profile.open({ path: null });
  profile.wire.answer("/assets/evil.js", "text/javascript", "globalThis.evil = true;");
  await profile.page.goto("/");
  await profile.page.waitForSelector("main");
  expect(await imported(profile, "/assets/evil.js")).toBe("TypeError");
  expect(await profile.page.evaluate(() => "evil" in globalThis)).toBe(false);
});

test("no markup, no text as code, no second policy, no address that boot.ts did not make", async () => {
  const profile = await Profile.open();
  await profile.page.waitForSelector("main");
  const tried = await profile.page.evaluate(async () => {
    // What a debugger evaluates may evaluate more; a task of the page's own may not.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const attempt = (what: () => unknown): string => {
      try {
        what();
        return "done";
      } catch (error) {
        return (error as Error).constructor.name;
      }
    };
    const types = (globalThis as unknown as { trustedTypes: { createPolicy(name: string, rules: object): object } }).trustedTypes;
    return {
      markup: attempt(() => { document.body.innerHTML = "<b>x</b>"; }),
      parsed: attempt(() => new DOMParser().parseFromString("<b>x</b>", "text/html")),
      // eslint-disable-next-line @typescript-eslint/no-implied-eval
      built: attempt(() => new Function("return 1")),
      evaluated: attempt(() => (0, eval)("1")),
      second: attempt(() => types.createPolicy("mine", { createHTML: (text: string) => text })),
      again: attempt(() => types.createPolicy("privity-code", { createScriptURL: (text: string) => text })),
      worker: attempt(() => new Worker(URL.createObjectURL(new Blob(["1"])))),
      script: attempt(() => { document.createElement("script").src = "/assets/evil.js"; }),
    };
  });
  const refusals = { EvalError: "refused", TypeError: "refused" } as Record<string, string>;
  const outcome = Object.fromEntries(Object.entries(tried).map(([name, said]) => [name, refusals[said] ?? said]));
  expect(outcome).toEqual(Object.fromEntries(Object.keys(tried).map((name) => [name, "refused"])));
});

test("every path answers under the same headers", async () => {
  const { entry, style } = await delivered();
  const names = [
    "content-security-policy", "integrity-policy", "cross-origin-opener-policy", "cross-origin-embedder-policy",
    "referrer-policy", "x-content-type-options", "permissions-policy",
  ];
  const of = async (path: string): Promise<(string | null)[]> => {
    const { headers } = await fetch(`${HERE}${path}`);
    return names.map((name) => headers.get(name));
  };
  const page = await of("/");
  expect(page.filter((value) => value === null)).toEqual([]);
  const others = [entry, style, "/manifest.webmanifest", "/s/AAAAAAAAAAAAAAAAAAAAAA", "/devices", "/absent", "/assets/absent.js"];
  for (const path of others) expect([path, await of(path)]).toEqual([path, page]);
  expect(page[0]).toContain(`connect-src 'self' ${HERE.replace(/\d+$/, (port) => String(Number(port) + 1))} `);
});
