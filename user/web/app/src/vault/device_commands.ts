/** The commands that are about devices and what opens the account. */

import type { Account } from "@privity/account/account";
import * as keys from "@privity/account/keys";
import * as management from "@privity/account/management";
import { next } from "@privity/account/revision";
import { ServiceError } from "@privity/history/service";
import { type Bytes, equal, fromHex, toHex } from "@privity/protocol/bytes";
import * as ring from "@privity/protocol/stored/keyring";
import * as pages from "@privity/protocol/stored/page";
import { Kind } from "@privity/vault/contents/schema";
import * as opener from "@privity/vault/opener";

import { Refusal } from "../bridge/line.ts";
import type { DeviceView, OpenerView } from "../bridge/views.ts";
import { needed } from "./account_commands.ts";
import type { Accounts } from "./accounts.ts";
import type { VaultHandlers } from "./chat_commands.ts";
import { bytesOf, type Id } from "./ids.ts";

const DAY_MS = 86_400_000;
/** The newest pages that are asked who wrote them. */
const LOOKED_AT = 500;
const KINDS: ReadonlyMap<number, OpenerView["kind"]> = new Map([
  [opener.KINDS.passkey, "passkey"], [opener.KINDS.recovery, "code"], [opener.KINDS.device, "device"],
  [opener.KINDS.passphrase, "words"],
]);

type Part = Pick<VaultHandlers, "devices" | "revoke" | "rename" | "addPasskey" | "addedPasskey" | "removeOpener">;

export function deviceCommands(accounts: Accounts): Part {
  /** A change of the keyring, of which the other tabs hear. */
  const change = async (step: (account: Account) => Promise<void>): Promise<null> => {
    await accounts.turn(step);
    accounts.desk.edges.tabs.say({ kind: "keyring", account: accounts.account.session.identity.account });
    accounts.desk.changed([]);
    return null;
  };
  return {
    devices: async () => {
      const { account } = accounts;
      // What other devices changed meanwhile; without a network the list is as it was.
      if (accounts.desk.saved?.sync.offline !== true) {
        await accounts.desk.saved?.online(() => account.renew()).catch(unreachable);
      }
      return { devices: await devicesOf(accounts, account), openers: openersOf(account) };
    },
    revoke: ({ device }) => change((account) => management.revoke(account, bytesOf(device))),
    rename: ({ device, label }) => change((account) => {
      const labels = new Map([[toHex(bytesOf(device)), label.trim()]]);
      return account.change((session) => next(session, { labels }, account.place.world));
    }),
    addPasskey: async () => {
      const { challenge, exclude } = await accounts.turn((account) => management.beginPasskey(account));
      accounts.steps.adding = challenge;
      const { account } = accounts.account.session.identity;
      return { challenge: challenge.challenge, rpId: challenge.rpId, account, exclude };
    },
    addedPasskey: async ({ id, clientDataJson, attestationObject, material, passkeyLabel }) => {
      const adding = needed(accounts.steps.adding);
      delete accounts.steps.adding;
      const opens = material === null ? null : keys.ofPasskey(material);
      const registration = { id, clientDataJson, attestationObject };
      return change((account) => management.finishPasskey(account, adding, registration, opens, passkeyLabel));
    },
    removeOpener: ({ opener: id }) => change((account) => removed(account, bytesOf(id))),
  };
}

function unreachable(error: unknown): void {
  if (!(error instanceof ServiceError)) throw error;
}

async function removed(account: Account, id: Bytes): Promise<void> {
  const { session } = account;
  const listed = ring.openerOf(session.trusted.keyring, id);
  if (listed === null) throw new Refusal("opener.unlisted");
  if (listed.kind === opener.KINDS.device) {
    const device = fromHex(session.names.openers.find((one) => equal(one.id, id))?.label ?? "");
    if (device?.length !== 16) throw new Refusal("opener.needed");
    return management.revoke(account, device);
  }
  // The recovery code is replaced, never taken away.
  if (listed.kind === opener.KINDS.recovery) throw new Refusal("opener.needed");
  return management.removeOpener(account, id);
}

/** The day on which each id of a keyring was listed first, as Unix milliseconds. */
function firstDays(account: Account, idsOf: (one: ring.Keyring) => readonly { readonly id: Bytes }[]): ReadonlyMap<Id, number> {
  const found = new Map<Id, number>();
  for (const { public: data } of account.session.keyrings) {
    const one = ring.decode(data);
    for (const { id } of idsOf(one)) if (!found.has(toHex(id))) found.set(toHex(id), one.day * DAY_MS);
  }
  return found;
}

function openersOf(account: Account): readonly OpenerView[] {
  const added = firstDays(account, (one) => one.openers);
  const devices = management.devices(account);
  return management.openers(account).map(({ id, kind, label }) => {
    const own = kind === opener.KINDS.device ? devices.find((one) => toHex(one.id) === label)?.label : undefined;
    return { id: toHex(id), kind: KINDS.get(kind) ?? "device", label: own ?? label, added: added.get(toHex(id)) ?? 0 };
  });
}

async function devicesOf(accounts: Accounts, account: Account): Promise<readonly DeviceView[]> {
  const added = firstDays(account, (one) => one.devices);
  const heard = await heardOf(accounts, account);
  const { keyring } = account.session.trusted;
  const rows = management.devices(account);
  return rows.map(({ id, label, active, here }) => {
    const by = ring.deviceOf(keyring, id)?.introducedBy ?? null;
    const device = by === null ? undefined : rows.find((one) => equal(one.id, by));
    const key = toHex(id);
    return {
      id: key, label, active, here, added: added.get(key) ?? 0, addedBy: device?.label ?? null, heard: heard.get(key) ?? null,
    };
  });
}

/** When each device wrote last: a view that it wrote to be heard, or the newest of its pages. */
async function heardOf({ desk }: Accounts, account: Account): Promise<ReadonlyMap<Id, number>> {
  const heard = new Map<Id, number>();
  const later = (device: Bytes, millis: number): void => {
    heard.set(toHex(device), Math.max(heard.get(toHex(device)) ?? 0, millis));
  };
  const saved = desk.saved;
  if (saved === null) return heard;
  const { account: home } = account.session.identity;
  const views = saved.contents.listed(toHex(home), Kind.VIEW);
  for (const { device, checkpoints } of views.values()) later(device, checkpoints.stamp.millis);
  const { n } = await account.position();
  for (const [, { data }] of await saved.mirror.pages(Math.max(1, n - LOOKED_AT))) {
    const { device, day } = pages.decode(data);
    later(device, day * DAY_MS);
  }
  return heard;
}
