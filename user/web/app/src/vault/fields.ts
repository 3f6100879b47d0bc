/** Fields of contents where no other device writes: the last value counts. */

import { NEVER } from "@privity/vault/clock";
import type { Content } from "@privity/vault/contents/kinds";
import type { Field } from "@privity/vault/contents/schema";
import type { Values } from "@privity/vault/merge";

/** A value that nobody else has seen yet. */
export function field<T>(value: T, millis = 0): Field<T> {
  return { value, stamp: { ...NEVER, millis } };
}

/** The content with these fields changed. */
export function withValues<One extends Content>(content: One, values: Values<One>): One {
  const written = Object.entries(values as Readonly<Record<string, unknown>>).map(([name, value]) => {
    return [name, { ...(content[name as keyof One] as Field<unknown>), value }] as const;
  });
  return { ...content, ...Object.fromEntries(written) };
}
