/** What an answer tells its parts: what the person wrote, whether previews are on, and how to ask before a link is followed. */

import { createContext } from "preact";

import type { Destination } from "./address.ts";

export interface Surroundings {
  /** What the person wrote in this chat: an address that stands there is not asked about. */
  readonly written: string;
  readonly previews: boolean;
  readonly ask: (to: Destination) => void;
}

export const Around = createContext<Surroundings>({ written: "", previews: false, ask: () => undefined });
