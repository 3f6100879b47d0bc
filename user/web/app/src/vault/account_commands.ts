/** The commands that make, enter, unlock, lock and forget an account. */

import * as access from "@privity/account/access";
import { Account } from "@privity/account/account";
import { Ceremony } from "@privity/account/ceremony";
import * as creation from "@privity/account/creation";
import * as entry from "@privity/account/entry";
import { AccountError } from "@privity/account/errors";
import * as keys from "@privity/account/keys";
import { erase, leave } from "@privity/account/leaving";
import { ask } from "@privity/history/http";
import { Halted } from "@privity/history/errors";
import { ServiceError } from "@privity/history/service";
import { VaultError } from "@privity/vault/errors";
import * as opener from "@privity/vault/opener";
import * as passphrase from "@privity/vault/passphrase";
import * as recovery from "@privity/vault/recovery";

import { Refusal } from "../bridge/line.ts";
import type { AccountState, ErasureView } from "../bridge/views.ts";
import type { Accounts } from "./accounts.ts";
import type { VaultHandlers } from "./chat_commands.ts";
import { erasureView } from "./erasing.ts";
import { withCode, withPasskey } from "./unlocking.ts";

type Command<Name extends keyof VaultHandlers> = Parameters<VaultHandlers[Name]>[0];
type Making = Pick<VaultHandlers, "create" | "created" | "ceremony" | "typed" | "abandon">;
type Entering = Pick<
  VaultHandlers, "start" | "proof" | "proved" | "code" | "unlock" | "lock" | "forget" | "deleteAccount"
>;

/** What an earlier step left. Raises Refusal `page.order`. */
export function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Refusal("page.order");
  return value;
}

export function makingCommands(accounts: Accounts): Making {
  return {
    create: async ({ invitation }) => {
      if ((await accounts.known()) !== null) throw new Refusal("account.known");
      accounts.steps.begun = await creation.begin(accounts.premises.outside, invitation);
      const { challenge, account, rpId } = accounts.steps.begun;
      return { challenge, account, rpId, exclude: [] };
    },
    created: (command) => created(accounts, command),
    ceremony: () => {
      accounts.steps.ceremony = Ceremony.begin(accounts.account);
      return Promise.resolve(accounts.steps.ceremony.shown);
    },
    typed: async ({ third, seventh }) => {
      const ceremony = needed(accounts.steps.ceremony);
      await accounts.turn(() => ceremony.finish([third, seventh]));
      delete accounts.steps.ceremony;
      if (accounts.desk.saved === null) {
        await accounts.save();
        await accounts.bringHome();
      }
      return accounts.state();
    },
    abandon: async () => {
      const { account, desk } = accounts;
      if (desk.saved !== null) throw new Refusal("page.order");
      return accounts.forgotten(() => accounts.premises.turns.run(async () => {
        // An account that nobody can come back to is of no use to anybody; if the service cannot be told, it stays empty.
        await ask(account.tokens.freshWay(), "DELETE", "/v1/account", null, "application/json").catch(() => undefined);
        await account.forget();
      }));
    },
  };
}

async function created(accounts: Accounts, command: Command<"created">): Promise<string | null> {
  const { premises, steps } = accounts;
  const { id, clientDataJson, attestationObject, material, label, passkeyLabel, keepUnlocked } = command;
  const opening = material === null
    ? { kind: "words" as const, ...keys.newWords(premises.inside.world) }
    : { kind: "passkey" as const, material: keys.ofPasskey(material) };
  const words = opening.kind === "words" ? passphrase.written(opening.words) : null;
  const begun = needed(steps.begun);
  const chosen = { label, passkeyLabel, keepUnlocked };
  await accounts.opened(() => {
    return creation.finish(premises.inside, begun, { id, clientDataJson, attestationObject }, opening, chosen);
  });
  delete steps.begun;
  return words;
}

