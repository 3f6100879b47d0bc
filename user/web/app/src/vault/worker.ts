/** The vault worker: keys, storage and the account service are here, and nothing of the screen. */

import type { Bytes } from "@privity/protocol/bytes";

import { serve } from "../bridge/line.ts";
import { through } from "../bridge/through.ts";
import { VAULT, VAULT_ASIDE, type VaultAnswers, type VaultNews } from "../bridge/vault.ts";
import { Annexes } from "./annexes.ts";
import { browserPlace } from "./browser_place.ts";
import type { Edges } from "./edges.ts";
import * as locks from "./locks.ts";
import { eraseShelf, openShelf } from "./shelf.ts";
import * as tabs from "./tabs.ts";
import { Vault } from "./vault.ts";

const random = (size: number): Bytes => crypto.getRandomValues(new Uint8Array(size));
/** Milliseconds after which an answer of the service is given up. */
const PATIENCE = 60_000;
const CHANNEL = "privity-tabs";
const way = through(self.name, self.location.origin);

let news: (told: VaultNews) => void = () => undefined;

const annexes = new Annexes(() => news({ kind: "annex" }));

const edges: Edges = {
  now: () => Date.now(),
  random,
  after: (milliseconds, step) => {
    const timer = self.setTimeout(step, milliseconds);
    return () => self.clearTimeout(timer);
  },
  place: (origin) => browserPlace(origin, {
    fetch: (address, options) => self.fetch(way(address), { ...options, signal: AbortSignal.timeout(PATIENCE) }),
    random, argon2id: (words, cost) => annexes.argon2id(words, cost),
  }),
  stream: (address, options) => self.fetch(way(address), options),
  shelf: (account) => openShelf(self.indexedDB, account),
  eraseShelf: (account) => eraseShelf(self.indexedDB, account),
  annexes,
  locks: locks.ofBrowser(self.navigator.locks),
  tabs: tabs.ofBrowser(new BroadcastChannel(CHANNEL)),
  tell: (told) => news(told),
};

const vault = new Vault(edges);
news = serve<typeof VAULT, VaultAnswers>(self, VAULT, vault.handlers, VAULT_ASIDE);
self.addEventListener("online", () => vault.online());
