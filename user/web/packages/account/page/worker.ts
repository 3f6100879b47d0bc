/** The vault worker: keys, store and network are here, and nothing of the screen. */

import { type Bytes, fromHex, toHex } from "@privity/protocol/bytes";
import * as opener from "@privity/vault/opener";
import { inScript } from "@privity/vault/argon2id";
import * as passphrase from "@privity/vault/passphrase";

import { browserPlace } from "../../../app/src/vault/browser_place.ts";
import * as access from "../src/access.ts";
import { Account } from "../src/account.ts";
import type { Challenge, NewAccount } from "../src/calls.ts";
import { Ceremony } from "../src/ceremony.ts";
import * as creation from "../src/creation.ts";
import * as entry from "../src/entry.ts";
import * as keys from "../src/keys.ts";
import { type Asked as Scanning, Matched, Offer, scan, type Shown, type Typing } from "../src/linking.ts";
import * as management from "../src/management.ts";
import type { Place } from "../src/place.ts";
import { type Answer, type Command, type Name, readAsked, type Replied, type State, type View } from "./bridge.ts";
import * as chat from "./chat.ts";

type Of<One extends Name> = Extract<Command, { readonly name: One }>;
type Handlers = { readonly [One in Name]: (command: Of<One>) => Promise<Answer> };

const random = (size: number): Bytes => crypto.getRandomValues(new Uint8Array(size));

/** Everything that this worker remembers; a lock ends the worker. */
const here: {
  place?: Place; account?: Account; begun?: NewAccount; challenge?: Challenge; ceremony?: Ceremony; offer?: Offer;
  shown?: Shown; scanning?: Scanning; typing?: Typing; matched?: Matched;
} = {};

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("out of order");
  return value;
}

async function view(): Promise<Answer> {
  const account = needed(here.account);
  const shown: View = {
    saved: account.isRecoverable,
    messages: account.isRecoverable ? await chat.messages(account.history) : [],
    devices: management.devices(account).map(({ id, ...row }) => ({ id: toHex(id), ...row })),
    unsent: await account.unsent(),
    ...(await account.position()),
  };
  return { kind: "view", view: shown };
}

async function stateOf(place: Place): Promise<State> {
  const [known] = await place.devices.all();
  if (known === undefined) return "none";
  return known.opener.key === null ? "asks_passkey" : "opens_itself";
}

/** What a passkey's use is for: to come back, to unlock, or to prove oneself again. */
async function proved(command: Of<"proved">): Promise<Answer> {
  const [place, challenge] = [needed(here.place), needed(here.challenge)];
  const { id, clientDataJson, authenticatorData, signature, userHandle, material, label, words } = command;
  const assertion = { id, clientDataJson, authenticatorData, signature, userHandle };
  const [known] = await place.devices.all();
  if (command.purpose === "enter") {
    here.account = await entry.withPasskey(place, challenge, { assertion, material }, words, { label, keepUnlocked: true });
    await here.account.sync();
  } else if (command.purpose === "unlock") {
    const device = needed(known);
    const typed = words === null ? null : await entry.stretched(place, opener.decode(device.opener.record), words);
    const opens = material === null ? typed : keys.ofPasskey(material);
    here.account = await Account.unlock(place, device, opens === null ? {} : { material: opens });
    await here.account.sync();
  } else {
    needed(here.account).tokens.prove(await access.withPasskey(place, challenge, assertion));
  }
  return view();
}

async function created(command: Of<"created">): Promise<Answer> {
  const { material, label, keepUnlocked, id, clientDataJson, attestationObject } = command;
  const place = needed(here.place);
  const opening = material === null
    ? { kind: "words" as const, ...keys.newWords(place.world) }
    : { kind: "passkey" as const, material: keys.ofPasskey(material) };
  const shown = opening.kind === "words" ? passphrase.written(opening.words) : null;
  const registration = { id, clientDataJson, attestationObject };
  const chosen = { label, passkeyLabel: "Passkey", keepUnlocked };
  here.account = await creation.finish(place, needed(here.begun), registration, opening, chosen);
  return shown === null ? view() : { kind: "words", words: shown };
}