export function enteringCommands(accounts: Accounts): Entering {
  return {
    start: ({ service }) => accounts.start(service),
    proof: async () => {
      accounts.steps.challenge = await access.beginPasskey(accounts.premises.outside);
      const { challenge, rpId } = accounts.steps.challenge;
      const known = await accounts.known();
      const credential = known === null ? null : opener.decode(known.opener.record).credential;
      return { challenge, rpId, account: known?.account ?? new Uint8Array(0), exclude: credential === null ? [] : [credential] };
    },
    proved: (command) => proved(accounts, command),
    code: ({ typed, label }) => code(accounts, typed, label),
    unlock: async () => {
      const known = await accounts.known();
      if (known === null) throw new AccountError("device.absent");
      return accounts.isOpen ? accounts.state() : accounts.opened(() => Account.unlock(accounts.premises.inside, known));
    },
    lock: async () => {
      await accounts.lock(true);
      accounts.desk.clear();
      return null;
    },
    forget: async () => {
      const known = await accounts.known();
      return accounts.forgotten(async () => {
        if (accounts.isOpen) await left(accounts);
        else if (known !== null) {
          await accounts.premises.outside.devices.remove(known.account);
          await accounts.premises.inside.forget(known.account);
        }
      });
    },
    deleteAccount: async () => {
      const promised: ErasureView[] = [];
      const state = await accounts.forgotten(async () => {
        promised.push(...[erasureView(await accounts.turn(erase))].filter((one) => one !== null));
      });
      for (const receipt of promised) accounts.desk.edges.tell({ kind: "erased", receipt });
      return state;
    },
  };
}

/**
 * Forget the account here. Where a person proved themselves just now and the service answers, the device signs its own
 * revocation first; else the others still list it, and any of them can take it away.
 */
async function left(accounts: Accounts): Promise<void> {
  try {
    accounts.account.tokens.fresh();
    await accounts.turn(leave);
  } catch (error) {
    const expected = error instanceof ServiceError || error instanceof AccountError || error instanceof VaultError
      || error instanceof Halted;
    if (!expected) throw error;
    await accounts.premises.turns.run(() => accounts.account.forget());
  }
}

/** A passkey was used: to come in, to unlock, or to prove that a person is here. */
async function proved(accounts: Accounts, command: Command<"proved">): Promise<AccountState> {
  const { premises, steps } = accounts;
  const { id, clientDataJson, authenticatorData, signature, userHandle, material, purpose, words, label, keepUnlocked } = command;
  const challenge = needed(steps.challenge);
  delete steps.challenge;
  const used = { assertion: { id, clientDataJson, authenticatorData, signature, userHandle }, material };
  const known = await accounts.known();
  if (accounts.isOpen) {
    if (purpose !== "prove" && purpose !== "add") throw new Refusal("page.order");
    accounts.account.tokens.prove(await access.withPasskey(premises.outside, challenge, used.assertion));
    return accounts.state();
  }
  if (purpose === "unlock" && known !== null) {
    return accounts.opened(() => withPasskey(premises, known, challenge, used, words));
  }
  if (purpose !== "enter" || known !== null) throw new Refusal("page.order");
  return entered(accounts, () => entry.withPasskey(premises.inside, challenge, used, words, { label, keepUnlocked }));
}

async function code(accounts: Accounts, typed: string, label: string): Promise<AccountState> {
  const { premises } = accounts;
  const known = await accounts.known();
  if (accounts.isOpen) {
    accounts.account.tokens.prove(await access.withCode(premises.outside, recovery.read(typed)));
    return accounts.state();
  }
  if (known !== null) return accounts.opened(() => withCode(premises, known, typed));
  return entered(accounts, () => entry.withCode(premises.inside, typed, { label, keepUnlocked: true }));
}

/** A browser that knew nothing: it reads the whole log before anybody looks at it. */
async function entered(accounts: Accounts, enter: () => Promise<Account>): Promise<AccountState> {
  const state = await accounts.opened(enter);
  if (accounts.desk.saved !== null) await accounts.sync.now().catch(() => undefined);
  return state;
}

