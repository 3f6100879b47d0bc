/**
 * The operations that vectors of contents, merging, trees, titles and wallets name.
 *
 * Short ids are readable: letters, filled with zero bytes to 16.
 */

import { ascii, type Bytes, fromHex, toHex } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { CborMap, Tag, type Value } from "@privity/protocol/cbor";

import * as clock from "../src/clock.ts";
import { type Node, type Part, Role, State } from "../src/contents/chat.ts";
import * as kinds from "../src/contents/kinds.ts";
import type { Content } from "../src/contents/kinds.ts";
import { Kind } from "../src/contents/schema.ts";
import type { Wallet } from "../src/contents/wallet.ts";
import * as deletion from "../src/deletion.ts";
import { reading } from "../src/errors.ts";
import * as merge from "../src/merge.ts";
import { MAX_ITEMS } from "../src/object.ts";
import * as order from "../src/order.ts";
import * as rotation from "../src/rotation.ts";
import { Secret } from "../src/secret.ts";
import * as title from "../src/title.ts";
import * as tree from "../src/tree.ts";
import * as wallet from "../src/wallet.ts";
import { type Given, textOf, type Written } from "./given.ts";
import { type Operation, same } from "./operations.ts";
import { hex } from "./vectors.ts";

export function idOf(name: string): Bytes {
  const id = new Uint8Array(16);
  id.set(ascii(name));
  return id;
}

const keyOf = (name: string): tree.Id => toHex(idOf(name));

function nameOf(id: tree.Id): string {
  return new TextDecoder().decode(fromHex(id) ?? undefined).replace(/\0+$/, "");
}

const namesOf = (ids: Iterable<tree.Id>): readonly string[] => Array.from(ids, nameOf);
const idsOf = (given: Given, name: string): ReadonlySet<tree.Id> => new Set(given.texts(name).map(keyOf));
const nullable = <T>(value: Written | undefined, read: (value: Written | undefined) => T): T | null => {
  return value === null ? null : read(value);
};

/** A CBOR value in JSON: bytes as {"bytes": hexadecimal}, maps as lists of pairs. */
function shown(value: Value): unknown {
  if (value instanceof Uint8Array) return { bytes: toHex(value) };
  if (value instanceof CborMap) return value.pairs.map(([key, one]) => [shown(key), shown(one)]);
  if (value instanceof Tag) throw new Error("no content has a tag");
  return Array.isArray(value) ? (value as readonly Value[]).map(shown) : value;
}

function contentOf(kind: number, data: Bytes): Content {
  return kinds.decode(kind, reading("object.malformed", () => cbor.decode(data, { maxItems: MAX_ITEMS })));
}

const dataOf = (content: Content): Bytes => cbor.encode(kinds.encode(content));

function decodeContent(given: Given): unknown {
  const content = contentOf(given.number("kind"), given.bytes("data"));
  same(dataOf(content), given.bytes("data"));
  if (content.kind !== given.number("kind")) throw new Error("another kind");
  return { members: kinds.encode(content).pairs.slice(1).map(([, member]) => shown(member)) };
}

/** Seal a content at a place as the service never sees it, and open it there. */
async function placeContent(given: Given): Promise<unknown> {
  const place = {
    account: given.bytes("account"), box: given.bytes("box"), object: given.bytes("object"), version: given.number("version"),
  };
  const under = { place, key: await new Secret("chat key", given.bytes("key")).keep(), generation: 1 };
  const content = contentOf(given.number("kind"), given.bytes("data"));
  const body = await kinds.seal(content, under, new Uint8Array(12));
  same(dataOf(await kinds.openObject(body, under)), given.bytes("data"));
  return { size: body.length };
}

/** Ticks ["tick", now] and sights ["observe", millis, counter, device, now] of one clock. */
function runClock(given: Given): unknown {
  let at = clock.start(idOf(given.text("name")));
  const stamps: (readonly number[])[] = [];
  for (const [what, ...rest] of given.rows("steps")) {
    if (what === "tick") {
      const ticked = clock.tick(at, Number(rest[0]));
      stamps.push([ticked.stamp.millis, ticked.stamp.counter]);
      at = ticked.clock;
    } else {
      const stamp = { millis: Number(rest[0]), counter: Number(rest[1]), device: idOf(textOf(rest[2])) };
      at = clock.observe(at, stamp, Number(rest[3]));
    }
  }
  return { stamps, clock: [at.millis, at.counter] };
}