const handlers: Handlers = {
  start: async ({ service }) => {
    here.place = await browserPlace(service, {
      fetch: (address, options) => self.fetch(address, options), random,
      argon2id: (words, cost) => Promise.resolve(inScript(words, cost)),
    });
    return { kind: "state", state: await stateOf(here.place) };
  },
  create: async () => {
    here.begun = await creation.begin(needed(here.place));
    const { challenge, account, rpId } = here.begun;
    return { kind: "challenge", challenge, account, rpId };
  },
  created,
  ceremony: () => {
    here.ceremony = Ceremony.begin(needed(here.account));
    return Promise.resolve({ kind: "code", shown: here.ceremony.shown });
  },
  typed: async ({ third, seventh }) => {
    await needed(here.ceremony).finish([third, seventh]);
    delete here.ceremony;
    await needed(here.account).sync();
    return view();
  },
  proof: async () => {
    here.challenge = await access.beginPasskey(needed(here.place));
    const { challenge, rpId } = here.challenge;
    return { kind: "challenge", challenge, rpId, account: new Uint8Array(0) };
  },
  proved,
  code: async ({ typed, label }) => {
    here.account = await entry.withCode(needed(here.place), typed, { label, keepUnlocked: true });
    await here.account.sync();
    return view();
  },
  unlock: async () => {
    const [known] = await needed(here.place).devices.all();
    here.account = await Account.unlock(needed(here.place), needed(known));
    return view();
  },
  write: async ({ text }) => {
    await chat.write(needed(here.account).history, text, Date.now());
    return view();
  },
  sync: async () => {
    await needed(here.account).sync();
    return view();
  },
  offer: async () => {
    here.offer = await Offer.make(needed(here.place));
    return { kind: "link", link: here.offer.link };
  },
  answered: async () => {
    const shown = await needed(here.offer).answered();
    if (shown === null) return null;
    here.shown = shown;
    return { kind: "digits", digits: shown.digits };
  },
  granted: async () => {
    const account = await needed(here.shown).granted();
    if (account === null) return null;
    here.account = account;
    return view();
  },
  scan: async ({ link }) => {
    here.scanning = await scan(needed(here.account), link);
    return null;
  },
  revealed: async () => {
    const typing = await needed(here.scanning).revealed();
    if (typing === null) return null;
    here.typing = typing;
    return { kind: "left", left: typing.left };
  },
  digits: async ({ digits }) => {
    const judged = await needed(here.typing).type(digits);
    if (judged instanceof Matched) {
      here.matched = judged;
      return { kind: "matched" };
    }
    here.typing = judged;
    return { kind: "left", left: judged.left };
  },
  grant: async ({ label }) => {
    await needed(here.matched).grant(label);
    return view();
  },
  revoke: async ({ device }) => {
    await management.revoke(needed(here.account), fromHex(device) ?? new Uint8Array(0));
    return view();
  },
  lock: async () => {
    await needed(here.account).lock();
    delete here.account;
    return null;
  },
  forget: async () => {
    await needed(here.account).forget();
    delete here.account;
    return { kind: "state", state: "none" };
  },
};

/** A closed reason where there is one; of anything else the kind and nothing more. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && "reason" in error && typeof error.reason === "string") return error.reason;
  return error instanceof Error ? `page.${error.name}` : "page.failed";
}

/** One after the other: each command finds what the one before left. */
let last: Promise<unknown> = Promise.resolve();

self.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
  const asked = readAsked(data);
  if (asked === null) return;
  const { number, command } = asked;
  const handle = handlers[command.name] as (command: Command) => Promise<Answer>;
  last = last.then(() => handle(command)).then(
    (answer): Replied => ({ number, answer }),
    (error: unknown): Replied => ({ number, reason: reasonOf(error) }),
  ).then((reply) => {
    self.postMessage(reply);
  });
});
