/** Where an account is used: one browser and one service. All that has effects is an argument. */

import type { Fetch } from "@privity/history/http";
import type { World } from "@privity/history/session";
import type { Store } from "@privity/history/store";
import type { Bytes } from "@privity/protocol/bytes";
import type { Argon2id } from "@privity/vault/passphrase";

import type { Devices } from "./devices.ts";

/** `origin` is what the person typed, never what a service names; a signature made for it counts nowhere else. */
export interface Place {
  readonly origin: string;
  readonly fetch: Fetch;
  readonly world: World;
  readonly devices: Devices;
  readonly argon2id: Argon2id;
  /** The history of an account on this device. */
  store(account: Bytes): Promise<Store>;
  /** Erase it. */
  forget(account: Bytes): Promise<void>;
}