const lostOf = (found: readonly merge.Lost[]): unknown => found.map(({ member, text }) => [member, text]);

function mergeContents(given: Given): unknown {
  const [base, mine, theirs] = ["base", "mine", "theirs"].map((name) => contentOf(given.number("kind"), given.bytes(name)));
  if (base === undefined || mine === undefined || theirs === undefined) throw new Error("absent");
  const merged = merge.merge(base, mine, theirs, given.number("now"));
  return { content: merged.content === null ? null : toHex(dataOf(merged.content)), lost: lostOf(merged.lost) };
}

function lostTexts(given: Given): unknown {
  const [kind, base] = [given.number("kind"), given.bytesOrNull("base")];
  return lostOf(merge.lostTexts(base === null ? null : contentOf(kind, base), contentOf(kind, given.bytes("mine"))));
}

function settleContents(given: Given): unknown {
  const names = given.texts("names");
  const objects = given.list("objects").map((data, at) => {
    return [keyOf(names[at] ?? ""), contentOf(given.number("kind"), given.join(data))] as const;
  });
  const { id, content, lost } = merge.settle(new Map(objects), given.number("now"));
  return { id: nameOf(id), content: toHex(dataOf(content)), lost: lostOf(lost) };
}

const ROLES: Readonly<Record<string, Role>> = {
  user: Role.USER, assistant: Role.ASSISTANT, system: Role.SYSTEM, tool: Role.TOOL,
};

function nodeOf(parent: Written | undefined, time: Written | undefined, role: Written = "user", parts: Written = []): Node {
  const made = (parts as readonly (string | { readonly attachment: string })[]).map((one): Part => {
    return typeof one === "string" ? { type: "text", text: one } : { type: "attached", attachment: idOf(one.attachment) };
  });
  return {
    kind: Kind.NODE, chat: idOf("chat"), parent: nullable(parent, (name) => idOf(textOf(name))), parts: made, model: null,
    role: ROLES[textOf(role)] ?? Role.USER, usage: null, state: State.COMPLETE, time: Number(time),
  };
}

/** Nodes are [id, parent, time]. */
function showTree(given: Given): unknown {
  const nodes = given.rows("nodes");
  const made = tree.build(new Map(nodes.map(([id, parent, time]) => [keyOf(textOf(id)), nodeOf(parent, time)])));
  const [leaf, added] = [given.textOrNull("leaf"), given.textOrNull("added")];
  const at = leaf === null ? null : keyOf(leaf);
  return {
    shown: namesOf(tree.shown(made, at)),
    detached: [...namesOf(made.detached)].sort(),
    siblings: Object.fromEntries(nodes.map(([id]) => [textOf(id), namesOf(tree.siblings(made, keyOf(textOf(id))))])),
    ...(added === null ? {} : { needs_leaf: tree.needsLeaf(made, at, keyOf(added)) }),
  };
}

function replyTime(given: Given): number {
  const parent = given.isNull("parent") ? null : nodeOf(null, given.number("parent"));
  return tree.replyTime(parent, given.number("now"));
}

/**
 * Rows: ["node", id, parent, time, role, parts], ["attachment", id, extracted], ["chunk", id, attachment],
 * ["receipt", id, node].
 */
function boxOf(given: Given): deletion.Contents {
  return new Map(given.rows("contents").map(([what, id, ...rest]) => [keyOf(textOf(id)), rowOf(textOf(what), rest)]));
}

function rowOf(what: string, [first, ...rest]: readonly Written[]): Content {
  if (what === "node") return nodeOf(first, rest[0], rest[1], rest[2]);
  if (what === "attachment") {
    const extracted = nullable(first, (name) => idOf(textOf(name)));
    return { kind: Kind.ATTACHMENT, name: "a", type: "text/plain", size: 0, hash: new Uint8Array(32), chunks: [], extracted };
  }
  const id = idOf(textOf(first));
  if (what === "chunk") return { kind: Kind.CHUNK, attachment: id, index: 0, data: ascii("x") };
  return { kind: Kind.RECEIPT, node: id, receipt: new Uint8Array(0), franking: null, evidence: null, position: null };
}

function sweepBox(given: Given): unknown {
  const gone = { ids: idsOf(given, "gone"), box: given.flag("box_gone"), answered: idsOf(given, "answered") };
  const { deletes, offers } = deletion.sweep(boxOf(given), gone);
  return { deletes: namesOf(deletes), offers: offers.map(({ top, nodes }) => [nameOf(top), [...namesOf(nodes)].sort()]) };
}

