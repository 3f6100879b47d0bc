/** What a chat shows of memory, loaded once there is any. */

import type { JSX } from "preact";

import { lazy } from "../../parts/lazy.tsx";

const nothing = (): JSX.Element => <></>;

export const MemorySwitch = lazy(async () => (await import("./Memory.tsx")).MemorySwitch, nothing);
export const MemoryActions = lazy(async () => (await import("./Memory.tsx")).MemoryActions, nothing);
