/**
 * What a VCEK or VLEK certificate says of its chip, and which product a processor is.
 *
 * Source: AMD 57230, Versioned Chip Endorsement Key Certificate and KDS Interface; AMD 56860 for the TCB bytes.
 */

import { type Bytes } from "@privity/protocol/bytes";

import * as der from "../der.ts";
import { DerError } from "../der.ts";
import { type Certificate } from "../x509.ts";

export const IA5_STRING = 0x16;
export const HWID = 64;
/** Turin certificates carry the first 8 bytes of the chip's identifier; the other 56 are zero. */
export const HWID_TURIN = 8;
/** 1.3.6.1.4.1.3704.1 */
const ARC = "2b060104019c7801";
const PRODUCT = `${ARC}02`;
const HARDWARE = `${ARC}04`;
const CLOUD = `${ARC}05`;
const SPL = ["bootloader", "tee", "snp", "spl4", "spl5", "spl6", "spl7", "microcode", "fmc"] as const;
type Part = (typeof SPL)[number];
const BEFORE_TURIN = ["bootloader", "tee", "spl4", "spl5", "spl6", "spl7", "snp", "microcode"] as const;
const TURIN = ["fmc", "bootloader", "tee", "snp", "spl5", "spl6", "spl7", "microcode"] as const;
export type Product = "milan" | "genoa" | "turin";
/** Product to what each byte of its TCB version counts; `spl` are reserved. */
export const LAYOUTS: Readonly<Record<Product, readonly Part[]>> = {
  milan: BEFORE_TURIN, genoa: BEFORE_TURIN, turin: TURIN,
};
/** Products of Genoa's chain. KDS writes Genoa for them; its specification leaves room for their own names. */
const GENOA_TOO: readonly string[] = ["bergamo", "siena"];
/** Family, first and last model, product; models A0 to AF are Bergamo and Siena, certified as Genoa. */
const MODELS: readonly (readonly [number, number, number, Product])[] = [
  [0x19, 0x00, 0x0f, "milan"],
  [0x19, 0x10, 0x1f, "genoa"],
  [0x19, 0xa0, 0xaf, "genoa"],
  [0x1a, 0x00, 0x11, "turin"],
];

/** The extensions of a leaf: `product`, the 8 bytes of its TCB, a chip's `hwid` (VCEK) or a cloud's name (VLEK). */
export interface Endorsement {
  readonly product: Product;
  readonly tcb: readonly number[];
  readonly hwid: Bytes | null;
  readonly cloud: string | null;
}

/** What `leaf` says of its chip. Raises DerError. */
export function endorsement({ extensions }: Certificate): Endorsement {
  const [product = ""] = text(extensions, PRODUCT).toLowerCase().split("-");
  const named = GENOA_TOO.includes(product) ? "genoa" : product;
  if (!isProduct(named)) throw new DerError("product");
  // Raw: the extension's value is the identifier itself, not an element that holds it.
  const hwid = extensions.get(HARDWARE) ?? null;
  if (hwid !== null && extensions.has(CLOUD)) throw new DerError("a chip's key and a cloud's");
  if (hwid !== null && hwid.length !== HWID && hwid.length !== HWID_TURIN) throw new DerError("chip identifier");
  const tcb = LAYOUTS[named].map((part) => level(extensions, part));
  return { product: named, tcb, hwid, cloud: hwid === null ? text(extensions, CLOUD) : null };
}

function isProduct(name: string): name is Product {
  return Object.hasOwn(LAYOUTS, name);
}

/** The components of a TCB version of `product` by name, without the reserved bytes. */
export function parts(product: Product, tcb: Bytes): ReadonlyMap<string, number> {
  const named = LAYOUTS[product].map((name, at): [string, number] => [name, tcb[at] ?? 0]);
  return new Map(named.filter(([name]) => !name.startsWith("spl")));
}

/** The product of a processor by its CPUID, null for one that this verifier does not know. */
export function productOf(family: number, model: number): Product | null {
  const found = MODELS.find(([known, first, last]) => family === known && model >= first && model <= last);
  return found?.[3] ?? null;
}

function level(extensions: Certificate["extensions"], part: Part): number {
  const value = extensions.get(`${ARC}03${(SPL.indexOf(part) + 1).toString(16).padStart(2, "0")}`);
  if (value === undefined && part.startsWith("spl")) return 0;
  const found = der.integer(der.decode(value ?? new Uint8Array(0)));
  if (found > 0xffn) throw new DerError("level");
  return Number(found);
}

function text(extensions: Certificate["extensions"], name: string): string {
  const { content } = der.decode(extensions.get(name) ?? new Uint8Array(0)).expect(IA5_STRING);
  if (content.length === 0 || content.some((byte) => byte > 0x7f)) throw new DerError("text");
  return String.fromCharCode(...content);
}
