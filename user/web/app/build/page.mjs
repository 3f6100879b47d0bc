// index.html: the one file whose hash names all others.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { APP } from "./bundle.mjs";
import { integrityOf, sourceOf } from "./hashes.mjs";
import { mark } from "./plain.mjs";

const STYLE = '<link rel="stylesheet" href="/src/style/all.css">';
const SCRIPT = '<script type="module" blocking="render" src="/src/boot.ts"></script>';
const ICON = '<link rel="icon" href="/icons/icon.svg">';
const TITLE = "<title>Privity</title>";

/** What the page allows itself, also where a server or a proxy leaves the header out, which says `connect-src` closer. */
const policy = (importMap) => [
  "default-src 'none'", `script-src 'self' ${sourceOf(importMap)}`, "style-src 'self'", "img-src blob: data:", "font-src 'self'",
  "connect-src *", "worker-src blob: 'self'", "frame-src blob:", "manifest-src 'self'", "base-uri 'none'", "form-action 'none'",
  "require-trusted-types-for 'script'", "trusted-types privity-code",
].join("; ");

/** Hashes of every module, whoever imports it, early or late. */
function importMapOf(bundle) {
  const modules = bundle.modules.toSorted().map((path) => [`/${path}`, integrityOf(bundle.files.get(path))]);
  return JSON.stringify({ integrity: Object.fromEntries(modules) });
}

/** @returns {string} the page of a bundle */
export function pageOf(bundle) {
  const importMap = importMapOf(bundle);
  const integrity = (path) => integrityOf(bundle.files.get(path));
  const preloads = bundle.first.filter((path) => path !== bundle.entry)
    .map((path) => `<link rel="modulepreload" href="/${path}" integrity="${integrity(path)}">`);
  const parts = [
    [TITLE, `<meta http-equiv="Content-Security-Policy" content="${policy(importMap)}">\n${TITLE}`],
    [ICON, `<link rel="icon" type="image/svg+xml" href="${mark()}">`],
    [STYLE, `<link rel="stylesheet" href="${bundle.style.path}" integrity="${bundle.style.integrity}">`],
    [SCRIPT, [
      `<script type="importmap">${importMap}</script>`,
      `<script type="module" blocking="render" src="/${bundle.entry}" integrity="${integrity(bundle.entry)}"></script>`,
      ...preloads,
    ].join("\n")],
  ];
  return parts.reduce(replacedOnce, readFileSync(join(APP, "index.html"), "utf8"));
}

function replacedOnce(text, [before, after]) {
  if (text.split(before).length !== 2) throw new Error(`index.html must hold ${before} once`);
  return text.replace(before, () => after);
}
