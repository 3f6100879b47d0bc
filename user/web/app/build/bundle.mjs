// What Vite makes of the sources: workers first, as single files, then style sheets, then the page's modules, which hold
// the hashes of both.
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { build } from "vite";

import { integrityOf, namedByContent, sha256 } from "./hashes.mjs";

// What the caller's environment says must not change a byte: otherwise Vite writes paths into what it compiles.
process.env.NODE_ENV = "production";

export const APP = join(import.meta.dirname, "..");
const PACKAGES = join(APP, "..", "packages");
const [BOOT, MAIN] = [join(APP, "src/boot.ts"), join(APP, "src/main.tsx")];

/** Workers by name; each begins in src/NAME/worker.ts. */
const WORKERS = ["vault", "channel", "annex", "files"];
/** Of these there is a second build, NAME-full, with curves and lattices in script for browsers that lack them. */
const WITH_KEYS = ["vault", "channel"];
/** Style sheets by name: what the first load needs, and what comes when it is asked for. */
export const STYLES = { style: "src/style/all.css", formula: "src/style/formula.css" };

/** @typedef {Map<string, Uint8Array>} Files path to bytes */

const bytesOf = (one) => (typeof one === "string" ? Buffer.from(one) : one);

/** Vite would wrap every dynamic import, to fetch ahead what it needs; the import map and index.html do that here. */
const plainImports = {
  name: "plain-imports",
  enforce: "pre",
  load: (id) => (id === "\0vite/preload-helper.js" ? "export const __vitePreload = (load) => load();" : null),
};

/** What is in script, and what stands for it in a build without. */
const IN_SCRIPT = new Map([["in_script.ts", "./not_in_script.ts"], ["fallback.ts", "./no_fallback.ts"]]
  .map(([name, other]) => [join(PACKAGES, "protocol/src", name), `export * from "${other}";`]));
/** Curves and lattices are the browser's: boot.ts found that it has them. */
const native = {
  name: "native",
  enforce: "pre",
  load: (id) => IN_SCRIPT.get(id) ?? null,
};

/** @param {boolean} release @param {Record<string, unknown>} constants */
function settings(release, constants) {
  const told = Object.fromEntries(Object.entries(constants).map(([name, value]) => [name, JSON.stringify(value)]));
  return {
    root: APP,
    configFile: false,
    envFile: false,
    publicDir: false,
    mode: "production",
    logLevel: "error",
    // Sources, not what was built from them: a bundle cannot hold something older than what lies here.
    resolve: { alias: [{ find: /^@privity\/(\w+)\/(.+)$/, replacement: `${PACKAGES}/$1/src/$2.ts` }] },
    plugins: [plainImports],
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    define: { ...told, ...(release ? { PRIVITY_RELEASE: "true" } : {}) },
  };
}

const OUTPUT = {
  write: false, target: "es2022", minify: "oxc", cssMinify: "lightningcss", modulePreload: false, assetsInlineLimit: 0,
  reportCompressedSize: false, sourcemap: false, copyPublicDir: false,
};
const NAMES = {
  hashCharacters: "hex", entryFileNames: "assets/[name]-[hash:16].js", chunkFileNames: "assets/[name]-[hash:16].js",
  assetFileNames: "assets/[name]-[hash:16][extname]",
};

/** One worker as one file: import maps do not reach into workers, so it may import nothing. @returns {Promise<Uint8Array>} */
async function bundleWorker(name, release, { constants = {}, full = false } = {}) {
  const common = settings(release, constants);
  const { output } = await build({
    ...common,
    plugins: [...common.plugins, ...(full ? [] : [native])],
    build: {
      ...OUTPUT,
      rolldownOptions: {
        // Constants that modules share stand where they are used: half a kilobyte less.
        optimization: { inlineConst: { mode: "all", pass: 3 } },
        input: { [name]: join(APP, "src", name, "worker.ts") },
        output: { ...NAMES, format: "es", codeSplitting: false },
      },
    },
  });
  const [only, ...others] = output;
  if (others.length > 0) throw new Error(`the ${name} worker became ${String(output.length)} files`);
  return Buffer.from(only.code);
}

/** KaTeX offers each font in three forms; every browser that can run the client reads the first. */
const OLD_FONTS = /,\s*url\([^)]*\.(?:woff|ttf)\)\s*format\("(?:woff|truetype)"\)/g;

/** A style sheet and the fonts that it names. @returns {Promise<{ sheet: Uint8Array, fonts: Files }>} */
async function bundleStyle(name, release) {
  const { output } = await build({
    ...settings(release, {}),
    build: {
      ...OUTPUT, cssCodeSplit: true,
      rolldownOptions: { input: { [name]: join(APP, STYLES[name]) }, output: NAMES },
    },
  });
  const assets = new Map(output.filter(({ type }) => type === "asset").map(({ fileName, source }) => [fileName, bytesOf(source)]));
  const [sheet] = [...assets.keys()].filter((path) => path.endsWith(".css"));
  const text = Buffer.from(assets.get(sheet)).toString().replace(OLD_FONTS, "");
  const fonts = [...assets].filter(([path]) => path !== sheet && text.includes(`/${path}`));
  return { sheet: Buffer.from(text), fonts: new Map(fonts) };
}

