/** Operations of documents: canonical JSON, CBOR, node document, evidence bundle, directory, outer errors. */

import { fromStatus, type OuterError, reactions } from "../../src/admission.ts";
import * as binding from "../../src/binding.ts";
import { type Bytes, equal, toHex } from "../../src/bytes.ts";
import * as canonical from "../../src/canonical.ts";
import * as cbor from "../../src/cbor.ts";
import * as directory from "../../src/directory.ts";
import * as evidence from "../../src/evidence.ts";
import { sha256 } from "../../src/kdf.ts";
import { members as platformMembers } from "../../src/platform.ts";
import { type Inputs, operation, type Operation, type Plain } from "./case.ts";

function requireSame(written: Bytes, read: Bytes): void {
  if (!equal(written, read)) throw new Error("encoding what was decoded gives other bytes");
}

function describeCbor(value: cbor.Value): Plain {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return { int: value };
  if (typeof value === "string") return { text: value };
  if (value instanceof Uint8Array) return { bytes: toHex(value) };
  if (value instanceof cbor.Tag) return { tag: [value.number, describeCbor(value.value)] };
  if (value instanceof cbor.CborMap) return { map: value.pairs.map(([key, entry]) => [describeCbor(key), describeCbor(entry)]) };
  return { array: value.map(describeCbor) };
}

async function describeNode(data: Bytes): Promise<unknown> {
  const nd = binding.decode(data);
  requireSame(binding.encode(nd), data);
  return {
    kid: toHex(await binding.kid(data)),
    report_data: toHex(await binding.reportData(data)),
    device_nonce: toHex(await binding.deviceNonce(nd.pk, nd.node, nd.nonce)),
    nonce: nd.nonce && toHex(nd.nonce),
    plat: platformMembers(nd.plat),
    nbf: nd.nbf, exp: nd.exp, deploy: nd.deploy, egress: nd.egress, prof: nd.prof,
    dev: nd.dev && toHex(nd.dev),
  };
}

async function describeBundle(data: Bytes): Promise<unknown> {
  const { items } = evidence.decode(data);
  requireSame(evidence.encode(items), data);
  const described = [...items.values()].map(async (item) => [item.label, item.mediaType, toHex(await sha256(item.data))]);
  return { items: await Promise.all(described) };
}

function describeDirectory(data: Bytes): unknown {
  const found = directory.decode(data);
  requireSame(directory.encode(found), data);
  const nodes = found.nodes.map(({ nd, plat, rel, cap, w }) =>
    [toHex(nd), plat.type, toHex(plat.id), toHex(rel), cap, w]);
  return { nbf: found.nbf, exp: found.exp, prev: found.prev && toHex(found.prev), nodes };
}

function device(input: Inputs, [label, data]: readonly [string, Plain]): evidence.Item {
  return { label, mediaType: "nvidia-spdm+cbor", data: input.join(data) };
}

export const documentOperations: Readonly<Record<string, Operation>> = {
  decode_canonical: operation((input) => {
    const data = input.bytes("data");
    requireSame(canonical.encode(canonical.decode(data, input.number("max_bytes"), input.number("max_depth"))), data);
    return {};
  }),
  decode_cbor: operation((input) => {
    const data = input.bytes("data");
    const anyOrder = input.has("any_order");
    const indefinite = input.has("indefinite");
    const value = cbor.decode(data, { anyOrder, indefinite });
    if (indefinite) requireSame(cbor.encode(cbor.decode(cbor.encode(value))), cbor.encode(value));
    else if (anyOrder) requireSame(cbor.encode(value).slice().sort(), data.slice().sort());
    else requireSame(cbor.encode(value), data);
    return { value: describeCbor(value) };
  }),
  decode_node_document: operation((input) => describeNode(input.bytes("data"))),
  window: operation((input) => {
    const nd = binding.decode(input.bytes("data"));
    return { faults: binding.windowFaults(nd, input.number("now"), input.number("skew"), input.number("lifetime")) };
  }),
  device_digest: operation(async (input) => {
    const items = (input.list("devices") as unknown as readonly (readonly [string, Plain])[]).map((each) => device(input, each));
    const digest = await binding.deviceDigest(items);
    return { digest: digest && toHex(digest) };
  }),
  decode_bundle: operation((input) => describeBundle(input.bytes("data"))),
  decode_directory: operation((input) => describeDirectory(input.bytes("data"))),
  outer_error: operation((input) => ({ reason: fromStatus(input.number("status")) })),
  reactions: operation((input) => ({
    reactions: [...reactions(input.text("reason") as OuterError, input.number("sent"))].sort(),
  })),
};
