/** The ways out of the page: a line to each worker. Set once, when the page has started them. */

import type { CHANNEL, ChannelAnswers, ChannelNews } from "../bridge/channel.ts";
import type { FileView } from "../bridge/files.ts";
import type { Line } from "../bridge/line.ts";
import type { VAULT, VaultAnswers, VaultNews } from "../bridge/vault.ts";

export type VaultLine = Line<typeof VAULT, VaultAnswers, VaultNews>;
export type ChannelLine = Line<typeof CHANNEL, ChannelAnswers, ChannelNews>;


export interface Ports {
  readonly vault: VaultLine;
  readonly channel: ChannelLine;
  /** Take one file apart in a worker of its own, which is ended afterwards. Raises Refusal `file.*`. */
  readonly readFile: (file: File, progress: (done: number, of: number) => void) => Promise<FileView>;
}

let held: Ports | null = null;

export function connect(ports: Ports): void {
  held = ports;
}

/** The lines. Raises Error before `connect`. */
export function ports(): Ports {
  if (held === null) throw new Error("the workers have not been started");
  return held;
}
