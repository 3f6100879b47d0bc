/** The composer beside its text: files in its tray, and sending, at once or as soon as the enclave has proven itself. */

import { computed, signal } from "@preact/signals";

import { send } from "./asking.ts";
import { blocked, chat } from "./app.ts";
import { clears } from "./clearing.ts";
import { draft } from "./drafts.ts";
import { faultOf } from "./faults.ts";
import { chosenModel } from "./models.ts";
import { ports } from "./ports.ts";
import { secondModel } from "./second.ts";

/** A file in the tray. */
export interface Item {
  readonly key: number;
  readonly name: string;
  /** Bytes as chosen, then as they are sent. */
  readonly size: number;
  readonly type: string;
  readonly state: "reading" | "ready" | "failed";
  /** Between 0 and 1. */
  readonly progress: number;
  /** The vault's id once it is ready. */
  readonly id: string | null;
  /** Tokens' worth of text in it; characters. */
  readonly characters: number;
  /** Pages or rows; null where that means nothing. */
  readonly parts: number | null;
  /** What was left out, as a catalog key; "" when nothing was. */
  readonly left: string;
  /** Why it cannot be attached. */
  readonly reason: string;
}

/** Files for one message. */
export const MOST = 10;

/** By chat; "" is the new one. */
const trays = signal<ReadonlyMap<string, readonly Item[]>>(new Map());
export const tray = computed<readonly Item[]>(() => trays.value.get(keyNow()) ?? []);
/** The person pressed Send before the first appraisal had come: it is sent when that passes. */
export const impatient = signal(false);
/** The page has not heard yet whether the enclave can prove itself. */
export const checking = signal(true);

let next = 0;

clears(() => {
  trays.value = new Map();
  impatient.value = false;
});

/** A picture, and a model of those that are asked that would refuse the question for it. */
export const unseen = ({ state, type }: Item): boolean => {
  const blind = chosenModel.value?.vision === false || secondModel.value?.vision === false;
  return state === "ready" && type.startsWith("image/") && blind;
};

/** What can be sent as it stands: a text or a file, none that is still being read and none that the model cannot see. */
export const sendable = computed(() => {
  const items = tray.value;
  const ready = items.filter(({ state }) => state === "ready");
  return (draft.value.trim() !== "" || ready.length > 0) && !items.some((one) => one.state === "reading" || unseen(one));
});

/** Send what stands here. Before the first appraisal it waits; after a refusal it stays. */
export async function submit(): Promise<void> {
  if (!sendable.value) return;
  if (blocked.value === "no_record" && checking.value) {
    impatient.value = true;
    return;
  }
  impatient.value = false;
  const key = keyNow();
  const attachments = tray.value.flatMap(({ id }) => (id === null ? [] : [id]));
  if (await send({ text: draft.value.trim(), attachments })) setTray(key, []);
}

/** The first appraisal has come: what waited for it is sent, or shown as blocked. */
export function settled(): void {
  checking.value = false;
  if (impatient.value) void submit();
}

/** Take files apart and put them into the tray; those that cannot be read say why there. */
export async function attach(files: readonly File[]): Promise<void> {
  const key = keyNow();
  const room = MOST - (trays.value.get(key) ?? []).length;
  await Promise.all(files.slice(0, room).map((file) => attachOne(key, file)));
}

/** Take a file out of the tray. */
export function detach(item: Item): void {
  for (const [key, items] of trays.value) if (items.includes(item)) setTray(key, items.filter((one) => one !== item));
}

async function attachOne(tray: string, file: File): Promise<void> {
  const key = next++;
  const item: Item = {
    key, name: file.name, size: file.size, type: file.type, state: "reading", progress: 0, id: null, characters: 0, parts: null,
    left: "", reason: "",
  };
  setTray(tray, [...(trays.value.get(tray) ?? []), item]);
  const change = (part: Partial<Item>): void => {
    setTray(tray, (trays.value.get(tray) ?? []).map((one) => (one.key === key ? { ...one, ...part } : one)));
  };
  try {
    const read = await ports().readFile(file, (done, of) => change({ progress: of === 0 ? 0 : done / of }));
    const { fileName, type, data, text, parts, left } = read;
    const id = await ports().vault.ask("attach", { fileName, type, data, text });
    change({ state: "ready", id, size: data.length, type, characters: text.length, parts, left });
  } catch (error) {
    change({ state: "failed", reason: faultOf(error).reason });
  }
}

function setTray(key: string, items: readonly Item[]): void {
  const map = new Map(trays.value);
  if (items.length === 0) map.delete(key);
  else map.set(key, items);
  trays.value = map;
}

function keyNow(): string {
  return chat.value?.row.id ?? "";
}
