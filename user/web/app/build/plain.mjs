// Files at addresses that never change: the manifest with its icons, and what no import map names.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { APP } from "./bundle.mjs";

const icon = (name) => readFileSync(join(APP, "icons", name));
const inline = (type, data) => `data:${type};base64,${data.toString("base64")}`;

/** The mark as an address of its own: the page's policy lets no image come from anywhere. */
export const mark = () => inline("image/svg+xml", icon("icon.svg"));

/** @returns {[string, Uint8Array | string][]} path and bytes */
export function plainFiles() {
  const manifest = JSON.parse(readFileSync(join(APP, "manifest.json"), "utf8"));
  manifest.icons = [
    { src: mark(), type: "image/svg+xml", sizes: "any" },
    ...[192, 512].map((size) => ({
      src: inline("image/png", icon(`icon-${String(size)}.png`)), type: "image/png", sizes: `${String(size)}x${String(size)}`,
      purpose: "any maskable",
    })),
  ];
  return [
    ["manifest.webmanifest", `${JSON.stringify(manifest)}\n`],
    // Where a browser holds scripts to the published hashes, it refuses this one: boot.ts asks to see that.
    ["unlisted.js", "export {};\n"],
  ];
}
