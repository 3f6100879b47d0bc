/** Chats of an account: sealed objects in its history. Every change is one transaction, on this device when it is answered. */

import type { Account } from "@privity/account/account";
import { Boxes } from "@privity/history/boxes";
import { findBody } from "@privity/history/ground";
import type { Item } from "@privity/history/history";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import { Op } from "@privity/protocol/stored/page";
import { importIds } from "@privity/vault/box";
import { type Chat, type Node, State } from "@privity/vault/contents/chat";
import type { Content } from "@privity/vault/contents/kinds";
import { Kind } from "@privity/vault/contents/schema";
import { VaultError } from "@privity/vault/errors";
import { BLANK } from "@privity/vault/export/library";
import type { Values } from "@privity/vault/merge";
import type { Nodes } from "@privity/vault/tree";
import { newestKey } from "@privity/history/session";

import { Refusal } from "../bridge/line.ts";
import type { FaultView, Proof } from "../bridge/views.ts";
import type { Addition, Appraised, Book, Ending, File, Listed, Opened, Shown } from "./book.ts";
import type { Contents } from "./contents.ts";
import { factsOf, fileOf, objectsOf } from "./files.ts";
import { bytesOf, type Id } from "./ids.ts";
import type { Live } from "./live.ts";
import type { Mirror } from "./mirror.ts";
import { proofOf } from "./proof.ts";

/** What the service and its objects allow for evidence (specs/contents.md). */
const MAX_BUNDLE = 524_288;
const MAX_APPRAISAL = 65_536;
const MAX_RECEIPT = 65_536;

/** What a saved book is made of. `change` runs a step in this device's turn, as one writing. */
export interface Parts {
  readonly account: Account;
  readonly mirror: Mirror;
  readonly contents: Contents;
  readonly live: Live;
  change<T>(step: () => Promise<T>): Promise<T>;
  /** When the newest message of a chat was written, null where it is not known yet. */
  newest(chat: Id): number | null;
  /** Faults that a person does not want to see any more. */
  readonly hidden: ReadonlySet<Id>;
}

export class SavedBook implements Book {
  readonly temporary = false;
  readonly #parts: Parts;
  readonly #coming = new Map<Id, { readonly chat: Id; readonly node: Node | null }>();
  /** What evidence says, by its id: it is half a megabyte, and the same for many answers. */
  readonly #proofs = new Map<Id, Proof>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get #home(): Id {
    return toHex(this.#parts.account.session.identity.account);
  }

  has(chat: Id): boolean {
    const found = this.#parts.mirror.find(chat);
    return found !== null && found.op !== Op.PUT && chat !== this.#home;
  }

  list(): readonly Listed[] {
    const { mirror } = this.#parts;
    return mirror.boxes().flatMap(({ id: bytes, op }) => {
      const id = toHex(bytes);
      if (id === this.#home) return [];
      const content = this.#chat(id)?.content ?? BLANK;
      const time = this.#parts.newest(id) ?? content.title.stamp.millis;
      return [{ id, content, archived: op === Op.BOX_ARCHIVED, time, faults: this.#faults(id) }];
    });
  }

  async open(chat: Id): Promise<Opened> {
    if (!this.has(chat)) throw new Refusal("chat.unknown");
    const { mirror, contents } = this.#parts;
    const inside = await contents.inside(chat);
    const coming = await this.#comingIn(chat);
    const nodes = new Map<Id, Node>(coming);
    const files = new Map<Id, ReturnType<typeof factsOf>>();
    for (const [id, one] of inside) {
      if (one.kind === Kind.NODE) nodes.set(id, one);
      if (one.kind === Kind.ATTACHMENT) files.set(id, factsOf(one, inside));
    }
    return {
      id: chat, content: this.#chat(chat)?.content ?? BLANK, archived: mirror.find(chat)?.op === Op.BOX_ARCHIVED,
      nodes, coming: new Set(coming.keys()), files, proofs: await this.#proofsIn(inside), faults: this.#faults(chat),
    };
  }

  async file(chat: Id, file: Id): Promise<File> {
    const { contents, mirror } = this.#parts;
    const found = await contents.one(file);
    if (found?.kind !== Kind.ATTACHMENT || toHex(mirror.find(file)?.box ?? new Uint8Array(0)) !== chat) {
      throw new Refusal("file.unknown");
    }
    return fileOf(file, found, (id) => contents.one(id));
  }

  /** The chat that an object lies in, null when there is none. */
  chatOf(object: Id): Promise<Id | null> {
    const box = this.#parts.mirror.find(object)?.box;
    return Promise.resolve(box === undefined || toHex(box) === this.#home ? null : toHex(box));
  }

  async evidence(proof: Id): Promise<Appraised & { readonly receipt: Bytes | null }> {
    const { contents } = this.#parts;
    const receipt = await contents.one(proof);
    if (receipt?.kind !== Kind.RECEIPT || receipt.evidence === null) throw new Refusal("evidence.unknown");
    const found = await contents.one(toHex(receipt.evidence));
    if (found?.kind !== Kind.EVIDENCE) throw new Refusal("evidence.unknown");
    const { document, bundle, appraisal } = found;
    return { document, bundle, appraisal, receipt: receipt.receipt.length === 0 ? null : receipt.receipt };
  }

  newId(): Id {
    return toHex(this.#newId());
  }

  #newId(): Bytes {
    return this.#parts.account.place.world.random(16);
  }

  begin(chat: Id, content: Chat, first: Addition): Promise<void> {
    return this.#parts.change(async () => {
      const { history } = this.#parts.account;
      await history.addBox(bytesOf(chat));
      await history.add(content, bytesOf(chat));
      await this.#add(chat, first);
    });
  }

  /** A whole chat that lay somewhere else: its messages and files by id, what is kept of answers by message. */
  take(
    chat: Id, content: Chat, nodes: Nodes, files: ReadonlyMap<Id, File>,
    proofs: ReadonlyMap<Id, Appraised & { readonly receipt: Bytes | null }>,
  ): Promise<void> {
    return this.#parts.change(async () => {
      const { history } = this.#parts.account;
      await history.addBox(bytesOf(chat));
      await history.add(content, bytesOf(chat));
      await this.#addFiles(chat, files);
      for (const [id, node] of nodes) await history.add(node, bytesOf(chat), bytesOf(id));
      for (const [node, one] of proofs) await this.#prove(chat, node, one, one.receipt);
    });
  }

