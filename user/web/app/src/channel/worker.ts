/** The channel worker: appraisal, request keys and streams. It reaches the public files of `/v1` and the run origin. */

import { chooseXWing } from "@privity/protocol/webcrypto";
import type { Bytes } from "@privity/protocol/bytes";

import { CHANNEL, CHANNEL_ASIDE, type ChannelAnswers, type ChannelNews } from "../bridge/channel.ts";
import { serve } from "../bridge/line.ts";
import { through } from "../bridge/through.ts";
import { cabinetOf, open } from "./cabinet.ts";
import { handlersOf } from "./commands.ts";
import type { Edges } from "./edges.ts";

const entropy = (size: number): Bytes => crypto.getRandomValues(new Uint8Array(size));
// The first message may be here already: nothing is waited for before somebody listens.
const chosen = chooseXWing(entropy);
const way = through(self.name, self.location.origin);
let database: Promise<IDBDatabase> | null = null;

const edges: Edges = {
  ground: {
    fetch: (address, options) => globalThis.fetch(way(address), options),
    clock: () => Math.floor(Date.now() / 1000),
    entropy,
    sleep: (seconds, signal) => new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const timer = setTimeout(resolve, seconds * 1000);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      }, { once: true });
    }),
    xwing: {
      generate: async () => (await chosen).generate(),
      encapsulate: async (key) => (await chosen).encapsulate(key),
    },
  },
  cabinet: async (service) => {
    database ??= open(self.indexedDB);
    return cabinetOf(await database, navigator.locks, service);
  },
  carried: self.name.includes(" "),
  after: (seconds, step) => {
    const timer = setTimeout(step, seconds * 1000);
    return () => clearTimeout(timer);
  },
  tell: (news) => tell(news),
};

const tell: (news: ChannelNews) => void = serve<typeof CHANNEL, ChannelAnswers>(self, CHANNEL, handlersOf(edges), CHANNEL_ASIDE);
