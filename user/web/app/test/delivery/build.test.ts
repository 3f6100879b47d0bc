/** A build of the page against the leaves of a release log. */

import { ascii, type Bytes } from "@privity/protocol/bytes";
import * as revocations from "@privity/tlog/leaves/revocations";
import * as web from "@privity/tlog/leaves/web";
import { TrustError } from "@privity/trust/errors";
import { expect, test } from "vitest";

import { buildOf } from "../../src/channel/build.ts";

const OLD = "11".repeat(32);
const NEW = "22".repeat(32);
const leaf = (version: string, page: string): Bytes =>
  web.encode({ version, source: "local", files: new Map([[web.INDEX, page]]) });
const EMPTY = revocations.encode({ time: 1, releases: [], keys: [], platforms: [] });
const LOG = [EMPTY, leaf("1", OLD), ascii('{"t":"web"'), EMPTY, leaf("2", NEW)];
const at = (digest: string, log: readonly Bytes[] = LOG): ReturnType<typeof buildOf> =>
  buildOf(digest, () => Promise.resolve(log));

test("the newest logged build is known by place, version and commit", async () => {
  expect(await at(NEW)).toEqual({
    digest: NEW, state: "logged", reason: "", version: "2", source: "local", index: 4, newest: true,
  });
});

test("an older build is logged, and is not the newest", async () => {
  expect(await at(OLD)).toMatchObject({ state: "logged", index: 1, newest: false });
});

test("a build that no leaf has is not logged", async () => {
  expect(await at("33".repeat(32))).toMatchObject({ state: "unlogged", index: null });
  expect(await at(NEW, [])).toMatchObject({ state: "unlogged" });
});

test("a log that cannot be asked leaves the build unchecked, never logged", async () => {
  const away = (): Promise<never> => Promise.reject(new TrustError("unreachable", "http://log"));
  expect(await buildOf(NEW, away)).toMatchObject({ state: "unchecked", reason: "unreachable" });
});
