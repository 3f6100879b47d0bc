/** A request's JSON: an object, its nulls taken away where the API says that null means absent. */

import { Float, type Text, type TextObject } from "@privity/protocol/jsontext";

import { ApiError, refused } from "./errors.ts";

export type Json = Text;
export type JsonObject = TextObject;
/** Members by name, while they are taken apart. */
export type Members = Map<string, Json>;

/** Members that name a person or a program to a provider. They never leave this machine, and the answer says so. */
export const NOT_SENT: readonly string[] = [
  "metadata", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "user",
];

/** Whether a value is an object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Float);
}

/** Whether a value is a list. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The members of the JSON object in `text` that are not null. Raises ApiError. */
export function readObject(text: string): Members {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw unreadable("The body cannot be read as JSON.", "not_json");
  }
  if (!isObject(value)) throw unreadable("The body is not a JSON object.", "invalid_type");
  return present(value);
}

/** The members that are not null. */
export function present(value: JsonObject): Members {
  return new Map(Object.entries(value).filter(([, entry]) => entry !== null));
}

/** Take a boolean out of `members`; absent is `usual`. Raises ApiError. */
export function takeFlag(members: Members, name: string, at = "", usual = false): boolean {
  const found = members.get(name) ?? usual;
  members.delete(name);
  if (typeof found !== "boolean") throw refused(`${at}${name}`, "is not a boolean", "invalid_type");
  return found;
}

/** Take a member out of `members`. */
export function taken(members: Members, name: string): Json | undefined {
  const found = members.get(name);
  members.delete(name);
  return found;
}

/** Take out what is never sent; its names, for the answer to say. */
export function takeUnsent(members: Members): readonly string[] {
  return NOT_SENT.filter((name) => members.delete(name));
}

/** Take out members whose value asks for what happens anyway; with any other value they stay, to be judged. */
export function dropNeutral(members: Members, neutral: Readonly<Record<string, readonly Json[]>>): void {
  for (const [name, values] of Object.entries(neutral)) {
    const written = JSON.stringify(members.get(name));
    if (members.has(name) && values.some((one) => JSON.stringify(one) === written)) members.delete(name);
  }
}

function unreadable(message: string, code: string): ApiError {
  return new ApiError({ status: 400, message, type: "invalid_request_error", code, param: null });
}
