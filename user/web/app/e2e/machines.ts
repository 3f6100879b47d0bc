/** What tests of the whole client start beside the installation: a page from the disk, a relay. All end with the file. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { afterAll } from "vitest";

import { HERE } from "./browser.ts";

export const PYTHON = process.env["PRIVITY_PYTHON"] ?? "python3";
export const HOME = process.env["PRIVITY_HOME"] ?? "";
/** The program of `privity`, for `python -c`. */
export const PRIVITY = "from privity_client.cli import main; main()";
export const folder = mkdtempSync(join(tmpdir(), "privity-e2e-"));

const running: ChildProcess[] = [];
/** Ports behind those of the installation: below those that the system gives to outgoing connections. */
let next = Number(new URL(HERE).port) + 6;

export async function freePort(): Promise<number> {
  for (;;) {
    const port = next++;
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer().once("error", () => resolve(false)).listen(port, "127.0.0.1", () => {
        server.close(() => resolve(true));
      });
    });
    if (free) return port;
  }
}

export interface Started {
  readonly line: string;
  readonly process: ChildProcess;
}

/** A process that has said a line which begins so; that line. */
export async function started(begins: string, ...words: string[]): Promise<Started> {
  const child = spawn(PYTHON, words, { stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith(begins)) return { line, process: child };
  }
  throw new Error(`${words.join(" ")} ended`);
}

/** The address of a configuration. */
export function configured(name: string, document: object): string {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(document));
  return path;
}

export interface Service {
  readonly public_run_origin: string;
  readonly logs: readonly { readonly origin: string; readonly url: string }[];
  readonly [member: string]: unknown;
}

/** The configuration of the installation's blind service. */
export function serviceConfiguration(): Service {
  return JSON.parse(readFileSync(join(HOME, "service/configuration.json"), "utf8")) as Service;
}

/** A relay at `port` before a service and its run origin. */
export function relayAt(port: number, service: string, run: string): Promise<Started> {
  return started("READY", "-m", "privity_service.relay", "--config", configured(`relay-${String(port)}`, {
    v: 1, listen: { host: "127.0.0.1", port }, public: `http://127.0.0.1:${String(port)}`, service, run,
    logs: serviceConfiguration().logs,
  }));
}

/** A relay before the installation; its origin. */
export async function through(): Promise<string> {
  const port = await freePort();
  await relayAt(port, HERE, serviceConfiguration().public_run_origin);
  return `http://127.0.0.1:${String(port)}`;
}

/** `privity web` for a server, as a rule the installation; where its page is. */
export async function disk(...options: string[]): Promise<string> {
  const port = String(await freePort());
  const server = options.at(-1)?.startsWith("http://localhost") === true ? [] : [HERE];
  const words = ["-c", PRIVITY, "web", "--port", port, "--allow-simulated", ...options, ...server];
  const { line } = await started("Your own copy", ...words);
  return `${/http:\/\/localhost:\d+$/.exec(line)?.[0] ?? ""}/`;
}

afterAll(() => {
  for (const one of running) one.kill("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});
