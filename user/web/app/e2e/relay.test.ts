/**
 * A relay of somebody else before the page: a real `privity-relay`, and a second blind service of the installation, which
 * offers it.
 *
 * Every request is written down as it leaves the browser, so that none can go past the relay unseen.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

import { beforeAll, expect, test } from "vitest";

import { HERE, PATIENCE, Profile } from "./browser.ts";
import { configured, disk, folder, freePort, HOME, PRIVITY, PYTHON, relayAt, serviceConfiguration, started } from "./machines.ts";
import { agree, askFor, go, press } from "./people.ts";

/** Lets the logs that count for one address count for another too. */
const PIN = `
import pathlib, sys
from privity_client.trust import pins
home, known, other = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
pins.write(pins.folder(home, other), pins.read(pins.folder(home, known)))
`;

/** A process that has ended, and what it said. */
async function ended(...words: string[]): Promise<{ readonly code: number; readonly said: string }> {
  const child = spawn(PYTHON, words, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (part: Buffer) => { said += String(part); });
  const code = await new Promise<number>((resolve) => void child.on("close", (number) => resolve(number ?? -1)));
  return { code, said };
}

/** What the relay carried, when it has ended. */
async function counted(relay: ChildProcess): Promise<ReadonlyMap<string, number>> {
  let said = "";
  relay.stderr?.on("data", (part: Buffer) => { said += String(part); });
  const over = new Promise((resolve) => void relay.on("close", resolve));
  relay.kill("SIGTERM");
  await over;
  const found = new Map<string, number>();
  for (const line of said.split("\n").filter((one) => one.includes('"counts"'))) {
    const { event, ...counts } = JSON.parse(line) as Record<string, number>;
    expect(event).toBe("counts");
    for (const [name, count] of Object.entries(counts)) found.set(name, (found.get(name) ?? 0) + count);
  }
  return found;
}

let relay: { readonly origin: string; readonly process: ChildProcess };
let service = "";
let run = "";

beforeAll(async () => {
  const [at, channel, carrier] = [await freePort(), await freePort(), await freePort()];
  [service, run] = [`http://localhost:${String(at)}`, `http://localhost:${String(channel)}`];
  const origin = `http://127.0.0.1:${String(carrier)}`;
  const offers = [
    { kind: "forward", name: "Relay of Example", url: origin },
    { kind: "forward", name: "Own", url: `http://localhost:${String(carrier)}` },
  ];
  await started("READY", "-m", "privity_service", "run", "--config", configured("service", {
    ...serviceConfiguration(), service: { host: "127.0.0.1", port: at }, relay: { host: "127.0.0.1", port: channel },
    public_run_origin: run, state: join(folder, "state"), relays: offers,
  }));
  const { process: child } = await relayAt(carrier, service, run);
  relay = { origin, process: child };
});

/** What is asked without an account: documents, evidence, logs, questions. The rest is the page, and what accounts ask. */
const publicOf = (profile: Profile): readonly string[] => profile.requests.map(({ url }) => url).filter((url) => {
  const { origin, pathname } = new URL(url);
  return origin !== service || /^\/(?:\.well-known\/privity$|v1\/(?:bulletin|nodes)\b|ec1\/)/.test(pathname);
});

/** Wait for words of the panel, which opens and closes with the same keys. */
async function panel({ page }: Profile, says: string): Promise<void> {
  await page.keyboard.press("ControlOrMeta+Shift+V");
  await page.locator(".panel").getByText(says).first().waitFor({ state: "attached" });
  await page.keyboard.press("ControlOrMeta+Shift+V");
  await page.locator(".panel").waitFor({ state: "detached" });
}

/** Choose the relay in Settings; the one on the operator's own host is offered as what it is. */
async function choose(profile: Profile): Promise<void> {
  const { page } = profile;
  const { host } = new URL(relay.origin);
  await go(profile, "Settings");
  await page.getByRole("tab", { name: "Privacy" }).click();
  await page.getByRole("option", { name: /Own.*hides nothing/ }).waitFor({ state: "attached" });
  await page.getByLabel("Ask the enclave").selectOption({ label: `through Relay of Example (${host})` });
  await page.getByRole("option", { name: `through ${host}`, exact: true }).waitFor({ state: "attached" });
}

test("a person chooses one of the offered relays, and from then on nothing without an account reaches the operator", async () => {
  const profile = await Profile.open({ name: "relayed", path: null });
  await profile.page.goto(`${service}/`);
  await agree(profile);
  await panel(profile, "No relay: the operator sees your address.");
  expect(publicOf(profile).some((url) => url.startsWith(relay.origin))).toBe(false);
  await choose(profile);
  const before = publicOf(profile).length;
  await profile.page.goto(`${service}/`);
  await profile.page.getByRole("button", { name: "Send", exact: true }).waitFor();
  await panel(profile, `address hidden from the operator by ${new URL(relay.origin).host}`);
  await askFor(profile, "Hello");
  await profile.page.keyboard.press("ControlOrMeta+Shift+V");
  await press(profile.page.locator(".panel"), "Check again with a fresh question");
  const challenged = (): boolean => profile.requests.some(({ url }) => url === `${relay.origin}/ec1/challenge`);
  await expect.poll(challenged, { timeout: PATIENCE }).toBe(true);
  const after = publicOf(profile).slice(before);
  expect([...new Set(after.map((url) => new URL(url).origin))]).toEqual([relay.origin]);
  const paths = new Set(after.map((url) => new URL(url).pathname));
  for (const path of ["/.well-known/privity", "/v1/bulletin", "/ec1/hello", "/ec1/run"]) expect(paths).toContain(path);
  expect(profile.faults).toEqual([]);
});

test("the page of an operator that offers relays is the one in the log, under its headers", async () => {
  expect((await ended("-c", PIN, HOME, HERE, service)).code).toBe(0);
  const { code, said } = await ended("-c", PRIVITY, "verify-web", service, "--json");
  expect([code, (JSON.parse(said) as { whole: boolean }).whole]).toEqual([0, true]);
});

test("behind privity web with a relay the panel says so, and nothing but the relay reaches the server", async () => {
  // Nobody is at the address by which this machine knows the server: whatever went past the relay would fail.
  const nobody = `http://localhost:${String(await freePort())}`;
  const profile = await Profile.open({ name: "disk behind a relay", path: null });
  await profile.page.goto(await disk("--relay", relay.origin, nobody));
  await agree(profile);
  await panel(profile, `address hidden from the operator by ${new URL(relay.origin).host}`);
  await askFor(profile, "Hello");
});

test("where the relay is gone nothing is sent, and a person reads why", async () => {
  const profile = await Profile.open({ name: "left", path: null });
  await profile.page.goto(`${service}/`);
  await agree(profile);
  await choose(profile);
  const carried = await counted(relay.process);
  for (const name of ["hello", "run", "challenge", "public"]) expect(carried.get(name) ?? 0).toBeGreaterThan(0);
  const before = publicOf(profile).length;
  await profile.page.goto(`${service}/`);
  await profile.page.getByText("The relay does not reach the server, and nothing goes past it.").first().waitFor();
  await expect.poll(() => publicOf(profile).length, { timeout: PATIENCE }).toBeGreaterThan(before);
  expect([...new Set(publicOf(profile).slice(before).map((url) => new URL(url).origin))]).toEqual([relay.origin]);
});
