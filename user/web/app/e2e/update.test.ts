/** Feature 25: the page without a network, as an app of its own, and what happens when the server has another build. */

import { createHash } from "node:crypto";

import { expect, test } from "vitest";

import { HERE, PATIENCE, Profile } from "./browser.ts";

const sha256 = (data: Buffer): Buffer => createHash("sha256").update(data).digest();

/** A profile whose service worker serves the page. */
async function kept(name: string): Promise<Profile> {
  const profile = await Profile.open({ name });
  await profile.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  return profile;
}

/** Have the server send another build from now on: another page, and the service worker that comes with it. */
async function upgrade(profile: Profile): Promise<{ before: string; after: string }> {
  const page = Buffer.from(await (await fetch(`${HERE}/`)).arrayBuffer());
  const other = Buffer.concat([page, Buffer.from("<!-- another build -->\n")]);
  const [old, fresh] = [sha256(page), sha256(other)];
  profile.wire.alter("/", () => other);
  profile.wire.alter("/sw.js", (body) => Buffer.from(body.toString()
    .replaceAll(old.toString("hex"), fresh.toString("hex"))
    .replaceAll(old.toString("base64"), fresh.toString("base64"))));
  return { before: old.toString("hex"), after: fresh.toString("hex") };
}

const isOther = (profile: Profile): Promise<boolean> =>
  profile.page.evaluate(() => document.documentElement.parentNode?.lastChild?.nodeValue?.includes("another build") === true
    || document.documentElement.outerHTML.includes("another build"));

test("25: without a network the page opens from this browser, under the same policy", async () => {
  const profile = await kept("offline");
  await profile.offline(true);
  await profile.page.reload();
  await profile.page.waitForSelector("main");
  const blocked = await profile.page.evaluate(async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    try {
      document.body.innerHTML = "<b>x</b>";
      return false;
    } catch {
      return true;
    }
  });
  expect(blocked).toBe(true);
});

test("25: another build is announced with both hashes and what the log says, and waits for a person", async () => {
  const profile = await kept("announced");
  // The old service worker is busy, so that the browser does not let the new one take over.
  profile.wire.hold("/assets/endless.js");
  await profile.page.evaluate(() => void fetch("/assets/endless.js").catch(() => undefined));
  const { before, after } = await upgrade(profile);
  await profile.page.reload();
  const notices = profile.page.getByRole("region", { name: "Notices" });
  const notice = notices.getByText(`${before.slice(0, 8)}… → ${after.slice(0, 8)}…, in the log: no`);
  await notice.waitFor();
  expect(await isOther(profile)).toBe(false);
  await profile.page.reload();
  await notice.waitFor();
  expect(await isOther(profile)).toBe(false);
  await profile.page.getByRole("button", { name: "Use the new code" }).click();
  await expect.poll(() => isOther(profile).catch(() => false), { timeout: PATIENCE }).toBe(true);
  await profile.page.waitForSelector("main");
  const caches = await profile.page.evaluate(async () => globalThis.caches.keys());
  expect(caches.filter((name) => name.startsWith("privity-build-"))).toEqual([`privity-build-${after}`]);
});

test("25: a build that is not whole is not taken, and the page stays what it was", async () => {
  const profile = await kept("torn");
  const { before } = await upgrade(profile);
  profile.wire.alterWhere((path) => path.startsWith("/assets/vault-"), (body) => Buffer.concat([body, Buffer.from("//")]));
  await profile.page.reload();
  await profile.page.getByRole("button", { name: "Use the new code" }).click();
  await profile.page.getByRole("region", { name: "Notices" }).getByText("could not be had whole").waitFor();
  expect(await isOther(profile)).toBe(false);
  const caches = await profile.page.evaluate(async () => globalThis.caches.keys());
  expect(caches).toContain(`privity-build-${before}`);
});

test("25: the browser offers to install it", async () => {
  const profile = await kept("installed");
  const session = await profile.context.newCDPSession(profile.page);
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  expect(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito")).toEqual([]);
});
