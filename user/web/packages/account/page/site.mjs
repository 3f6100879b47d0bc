// The account page, built and served: `serve(folder, service, port)` builds into `folder` and answers on localhost.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { build } from "vite";

const WEB = join(import.meta.dirname, "../../..");
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };

async function built(folder) {
  const alias = [{ find: /^@privity\/(\w+)\/(.+)$/, replacement: `${WEB}/packages/$1/src/$2.ts` }];
  await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: "error",
    base: "./",
    resolve: { alias },
    worker: { format: "es" },
    build: { outDir: folder, emptyOutDir: true, target: "es2023", minify: false, modulePreload: false },
  });
}

/** @param {string} folder @param {string} service @param {number} port */
export async function serve(folder, service, port) {
  await built(folder);
  const policy = `default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src ${service}; base-uri 'none'`;
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const name = path === "/" || path === "/link" ? "/index.html" : path;
    try {
      let body = readFileSync(join(folder, name));
      if (name === "/index.html") {
        body = body.toString().replace('name="privity-service" content=""', `name="privity-service" content="${service}"`);
      }
      const headers = { "content-type": TYPES[extname(name)] ?? "application/octet-stream", "cache-control": "no-store" };
      response.writeHead(200, { ...headers, "content-security-policy": policy, "x-content-type-options": "nosniff" });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}
