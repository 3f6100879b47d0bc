/** Runs every case of folders of vectors: the outcome, and for refusals exactly the reason that Python gives. */

import { describe, expect, test } from "vitest";

import { VaultError } from "../src/errors.ts";
import { type CaseFile, Given } from "./given.ts";
import type { Operation } from "./operations.ts";
import { readVector } from "./vectors.ts";

/** The cases of a folder; a folder without them fails the test that asks. */
export async function casesOf(folder: string): Promise<CaseFile> {
  const file = await readVector<CaseFile>("own", `${folder}/cases.json`);
  if (file === null || file.cases.length === 0) throw new Error(`no cases in ${folder}`);
  return file;
}

export async function runFolders(folders: readonly string[], table: readonly (readonly [string, Operation])[]): Promise<void> {
  const operations = new Map(table);
  const files = await Promise.all(folders.map(async (name) => [name, await casesOf(name)] as const));
  describe.each(files)("%s", (_name, { cases, blobs }) => {
    test.each(cases)("$id: $what", async ({ op, input, expect: expected }) => {
      const operation = operations.get(op);
      if (operation === undefined) throw new Error(`no operation ${op}`);
      expect(await outcome(() => operation(new Given(input, blobs)))).toEqual(expected);
    });
  });
}

async function outcome(step: () => unknown): Promise<unknown> {
  try {
    return { ok: await step() };
  } catch (error) {
    if (error instanceof VaultError) return { error: error.reason };
    throw error;
  }
}
