/**
 * Code in colours: highlight.js's tree of tokens, loaded with the first code that needs it. It makes no HTML: what would write
 * it is replaced, and what it found must join to the very code, or the code stays in one colour.
 */

import type { Emitter, HLJSApi, LanguageFn } from "highlight.js";

import type { Language } from "./languages.ts";
import { COLOURED_CODE, COLOURED_LINE, COLOURED_WORD } from "./limits.ts";
import type { Shade } from "./shades.ts";

const LOADED: Readonly<Record<Language, () => Promise<{ readonly default: LanguageFn }>>> = {
  bash: () => import("highlight.js/lib/languages/bash"),
  cpp: () => import("highlight.js/lib/languages/cpp"),
  css: () => import("highlight.js/lib/languages/css"),
  go: () => import("highlight.js/lib/languages/go"),
  java: () => import("highlight.js/lib/languages/java"),
  javascript: () => import("highlight.js/lib/languages/javascript"),
  json: () => import("highlight.js/lib/languages/json"),
  python: () => import("highlight.js/lib/languages/python"),
  rust: () => import("highlight.js/lib/languages/rust"),
  sql: () => import("highlight.js/lib/languages/sql"),
  typescript: () => import("highlight.js/lib/languages/typescript"),
  xml: () => import("highlight.js/lib/languages/xml"),
};
/** Languages that stand inside another one. */
const INSIDE: Readonly<Partial<Record<Language, readonly Language[]>>> = { xml: ["css", "javascript"] };

/** What grammars take the square of its length for. */
const TOO_LONG = new RegExp(`[^\\n]{${String(COLOURED_LINE + 1)}}|\\w{${String(COLOURED_WORD + 1)}}`);

/** Whether code is short enough for its colours. */
export function colourable(code: string): boolean {
  return code.length <= COLOURED_CODE && !TOO_LONG.test(code);
}

/** The code in shades; null where it cannot be told apart, is beyond the limits, or what does it could not be loaded. */
export async function coloured(language: Language, code: string): Promise<readonly Shade[] | null> {
  if (!colourable(code)) return null;
  try {
    const library = await loaded(language);
    const { _emitter: found } = library.highlight(code, { language, ignoreIllegals: true });
    return found instanceof Shades && textOf(found.root) === code ? found.root : null;
  } catch {
    return null;
  }
}

async function loaded(language: Language): Promise<HLJSApi> {
  const { default: library } = await import("highlight.js/lib/core");
  for (const one of [language, ...(INSIDE[language] ?? [])]) {
    if (library.getLanguage(one) === undefined) library.registerLanguage(one, (await LOADED[one]()).default);
  }
  library.configure({ __emitter: Shades });
  // Faults are thrown rather than answered with an HTML text of the code.
  library.debugMode();
  return library;
}

function textOf(shades: readonly Shade[]): string {
  return shades.map((shade) => typeof shade === "string" ? shade : textOf(shade.inside)).join("");
}

interface Open {
  readonly scope: string;
  readonly inside: Shade[];
}

/** Collects what highlight.js finds. */
class Shades implements Emitter {
  readonly root: Shade[] = [];
  private readonly open: Open[] = [];

  addText(text: string): void {
    if (text !== "") this.top().push(text);
  }

  startScope(scope: string): void {
    const opened: Open = { scope, inside: [] };
    this.top().push(opened);
    this.open.push(opened);
  }

  endScope(): void {
    this.open.pop();
  }

  openNode(scope: string): void {
    this.startScope(scope);
  }

  closeNode(): void {
    this.endScope();
  }

  __addSublanguage(found: Emitter): void {
    if (found instanceof Shades) this.top().push(...found.root);
  }

  finalize(): void {
    this.open.length = 0;
  }

  toHTML(): string {
    return "";
  }

  private top(): Shade[] {
    return this.open.at(-1)?.inside ?? this.root;
  }
}
