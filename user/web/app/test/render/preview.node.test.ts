/** No request leaves the frame of a preview, even on a page without any policy, and whatever is pressed in it. */

import { type Browser, chromium as browser } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";

import { chromium } from "../../../chromium.ts";
import { documentOf } from "../../src/render/Preview.tsx";
import { ELSEWHERE, requests } from "./hostile.ts";

let started: Browser;

beforeAll(async () => {
  started = await browser.launch({ executablePath: chromium() ?? "", args: ["--no-sandbox"] });
});

afterAll(() => started.close());

/** Show texts in frames like the preview's, and press things in the first. Returns what the network was asked for. */
async function shown(texts: readonly string[], press: readonly string[]): Promise<readonly string[]> {
  const asked: string[] = [];
  const context = await started.newContext();
  await context.route("**", async (route) => {
    const address = route.request().url();
    if (!/^(?:data|blob):|\/page$/.test(address)) asked.push(address);
    await route.fulfill({ contentType: "text/html", body: "<!doctype html><title>page</title>" });
  });
  const page = await context.newPage();
  await page.goto(`${ELSEWHERE}/page`);
  await page.evaluate(async (given) => {
    for (const text of given) {
      const frame = document.createElement("iframe");
      frame.setAttribute("sandbox", "");
      frame.src = URL.createObjectURL(new Blob([text], { type: "text/html" }));
      const loaded = new Promise((resolve) => { frame.addEventListener("load", resolve); });
      document.body.append(frame);
      await loaded;
    }
  }, [...texts]);
  const frame = page.frameLocator("iframe >> nth=0");
  for (const one of press) await frame.locator(one).click({ force: true, timeout: 5_000 });
  await page.waitForTimeout(200);
  await context.close();
  return asked;
}

const pressable = `<p id="zero">x</p><a href="${ELSEWHERE}/link"><button>one</button></a>`
  + `<form action="${ELSEWHERE}/form"><button>two</button></form>`
  + `<svg id="three" width="50" height="20"><a href="${ELSEWHERE}/svg"><rect width="50" height="20"/></a></svg>`
  + `<img id="four" src="${ELSEWHERE}/image.png" width="20" height="20" onclick="fetch('${ELSEWHERE}/click')">`;

test("nothing is asked for, whatever is shown and pressed", async () => {
  const texts = [pressable, ...requests].map(documentOf);
  expect(await shown(texts, ["#zero", "text=one", "text=two", "#three", "#four"])).toEqual([]);
});

test.each([
  ["the policy alone", (text: string): string => documentOf(text).replaceAll(/<(\/?)off-/g, "<$1"), "link"],
  ["the other names alone", (text: string): string => documentOf(text).replace(/default-src[^"]*/, ""), "image.png"],
] as const)("%s would not be enough", async (_, made, missed) => {
  expect(await shown([made(pressable)], ["text=one"])).toEqual([`${ELSEWHERE}/${missed}`]);
});