/** @param {object} output how modules are put together */
async function bundleModules(release, constants, output = {}) {
  const imports = new Map();
  const graph = { name: "graph", moduleParsed: ({ id, importedIds }) => void imports.set(id, importedIds) };
  const common = settings(release, constants);
  const made = await build({
    ...common,
    plugins: [...common.plugins, graph],
    build: { ...OUTPUT, rolldownOptions: { input: { boot: BOOT }, output: { ...NAMES, ...output } } },
  });
  const strange = made.output.filter(({ type }) => type !== "chunk").map(({ fileName }) => fileName);
  if (strange.length > 0) throw new Error(`a module imports what no import map covers: ${strange.join(", ")}`);
  const chunks = made.output;
  const entry = chunks.find(({ isEntry }) => isEntry);
  const main = chunks.find(({ modules }) => Object.hasOwn(modules, MAIN));
  const files = new Map(chunks.map(({ fileName, imports: names }) => [fileName, names]));
  return { chunks, imports, entry: entry.fileName, first: closure(files, [entry.fileName, main.fileName]) };
}

/**
 * The page's modules. What the first load needs is one file beside boot.ts: by itself the bundler makes one for each set of
 * screens that share something, and together those are a quarter larger.
 *
 * @returns {Promise<{ files: Files, first: string[], entry: string }>}
 */
async function bundlePage(release, constants) {
  const loose = await bundleModules(release, constants);
  const needed = new Set(loose.chunks.filter(({ fileName }) => loose.first.includes(fileName)).flatMap(({ modules }) => Object.keys(modules)));
  const early = new Set(closure(loose.imports, [BOOT]));
  // What boot.ts runs with is apart: it paints the theme before the rest is there, and says so when the rest is refused.
  const groups = [
    { name: "start", priority: 2, test: (id) => early.has(id) },
    { name: "first", priority: 1, test: (id) => needed.has(id) && !early.has(id) },
  ];
  const { chunks, entry, first } = await bundleModules(release, constants, { codeSplitting: { groups } });
  return { files: new Map(chunks.map(({ fileName, code }) => [fileName, Buffer.from(code)])), entry, first };
}

/** All that these import, and what that imports, without being asked later. @param {Map<string, string[]>} imports */
function closure(imports, names) {
  const found = new Set();
  const visit = (name) => {
    if (found.has(name) || !imports.has(name)) return;
    found.add(name);
    imports.get(name).forEach(visit);
  };
  names.forEach(visit);
  return [...found];
}

/**
 * All files of a build but index.html, and what index.html must know of them.
 *
 * @param {boolean} release
 */
export async function bundle(release) {
  const files = new Map();
  const add = (name, extension, data) => {
    const path = namedByContent(name, extension, data);
    files.set(path, data);
    return { path: `/${path}`, integrity: integrityOf(data) };
  };
  const workers = {};
  for (const name of WORKERS) {
    workers[name] = add(name, ".js", await bundleWorker(name, release));
  }
  for (const name of WITH_KEYS) {
    workers[`${name}-full`] = add(`${name}-full`, ".js", await bundleWorker(name, release, { full: true }));
  }
  const styles = {};
  for (const name of Object.keys(STYLES)) {
    const { sheet, fonts } = await bundleStyle(name, release);
    for (const [path, data] of fonts) files.set(path, data);
    styles[name] = add(name, ".css", sheet);
  }
  const { style, ...later } = styles;
  const page = await bundlePage(release, { PRIVITY_WORKERS: workers, PRIVITY_STYLES: later });
  for (const [path, data] of page.files) files.set(path, data);
  return { files, workers, style, modules: [...page.files.keys()], entry: page.entry, first: page.first };
}

/** The service worker: it knows every file of its build, and so comes last. @param {string} page index.html */
export async function bundleServiceWorker(made, page, release) {
  const integrity = [...made.files].map(([path, data]) => [`/${path}`, integrityOf(data)]);
  const { style, workers } = made;
  const paths = (names) => names.map((name) => workers[name].path);
  const build = {
    digest: sha256(page), page: integrityOf(page), files: Object.fromEntries(integrity.toSorted()),
    // Whoever unlocks with seven words needs the annex too.
    kept: [...made.modules.map((path) => `/${path}`), style.path, workers.annex.path].toSorted(),
  };
  const working = { native: paths(WITH_KEYS), full: paths(WITH_KEYS.map((name) => `${name}-full`)) };
  return bundleWorker("offline", release, { constants: { PRIVITY_BUILD: build, PRIVITY_WORKING: working } });
}
