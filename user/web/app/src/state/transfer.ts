/** Taking everything out as one file, and bringing chats in from one. Files are read and written in the vault worker. */

import { signal } from "@preact/signals";

import type { ImportReport } from "../bridge/views.ts";
import { overview } from "./app.ts";
import { clears } from "./clearing.ts";
import { type Fault, faultOf } from "./faults.ts";
import { progress } from "./news.ts";
import { ports } from "./ports.ts";
import { saveFile } from "./saving.ts";

/** Bytes of a file that are read at all; what it unpacks to is bounded by the vault. */
export const MAX_IMPORT = 1_000_000_000;

export type Importing =
  | { readonly at: "choose"; readonly fault: Fault | null }
  | { readonly at: "reading"; readonly fileName: string }
  /** The file is encrypted: its seven words are asked for. */
  | { readonly at: "words"; readonly fileName: string; readonly data: Uint8Array<ArrayBuffer>; readonly fault: Fault | null }
  | { readonly at: "preview"; readonly fileName: string; readonly report: ImportReport }
  | { readonly at: "adding"; readonly report: ImportReport }
  | { readonly at: "done"; readonly report: ImportReport };

export type Exporting =
  | { readonly at: "ready"; readonly fault: Fault | null }
  | { readonly at: "packing" }
  /** `words` open an encrypted file, null where it is not. */
  | { readonly at: "done"; readonly fileName: string; readonly words: string | null };

export const importing = signal<Importing>({ at: "choose", fault: null });
export const exporting = signal<Exporting>({ at: "ready", fault: null });

clears(() => {
  importing.value = { at: "choose", fault: null };
  exporting.value = { at: "ready", fault: null };
  progress.value = null;
});

/** Refusals that say "this is encrypted, or by other words". */
const ASKS_WORDS: ReadonlySet<string> = new Set(["export.wrong_key", "export.words", "export.encrypted", "passphrase.malformed"]);

/** Read a file without adding anything. */
export async function preview(file: File): Promise<void> {
  if (file.size > MAX_IMPORT) {
    importing.value = { at: "choose", fault: { reason: "export.too_large", detail: "" } };
    return;
  }
  importing.value = { at: "reading", fileName: file.name };
  const data = new Uint8Array(await file.arrayBuffer());
  await read(file.name, data, null);
}

/** The words of an encrypted file. */
export async function openWith(words: string): Promise<void> {
  const { value } = importing;
  if (value.at === "words") await read(value.fileName, value.data, words);
}

async function read(fileName: string, data: Uint8Array<ArrayBuffer>, words: string | null): Promise<void> {
  importing.value = { at: "reading", fileName };
  progress.value = null;
  try {
    importing.value = { at: "preview", fileName, report: await ports().vault.ask("preview", { data, words }) };
  } catch (error) {
    const fault = faultOf(error);
    importing.value = ASKS_WORDS.has(fault.reason)
      ? { at: "words", fileName, data, fault: words === null ? null : fault } : { at: "choose", fault };
  }
}

/** Add what the preview showed. */
export async function adopt(): Promise<void> {
  const { value } = importing;
  if (value.at !== "preview") return;
  importing.value = { at: "adding", report: value.report };
  progress.value = null;
  try {
    importing.value = { at: "done", report: await ports().vault.ask("adopt", {}) };
    overview.value = await ports().vault.ask("overview", {});
  } catch (error) {
    importing.value = { at: "choose", fault: faultOf(error) };
  }
}

export function anotherFile(): void {
  importing.value = { at: "choose", fault: null };
}

/** All, or these chats, as a zip that is handed over at once. */
export async function exportAll(encrypted: boolean, chats: readonly string[] = []): Promise<void> {
  if (exporting.value.at === "packing") return;
  exporting.value = { at: "packing" };
  progress.value = null;
  try {
    const { fileName, data, words } = await ports().vault.ask("exportAll", { chats, encrypted });
    saveFile(fileName, data, words === null ? "application/zip" : "application/octet-stream");
    exporting.value = { at: "done", fileName, words };
  } catch (error) {
    exporting.value = { at: "ready", fault: faultOf(error) };
  }
}

/** The words leave the screen. */
export function exportDone(): void {
  exporting.value = { at: "ready", fault: null };
}
