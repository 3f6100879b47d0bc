// The account page, built and served with the service behind it, as one origin: `serve(folder, service, port)`.
import { readFileSync } from "node:fs";
import { createServer, request as ask } from "node:http";
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

const POLICY = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'";

/** What a reverse proxy does: the service sees the network that the browser says it is on. */
function forward(service, request, response) {
  const asked = ask(new URL(request.url, service), { method: request.method, headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  asked.on("error", () => response.destroy());
  request.pipe(asked);
}

/** @param {string} folder @param {string} service @param {number} port */
export async function serve(folder, service, port) {
  await built(folder);
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    if (path.startsWith("/v1/")) return forward(service, request, response);
    const name = path === "/" || path === "/link" ? "/index.html" : path;
    try {
      const body = readFileSync(join(folder, name));
      const headers = { "content-type": TYPES[extname(name)] ?? "application/octet-stream", "cache-control": "no-store" };
      response.writeHead(200, { ...headers, "content-security-policy": POLICY, "x-content-type-options": "nosniff" });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}
