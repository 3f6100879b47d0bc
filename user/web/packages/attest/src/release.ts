/** Reference values and their subjects: the release leaf and the models document. Source: specs/release.md. */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { type Json } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";

import { NAME } from "./platforms.ts";
import * as referenceValues from "./reference_values.ts";
import { type Platforms } from "./reference_values.ts";
import { digest } from "./schema.ts";

/** bytes */
export const MAX_RELEASE = 65_535;
/** bytes */
export const MAX_MODELS = 16 * 1024;
/** tokens, as many as a request may carry */
export const MAX_PRICE = 64;
const RELEASE = [
  "v", "t", "name", "version", "source", "platforms", "configuration", "models", "not_before", "flags",
] as const;
const MODEL = ["id", "display", "sha256", "engine", "settings", "context", "demonstration"] as const;
const MODEL_ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]*$/;

/** A release: its values by platform kind, digests it allows (hexadecimal), Unix seconds when it may begin. */
export interface Release {
  readonly name: string;
  readonly version: string;
  readonly source: string;
  readonly platforms: Platforms;
  readonly configuration: readonly string[];
  readonly models: readonly string[];
  readonly notBefore: number;
  readonly flags: readonly string[];
  readonly leafHash: string;
}

/** One served model with the SHA-256 of each of its weight files (hexadecimal). */
export interface Model {
  readonly id: string;
  readonly display: string;
  readonly sha256: readonly string[];
  readonly engine: string;
  readonly settings: string;
  readonly context: number;
  readonly demonstration: boolean;
}

/** Tokens that one request costs, by operation; what is not named here costs nothing. */
export interface Prices {
  readonly chat: number;
  readonly embed: number;
}

/** Flag of a release that may run less than a day after it was logged; clients show it. */
export const EMERGENCY = "emergency";

/** The hash by which the log names a leaf, in hexadecimal. */
export function leafHash(leaf: Bytes): string {
  return toHex(sha256(concat(Uint8Array.of(0), leaf)));
}

/** The release whose log leaf is exactly `leaf`. Raises Malformed. */
export function decode(leaf: Bytes): Release {
  const value = canonical.members(canonical.decode(leaf, MAX_RELEASE), RELEASE, "release");
  canonical.integer(value.v, "v", 1, 1);
  canonical.text(value.t, "t", 7, /^release$/);
  const flags = canonical.entries(value.flags, "flags", 0, 16);
  return {
    name: canonical.text(value.name, "name", 64),
    version: canonical.text(value.version, "version", 64),
    source: canonical.text(value.source, "source", 64, /^(?:local|[0-9a-f]{40}|[0-9a-f]{64})$/),
    platforms: referenceValues.decode(value.platforms),
    configuration: digests(value.configuration, "configuration"),
    models: digests(value.models, "models"),
    notBefore: canonical.integer(value.not_before, "not_before"),
    flags: flags.map((flag) => canonical.text(flag, "flags", 32, NAME)),
    leafHash: leafHash(leaf),
  };
}

/** The models of a models document, the default one first. Raises Malformed. */
export function decodeModels(data: Bytes): readonly Model[] {
  const models = canonical.entries(modelsDocument(data).models, "models", 1, 64).map(readModel);
  if (new Set(models.map((model) => model.id)).size !== models.length) {
    throw new Malformed("member_value", "models: id repeated");
  }
  return models;
}

/** What requests cost by a models document, null where they cost nothing. Raises Malformed. */
export function decodePrices(data: Bytes): Prices | null {
  return modelsDocument(data).prices;
}

function modelsDocument(data: Bytes): { readonly models: Json; readonly prices: Prices | null } {
  const decoded = canonical.decode(data, MAX_MODELS);
  const priced = decoded !== null && typeof decoded === "object" && Object.hasOwn(decoded, "prices");
  const value: { v: Json; models: Json; prices?: Json } = canonical.members(
    decoded, priced ? ["v", "models", "prices"] : ["v", "models"], "models document",
  );
  canonical.integer(value.v, "v", 1, 1);
  if (value.prices === undefined) return { models: value.models, prices: null };
  const { chat, embed } = canonical.members(value.prices, ["chat", "embed"], "prices");
  const prices = {
    chat: canonical.integer(chat, "prices.chat", 0, MAX_PRICE),
    embed: canonical.integer(embed, "prices.embed", 0, MAX_PRICE),
  };
  return { models: value.models, prices };
}

function digests(value: Json, what: string): readonly string[] {
  const found = canonical.entries(value, what, 1, 256).map((entry) => digest(32)(entry, what));
  if (found.some((entry, index) => index > 0 && entry <= (found[index - 1] ?? entry))) {
    throw new Malformed("member_value", `${what} not strictly ascending`);
  }
  return found;
}

function readModel(value: Json): Model {
  const model = canonical.members(value, MODEL, "model");
  const files = canonical.entries(model.sha256, "sha256", 1, 64);
  return {
    id: canonical.text(model.id, "id", 128, MODEL_ID),
    display: canonical.text(model.display, "display", 128),
    sha256: files.map((file) => digest(32)(file, "sha256")),
    engine: canonical.text(model.engine, "engine", 64),
    settings: digest(32)(model.settings, "settings"),
    context: canonical.integer(model.context, "context", 1),
    demonstration: canonical.boolean(model.demonstration, "demonstration"),
  };
}
