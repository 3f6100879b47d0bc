/** The store that the other tests stand on keeps the contract too. */

import { describe } from "vitest";

import { MemoryStore } from "./memory_store.ts";
import { storeContract } from "./store_contract.ts";

describe("the store in memory", () => {
  storeContract(() => Promise.resolve(new MemoryStore()), (store) => Promise.resolve(store));
});
