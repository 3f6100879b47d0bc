/** Local mode: the page from this machine's disk, the server behind it; and the page that knows no test enclave. */

import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

import { afterEach, expect, test } from "vitest";

import { HERE, Profile } from "./browser.ts";

const running: ChildProcess[] = [];

function privity(...words: string[]): ChildProcess {
  const program = "from privity_client.cli import main; main()";
  const started = spawn(process.env["PRIVITY_PYTHON"] ?? "python3", ["-c", program, ...words]);
  running.push(started);
  return started;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
    });
  });
}

/** `privity web` for the installation; where its page is. */
async function fromDisk(...options: string[]): Promise<string> {
  const process = privity("web", "--port", String(await freePort()), ...options, HERE);
  if (process.stdout === null) throw new Error("no output");
  for await (const line of createInterface(process.stdout)) {
    const [address] = /http:\/\/localhost:\d+$/.exec(line) ?? [];
    if (line.startsWith("Your own copy") && address !== undefined) return address;
  }
  throw new Error("privity web ended");
}

afterEach(() => {
  for (const one of running.splice(0)) one.kill("SIGINT");
});

const origins = (profile: Profile): readonly string[] => [...new Set(profile.requests.map(({ url }) => new URL(url).origin))];

test("the page from the disk says so, and reaches the server through this machine alone", async () => {
  const own = await fromDisk("--allow-simulated");
  const profile = await Profile.open({ name: "disk", path: null });
  await profile.page.goto(own.replace("localhost", "127.0.0.1"));
  expect(profile.page.url()).toBe(`${own}/`);
  await profile.page.getByRole("button", { name: "Read and agree" }).waitFor();
  await profile.page.keyboard.press("ControlOrMeta+Shift+V");
  await profile.page.getByText("This page came from your disk.").first().waitFor({ state: "attached" });
  expect(origins(profile).filter((one) => one !== own && one !== own.replace("localhost", "127.0.0.1"))).toEqual([]);
  const paths = profile.requests.map(({ url }) => new URL(url).pathname);
  expect(paths).toContain("/v1/bulletin");
  expect(paths).toContain("/.well-known/privity-local");
  expect(profile.faults).toEqual([]);
});

test("the release build refuses a test enclave, and offers no consent to it", async () => {
  const profile = await Profile.open({ name: "strict", path: null });
  await profile.page.goto(await fromDisk());
  await profile.page.getByText("Sending is blocked").first().waitFor();
  expect(await profile.page.getByRole("button", { name: "Read and agree" }).count()).toBe(0);
  expect(profile.requests.filter(({ url }) => new URL(url).pathname.startsWith("/ec1/"))).toEqual([]);
});

test("the page that this installation serves is the one in its log, file by file", async () => {
  const checked = privity("verify-web", HERE, "--json");
  let said = "";
  checked.stdout?.on("data", (part: Buffer) => { said += String(part); });
  const code = await new Promise((resolve) => void checked.on("close", resolve));
  const found = JSON.parse(said) as { whole: boolean; files: Record<string, string> };
  expect([code, found.whole]).toEqual([0, true]);
  expect(new Set(Object.values(found.files))).toEqual(new Set(["same"]));
});
