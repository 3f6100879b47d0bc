/** Everything that the vault worker does not compute: storage, network, time, other tabs, the page. */

import type { Place } from "@privity/account/place";
import type { Bytes } from "@privity/protocol/bytes";

import type { VaultNews } from "../bridge/vault.ts";
import type { Annexes } from "./annexes.ts";
import type { Locks } from "./locks.ts";
import type { Shelf } from "./shelf.ts";
import type { Tabs } from "./tabs.ts";

export interface Edges {
  now(): number;
  random(size: number): Bytes;
  /** Run a step after so many milliseconds; the answer cancels it. */
  after(milliseconds: number, step: () => void): () => void;
  /** The accounts of this browser at a service. */
  place(origin: string): Promise<Place>;
  /** Ask for something that goes on for as long as it may. */
  stream(address: string, options: RequestInit): Promise<Response>;
  /** What lies on this device beside an account's history. */
  shelf(account: Bytes): Promise<Shelf>;
  eraseShelf(account: Bytes): Promise<void>;
  readonly annexes: Annexes;
  readonly locks: Locks;
  readonly tabs: Tabs;
  /** Tell the page. */
  tell(news: VaultNews): void;
}
