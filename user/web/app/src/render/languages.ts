/** The programming languages that code is coloured in, by the names that answers give them. */

export type Language =
  | "bash" | "cpp" | "css" | "go" | "java" | "javascript" | "json" | "python" | "rust" | "sql" | "typescript" | "xml";

const NAMES: Readonly<Record<Language, string>> = {
  bash: "Shell", cpp: "C++", css: "CSS", go: "Go", java: "Java", javascript: "JavaScript", json: "JSON", python: "Python",
  rust: "Rust", sql: "SQL", typescript: "TypeScript", xml: "XML",
};
const OTHERS: Readonly<Record<string, readonly [Language, string]>> = {
  c: ["cpp", "C"], h: ["cpp", "C"], cc: ["cpp", "C++"], "c++": ["cpp", "C++"], hpp: ["cpp", "C++"],
  sh: ["bash", "Shell"], shell: ["bash", "Shell"], zsh: ["bash", "Shell"], console: ["bash", "Shell"],
  golang: ["go", "Go"], rs: ["rust", "Rust"], py: ["python", "Python"], python3: ["python", "Python"],
  js: ["javascript", "JavaScript"], mjs: ["javascript", "JavaScript"], jsx: ["javascript", "JSX"],
  ts: ["typescript", "TypeScript"], tsx: ["typescript", "TSX"], jsonc: ["json", "JSON"], json5: ["json", "JSON"],
  html: ["xml", "HTML"], svg: ["xml", "SVG"], xhtml: ["xml", "XHTML"], postgres: ["sql", "SQL"], postgresql: ["sql", "SQL"],
  sqlite: ["sql", "SQL"], mysql: ["sql", "SQL"],
};
const LONGEST_NAME = 40;

export interface Named {
  /** Null: it is not coloured. */
  readonly language: Language | null;
  /** What is shown; empty when the answer names none. */
  readonly name: string;
}

/** The language that a code fence names, such as `py title="x"`. */
export function languageOf(info: string): Named {
  const word = /^[^\s{,:]*/.exec(info)?.[0] ?? "";
  const key = word.toLowerCase();
  if (isLanguage(key)) return { language: key, name: NAMES[key] };
  const [language, name] = (Object.hasOwn(OTHERS, key) ? OTHERS[key] : undefined) ?? [null, word.slice(0, LONGEST_NAME)];
  return { language, name };
}

function isLanguage(name: string): name is Language {
  return Object.hasOwn(NAMES, name);
}

const MARKUP: ReadonlySet<string> = new Set(["HTML", "SVG", "XHTML", "XML"]);

/** Whether code can be shown as a picture, by the name of its language and how it begins. */
export function isPreviewable(name: string, code: string): boolean {
  return MARKUP.has(name) && (name !== "XML" || /^\s*(?:<\?xml[^>]*>\s*)?<svg[\s>]/.test(code));
}
