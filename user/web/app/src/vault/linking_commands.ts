/** The commands that link a browser: of the new one, and of the one that has the account. */

import { CodeOffer, Matched, Offer, scan } from "@privity/account/linking";

import type { VaultHandlers } from "./chat_commands.ts";
import { needed } from "./account_commands.ts";
import type { Accounts } from "./accounts.ts";

type Part = Pick<VaultHandlers, "offer" | "offerCode" | "answered" | "granted" | "scan" | "revealed" | "digits" | "grant">;

export function linkingCommands(accounts: Accounts): Part {
  const { desk } = accounts;
  return {
    offer: async () => {
      const { inside, turns } = accounts.premises;
      const offer = await turns.run(() => Offer.make(inside));
      accounts.steps.offer = offer;
      return offer.link;
    },
    offerCode: async () => {
      const { inside, turns } = accounts.premises;
      const offer = await turns.run(() => CodeOffer.make(inside));
      accounts.steps.offer = offer;
      return offer.code;
    },
    answered: async () => {
      const offer = needed(accounts.steps.offer);
      const shown = await accounts.premises.turns.run(() => offer.answered());
      if (shown === null) return null;
      accounts.steps.shown = shown;
      return shown.digits;
    },
    granted: async () => {
      const shown = needed(accounts.steps.shown);
      const account = await accounts.premises.turns.run(() => shown.granted());
      return account === null ? null : accounts.opened(() => Promise.resolve(account));
    },
    scan: async ({ link }) => {
      accounts.steps.asked = await accounts.turn((account) => scan(account, link));
      return null;
    },
    revealed: async () => {
      const asked = needed(accounts.steps.asked);
      const typing = await accounts.turn(() => asked.revealed());
      if (typing === null) return null;
      accounts.steps.typing = typing;
      return typing.left;
    },
    digits: async ({ digits }) => {
      const typing = needed(accounts.steps.typing);
      const judged = await accounts.turn(() => typing.type(digits));
      if (judged instanceof Matched) {
        accounts.steps.matched = judged;
        return { matched: true, left: typing.left };
      }
      accounts.steps.typing = judged;
      return { matched: false, left: judged.left };
    },
    grant: async ({ label }) => {
      const matched = needed(accounts.steps.matched);
      await accounts.turn(() => matched.grant(label));
      delete accounts.steps.matched;
      desk.edges.tabs.say({ kind: "keyring", account: accounts.account.session.identity.account });
      return null;
    },
  };
}
