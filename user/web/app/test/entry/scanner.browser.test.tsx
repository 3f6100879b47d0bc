/** The camera reads what the other device draws, and ends with what it found. */

import { render } from "preact";
import { afterEach, beforeAll, expect, test, vi } from "vitest";

import { Scanner } from "../../src/screens/account/Scanner.tsx";
import { QrCode } from "../../src/screens/entry/QrCode.tsx";
import { allTexts } from "../../src/text/text.ts";

const LINK = `https://privity.test/link#1.${"a".repeat(22)}.${"b".repeat(43)}.${"c".repeat(22)}`;
const place = document.createElement("div");

beforeAll(allTexts);

afterEach(() => {
  render(null, place);
  place.remove();
  vi.restoreAllMocks();
});

/** A camera that is held at the code as it stands on the page: a little aslant, on grey, in motion. */
async function camera(): Promise<MediaStream> {
  document.body.append(place);
  render(<QrCode text={LINK} name="code" />, place);
  const drawn = place.querySelector("svg");
  if (drawn === null) throw new Error("no code");
  drawn.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  drawn.setAttribute("style", "background: white; fill: black");
  for (const side of ["width", "height"]) drawn.setAttribute(side, "360");
  const picture = new Image();
  picture.src = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(drawn)], { type: "image/svg+xml" }));
  await picture.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [1280, 720];
  const context = canvas.getContext("2d");
  let angle = 0.05;
  const clock = setInterval(() => {
    angle += 0.01;
    context?.setTransform(1, 0, 0, 1, 0, 0);
    if (context === null) return;
    context.fillStyle = "#888";
    context.fillRect(0, 0, 1280, 720);
    context.translate(640, 360);
    context.rotate(angle);
    context.drawImage(picture, -180, -180);
  }, 50);
  const stream = canvas.captureStream(20);
  stream.getVideoTracks()[0]?.addEventListener("ended", () => clearInterval(clock));
  return stream;
}

test("a drawn code is found once, and the camera is off afterwards", async () => {
  const stream = await camera();
  vi.spyOn(navigator.mediaDevices, "getUserMedia").mockResolvedValue(stream);
  const found: string[] = [];
  render(<Scanner onFound={(text) => found.push(text)} />, place);
  await vi.waitFor(() => expect(found).toEqual([LINK]), 5000);
  expect(stream.getTracks().map(({ readyState }) => readyState)).toEqual(["ended"]);
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(found).toHaveLength(1);
});

test("a camera that the person forbids is told of, with what else to do", async () => {
  vi.spyOn(navigator.mediaDevices, "getUserMedia").mockRejectedValue(new DOMException("", "NotAllowedError"));
  document.body.append(place);
  render(<Scanner onFound={() => undefined} />, place);
  await vi.waitFor(() => expect(place.textContent).toContain("paste the link below"));
});

test("a camera that comes after the dialog was closed is let go at once", async () => {
  const stream = await camera();
  let give: (stream: MediaStream) => void = () => undefined;
  vi.spyOn(navigator.mediaDevices, "getUserMedia").mockReturnValue(new Promise((resolve) => { give = resolve; }));
  render(<Scanner onFound={() => undefined} />, place);
  await new Promise((resolve) => setTimeout(resolve, 20));
  render(null, place);
  give(stream);
  await vi.waitFor(() => expect(stream.getTracks().map(({ readyState }) => readyState)).toEqual(["ended"]));
});
