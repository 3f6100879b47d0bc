/** Where an account lives in this browser: its service, its clock and chance, its databases. */

import { IndexedDevices } from "@privity/account/devices";
import type { Place } from "@privity/account/place";
import * as indexed from "@privity/history/indexeddb";
import { chooseXWing } from "@privity/protocol/webcrypto";

/** The place for the service at `origin`, which is asked by `fetch`. `random` gives so many random bytes. */
export async function browserPlace(
  origin: string, { fetch, random, argon2id }: Pick<Place, "fetch" | "argon2id"> & Pick<Place["world"], "random">,
): Promise<Place> {
  const opened = new Set<indexed.IndexedStore>();
  return {
    origin,
    fetch,
    world: { now: () => Date.now(), random, kem: await chooseXWing(random) },
    devices: new IndexedDevices(self.indexedDB),
    argon2id,
    store: async (account) => {
      const store = await indexed.open(self.indexedDB, account);
      opened.add(store);
      return store;
    },
    forget: (account) => {
      for (const store of opened) store.close();
      return indexed.forget(self.indexedDB, account);
    },
  };
}