  add(chat: Id, addition: Addition): Promise<void> {
    return this.#parts.change(async () => {
      await this.#add(chat, addition);
      await this.#edit(chat, addition.values);
    });
  }

  edit(chat: Id, values: Values<Chat>): Promise<void> {
    return this.#parts.change(() => this.#edit(chat, values));
  }

  async live(chat: Id, answer: Id): Promise<void> {
    await this.#parts.live.begin(answer);
    this.#coming.set(answer, { chat, node: null });
  }

  draft(chat: Id, answer: Id, node: Node): Promise<void> {
    return this.#parts.change(async () => {
      // Finished meanwhile, or its chat deleted: a draft would come back as a message that was cut off.
      if (!this.#coming.has(answer) || !this.has(chat)) return;
      this.#coming.set(answer, { chat, node });
      await this.#parts.account.history.draft(bytesOf(answer), node);
    });
  }

  async finish(chat: Id, { id, node, appraised, receipt, values }: Ending): Promise<void> {
    await this.#parts.change(async () => {
      await this.#parts.account.history.finish(bytesOf(id), node);
      await this.#prove(chat, id, appraised, receipt);
      await this.#edit(chat, values);
    });
    this.#ended(id);
  }

  async drop(_: Id, answer: Id): Promise<void> {
    await this.#parts.change(() => this.#parts.mirror.commit({ drafts: [[bytesOf(answer), null]] }));
    this.#ended(answer);
  }

  archive(chat: Id, archived: boolean): Promise<void> {
    return this.#parts.change(() => this.#parts.account.history.setActive(bytesOf(chat), !archived));
  }

  async remove(chats: readonly Id[]): Promise<void> {
    await this.#parts.change(async () => {
      const { mirror, account } = this.#parts;
      for (const chat of chats) {
        const inside = mirror.inside(chat).map(({ id }) => id).filter((id) => toHex(id) !== chat);
        const drafts = (await mirror.drafts()).filter(({ box }) => toHex(box) === chat);
        await account.history.remove([bytesOf(chat), ...inside]);
        await mirror.commit({ drafts: drafts.map(({ id }) => [id, null] as const) });
      }
    });
    for (const [answer, { chat }] of this.#coming) if (chats.includes(chat)) this.#ended(answer);
  }

  /** Answers that nobody is writing any more, in any tab, become messages that were cut off. Returns their chats. */
  async recover(): Promise<readonly Id[]> {
    const { mirror, live, account } = this.#parts;
    if ((await mirror.drafts()).length === 0) return [];
    return this.#parts.change(async () => {
      const held = await live.held();
      const left = (await mirror.drafts()).filter(({ id }) => !held.has(toHex(id)) && !this.#coming.has(toHex(id)));
      for (const { id, box, body } of left) {
        const content = await this.#openDraft(id, box, body);
        if (content?.kind === Kind.NODE && this.has(toHex(box))) {
          await account.history.finish(id, { ...content, state: State.CUT });
        } else await mirror.commit({ drafts: [[id, null]] });
      }
      return left.map(({ box }) => toHex(box));
    });
  }

  #ended(answer: Id): void {
    this.#coming.delete(answer);
    this.#parts.live.end(answer);
  }

  #chat(chat: Id): Item<Chat> | null {
    const [found] = this.#parts.contents.listed(chat, Kind.CHAT);
    return found === undefined ? null : { id: bytesOf(found[0]), box: bytesOf(chat), content: found[1] };
  }

  #faults(chat: Id): readonly FaultView[] {
    const { mirror, hidden } = this.#parts;
    return mirror.faults(chat).flatMap(({ id, fault }) => {
      return fault === null || hidden.has(toHex(id)) ? [] : [{ id: toHex(id), reason: fault }];
    });
  }

  async #add(chat: Id, { id, node, files }: Addition): Promise<void> {
    if (!this.has(chat)) throw new Refusal("chat.unknown");
    await this.#addFiles(chat, files);
    await this.#parts.account.history.add(node, bytesOf(chat), bytesOf(id));
  }

  async #addFiles(chat: Id, files: ReadonlyMap<Id, File>): Promise<void> {
    const { history } = this.#parts.account;
    for (const [file, one] of files) {
      for (const [at, content] of await objectsOf(file, one, () => this.#newId())) await history.add(content, bytesOf(chat), at);
    }
  }

  async #edit(chat: Id, values: Values<Chat>): Promise<void> {
    if (Object.keys(values).length === 0) return;
    const found = this.#chat(chat);
    if (found !== null) await this.#parts.account.history.edit(found, values);
    // The chat's own object was lost by the service: another one says from here on what it is.
    else if (this.has(chat)) await this.#restore(chat, values);
    else throw new Refusal("chat.unknown");
  }

  async #restore(chat: Id, values: Values<Chat>): Promise<void> {
    const { history } = this.#parts.account;
    await history.edit(await history.add(BLANK, bytesOf(chat)) as Item<Chat>, values);
  }

  async #prove(chat: Id, node: Id, appraised: Appraised | null, receipt: Bytes | null): Promise<void> {
    if (appraised === null || !isKeepable(appraised)) return;
    const { account, mirror } = this.#parts;
    const { session, history } = account;
    const ids = await importIds(newestKey(session).key, session.identity.account, "evidence");
    const evidence = ids(toHex(appraised.document));
    if (!mirror.knows(toHex(evidence))) {
      await history.add({ kind: Kind.EVIDENCE, ...appraised }, session.identity.account, evidence);
    }
    const signed = receipt !== null && receipt.length <= MAX_RECEIPT ? receipt : new Uint8Array(0);
    await history.add({
      kind: Kind.RECEIPT, node: bytesOf(node), receipt: signed, franking: null, evidence, position: null,
    }, bytesOf(chat));
  }

  async #proofsIn(inside: ReadonlyMap<Id, Content>): Promise<ReadonlyMap<Id, Shown>> {
    const found = new Map<Id, Shown>();
    for (const [id, one] of inside) {
      if (one.kind !== Kind.RECEIPT || one.evidence === null) continue;
      const proof = await this.#proof(toHex(one.evidence));
      if (proof !== "none") found.set(toHex(one.node), { id, proof });
    }
    return found;
  }

  async #proof(evidence: Id): Promise<Proof> {
    const known = this.#proofs.get(evidence);
    if (known !== undefined) return known;
    const content = await this.#parts.contents.one(evidence);
    if (content?.kind !== Kind.EVIDENCE) return "none";
    const proof = proofOf(content.appraisal);
    this.#proofs.set(evidence, proof);
    return proof;
  }

  /** Answers on their way to this chat: this tab's, and those that other tabs keep as drafts. */
  async #comingIn(chat: Id): Promise<ReadonlyMap<Id, Node>> {
    const found = new Map<Id, Node>();
    for (const [id, one] of this.#coming) if (one.chat === chat && one.node !== null) found.set(id, one.node);
    const drafts = (await this.#parts.mirror.drafts())
      .filter(({ id, box }) => toHex(box) === chat && !this.#coming.has(toHex(id)));
    if (drafts.length === 0) return found;
    const held = await this.#parts.live.held();
    for (const { id, box, body } of drafts) {
      const content = held.has(toHex(id)) ? await this.#openDraft(id, box, body) : null;
      if (content?.kind === Kind.NODE) found.set(toHex(id), content);
    }
    return found;
  }

  async #openDraft(id: Bytes, box: Bytes, body: Bytes): Promise<Content | null> {
    const { mirror, account } = this.#parts;
    try {
      const boxes = new Boxes((one) => findBody(mirror, one));
      return await boxes.open({ id, box, version: 1, body }, account.session);
    } catch (error) {
      if (error instanceof VaultError) return null;
      throw error;
    }
  }
}

function isKeepable({ document, bundle, appraisal }: Appraised): boolean {
  const within = (data: Bytes, most: number): boolean => data.length > 0 && data.length <= most;
  return document.length === 32 && within(bundle, MAX_BUNDLE) && within(appraisal, MAX_APPRAISAL);
}
