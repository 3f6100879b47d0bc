/**
 * Responses that a program may build upon: in its memory, never on a node, never on a disk.
 *
 * Trusted: yes. Altered: not by others. Lost, when the program ends or too much is kept: it is told so by name.
 */

import { type JsonObject } from "./reading.ts";

/** Responses, and characters of them; beyond either the oldest is forgotten. */
export const MOST = 1_000;
export const MOST_CHARACTERS = 64 * 2 ** 20;

interface Kept {
  readonly messages: readonly JsonObject[];
  readonly told: JsonObject;
  readonly size: number;
}

/** Responses by id. */
export class KeptResponses {
  readonly #kept = new Map<string, Kept>();
  #size = 0;

  /** Keep a complete response and all that was said until then. */
  keep(id: string, messages: readonly JsonObject[], told: JsonObject): void {
    const size = JSON.stringify([messages, told]).length;
    this.#kept.set(id, { messages, told, size });
    this.#size += size;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST && this.#size <= MOST_CHARACTERS) return;
      this.forget(oldest);
    }
  }

  /** All that was said up to and with this response, null when it is not kept. */
  messages(id: string): readonly JsonObject[] | null {
    return this.#kept.get(id)?.messages ?? null;
  }

  /** The response as it was told, null when it is not kept. */
  told(id: string): JsonObject | null {
    return this.#kept.get(id)?.told ?? null;
  }

  /** Forget a response; whether it was there. */
  forget(id: string): boolean {
    this.#size -= this.#kept.get(id)?.size ?? 0;
    return this.#kept.delete(id);
  }
}
