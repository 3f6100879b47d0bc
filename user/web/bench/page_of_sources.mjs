// A page of the benchmarks, made of the packages' sources and served to one browser.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

import { build } from "vite";

const WEB = join(import.meta.dirname, "..");
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };

/** Build the page `bench/NAME` into `folder`; `define` are constants of its sources. */
export async function built(name, folder, define = {}) {
  const alias = [{ find: /^@privity\/(\w+)\/(.+)$/, replacement: `${WEB}/packages/$1/src/$2.ts` }];
  await build({
    root: join(import.meta.dirname, name), configFile: false, logLevel: "error", base: "./", resolve: { alias }, define,
    worker: { format: "es" }, oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: { outDir: folder, emptyOutDir: true, target: "es2023", modulePreload: false, minify: true },
  });
}

/** A server of `folder` at a port of its own. */
export function serve(folder) {
  const server = createServer((request, response) => {
    const asked = normalize(new URL(request.url, "http://localhost").pathname);
    const path = asked === "/" ? "/index.html" : asked;
    try {
      const body = readFileSync(join(folder, path));
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}