function walletOf(data: Bytes): Wallet {
  const found = contentOf(Kind.WALLET, data);
  if (found.kind !== Kind.WALLET) throw new Error("another kind");
  return found;
}

function claimBlock(given: Given): unknown {
  const found = wallet.claim(walletOf(given.bytes("data")), idOf(given.text("name")), hex(given.text("entropy")));
  return found === null ? null : { block: found.block, content: toHex(dataOf(found.wallet)) };
}

function acceptWallet(given: Given): string {
  const base = given.bytesOrNull("base");
  return toHex(dataOf(wallet.accept(base === null ? null : walletOf(base), walletOf(given.bytes("data")))));
}

/** What a device may spend after it spent `count` of it, and whether it should claim. */
function spend(given: Given): unknown {
  const [held, device, day] = [walletOf(given.bytes("data")), idOf(given.text("name")), given.number("day")];
  const spent = new Set(wallet.spendable(held, device, new Set()).slice(0, given.number("count")).map(wallet.mark));
  const left = wallet.spendable(held, device, spent);
  const due = wallet.needsClaim(new Map([[keyOf("w"), held]]), device, spent, day);
  return { left: left.map(toHex), claim: due !== null, over: wallet.isOver(held, day) };
}

/** How many tokens a device asks for, and the wallet that it writes for those of `data`. */
function drawTokens(given: Given): unknown {
  const daily = given.isNull("daily") ? null : given.number("daily");
  const fresh = walletOf(given.bytes("data"));
  const [shared, entropy] = [wallet.isShared(daily), hex(given.text("entropy"))];
  const written = wallet.drawn(fresh, idOf(given.text("name")), entropy, shared);
  const count = wallet.toDraw(daily, given.number("drawn"), given.number("stock"));
  return { count, shared, content: toHex(dataOf(written)) };
}

/** When the next day's tokens are drawn, null: not yet, and how long a claim waits. */
function drawTimes(given: Given): unknown {
  const entropy = hex(given.text("entropy"));
  const moment = wallet.drawMoment(given.number("day"), given.number("now"), entropy);
  return { moment, delay: wallet.claimDelay(entropy) };
}

/** The keyring is revision 3; boxes are [name, epoch]. */
function rotationLeft(given: Given): unknown {
  const [account, nothing] = [idOf("account"), new Uint8Array(32)];
  const ring = {
    account, revision: 3, epoch: given.number("epoch"), previous: nothing, openers: [], devices: [], day: 0, signer: account,
    private: nothing,
  };
  const boxes = given.rows("boxes").map(([name, epoch]) => [keyOf(textOf(name)), nullable(epoch, Number)] as const);
  const position = { account, n: 9, head: nothing, keyring: given.number("pinned") };
  const past = given.list("past").map(Number);
  const found = rotation.left({ keyring: ring, hash: nothing }, past, position, new Map(boxes));
  return { pin: found.pin, boxes: namesOf(found.boxes), drop: found.drop };
}

const orderBetween: Operation = (given) => order.between(given.textOrNull("before"), given.textOrNull("after"));
const orderSpread: Operation = (given) => order.spread(given.number("count"));
const deleteMessage: Operation = (given) => namesOf(deletion.ofMessage(boxOf(given), keyOf(given.text("id"))));
const deleteChat: Operation = (given) => namesOf(deletion.ofChat(keyOf("chat"), boxOf(given)));
const titleOf: Operation = (given) => title.ofText(given.text("text"));

export const HISTORY: readonly (readonly [string, Operation])[] = [
  ["decode_content", decodeContent],
  ["place_content", placeContent],
  ["order_between", orderBetween],
  ["order_spread", orderSpread],
  ["run_clock", runClock],
  ["merge_contents", mergeContents],
  ["lost_texts", lostTexts],
  ["settle_contents", settleContents],
  ["show_tree", showTree],
  ["reply_time", replyTime],
  ["delete_message", deleteMessage],
  ["delete_chat", deleteChat],
  ["sweep_box", sweepBox],
  ["title_of", titleOf],
  ["claim_block", claimBlock],
  ["accept_wallet", acceptWallet],
  ["spend", spend],
  ["draw_tokens", drawTokens],
  ["draw_times", drawTimes],
  ["rotation_left", rotationLeft],
];
