/** What page and channel worker may say to each other. The worker holds appraisal, request keys and the stream. */

import type { Bytes } from "@privity/protocol/bytes";

import type { Metering } from "./tokens.ts";

export const CHANNEL = {
  /**
   * `service` is the account service's origin, which also serves logs' public files and the run path. `pin` says which logs
   * count, from the person's own disk; null takes what this browser kept, or at the first contact what the server says.
   * `relay` is the origin that this machine itself asks through; null: this browser goes as its person chose.
   */
  start: { service: "text", pin: "octets?", relay: "text?" },
  /** The relays that the operator offers, and the one that was chosen. */
  relays: {},
  /** From now on through this one of the offered relays, and through no other place; null: through none. */
  choose: { relay: "text?" },
  /** The person's typed consent to the development roots of this server's test enclave. */
  consent: { roots: ["text"] },
  /** Appraise again; `fresh`: with a challenge of our own. */
  verify: { fresh: "flag" },
  models: {},
  /** What questions cost, and under which logged keys tokens are drawn; null: nodes take none. Not for a guest behind a relay. */
  metering: { guest: "flag" },
  /** What the log says about the page's code: the build with this hash, or of null the one that the server sends now. */
  build: { digest: "text?" },
  /**
   * Ask. News named `piece` … `ended` with this `request` follow. `conversation` keeps one chain of keys; `rid` is 16 random
   * bytes in hexadecimal, the same when a person tries again, so that nothing is paid twice. `messages` is canonical JSON of
   * the API's `messages`. `tokens` is what it costs; with the same `rid` the same ones.
   */
  ask: {
    request: "text", conversation: "text", rid: "text", model: "text", effort: "text?", messages: "text", receipt: "flag",
    tokens: ["octets"],
  },
  /** End an answer at the node; what came stays. */
  stop: { request: "text" },
  /** The bundle and record of the node that was used last, as one file that `privity verify-bundle` reads. */
  saveEvidence: {},
  /** Contradicting notes of a log that lied, as one file. */
  saveConviction: {},
  /** Check what is kept of a signed receipt under the evidence kept with it. */
  signed: { receipt: "octets", evidence: "octets" },
  /** Erase what this browser keeps of the service: pin, what was seen of its logs, consent. `start` comes next. */
  forget: {},
} as const;

export type ChannelCommands = typeof CHANNEL;

export type Outcome = "passed" | "failed" | "not_checked";

/** One check of the appraisal record. */
export interface CheckView {
  /** The record's own name of the check, such as `measurement_match`. */
  readonly name: string;
  readonly stage: string;
  readonly group: "hardware" | "code" | "model" | "key" | "gpu" | "log" | "page" | "route";
  readonly outcome: Outcome;
  /** Closed reason code, with its detail behind a colon; "" when it passed. */
  readonly reason: string;
  readonly value: string;
  /** Which item of the evidence it was read from. */
  readonly item: string;
}

export interface WitnessView {
  readonly name: string;
  /** Unix seconds of its newest cosignature. */
  readonly time: number;
}

export interface LogView {
  readonly origin: string;
  readonly size: number;
  readonly time: number;
  readonly witnesses: readonly WitnessView[];
}

/** A relay that carries what names no account. `hides`: its host is not the server's own. */
export interface RelayView {
  readonly url: string;
  readonly hides: boolean;
}

/** A relay as the operator offers it; the name is the operator's word. */
export interface OfferView extends RelayView {
  readonly name: string;
}

/** What was established about the node that would be asked, computed from the appraisal and log records alone. */
export interface RecordView {
  /** "verified": all required checks passed on hardware. "test": the same for a test enclave, with consent. */
  readonly verdict: "verified" | "test" | "refused";
  /** `reasons[0]` is the headline; empty when nothing was refused. */
  readonly reasons: readonly string[];
  readonly release: string;
  readonly kind: string;
  /** Unix seconds: when it was judged, and until when that counts. */
  readonly time: number;
  readonly until: number;
  readonly checks: readonly CheckView[];
  readonly measurements: readonly { readonly name: string; readonly value: string }[];
  readonly logs: readonly LogView[];
  readonly entry: { readonly origin: string; readonly index: number } | null;
  /** The run origin as it was named, and the relay before it; null: there is none. */
  readonly route: { readonly origin: string; readonly relay: RelayView | null };
  /** Traffic profile: "p0", "p1", "p2". */
  readonly profile: string;
  /** Development roots that a person must consent to before anything is sent; empty for hardware. */
  readonly roots: readonly string[];
  /** What changed since the last release that this browser accepted, in catalog keys with values; empty when nothing. */
  readonly differences: readonly { readonly what: string; readonly before: string; readonly after: string }[];
}

/** A build of this page, held against the release log. */
export interface BuildView {
  /** SHA-256 of index.html, hexadecimal. */
  readonly digest: string;
  /** "unchecked": the log could not be asked; `reason` says why. */
  readonly state: "logged" | "unlogged" | "unchecked";
  readonly reason: string;
  /** Of the leaf, when it is logged: version, commit, place; whether a newer build is logged. */
  readonly version: string;
  readonly source: string;
  readonly index: number | null;
  readonly newest: boolean;
}

export interface ModelView {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the weights, hexadecimal. */
  readonly digest: string;
  /** Tokens. */
  readonly context: number;
  readonly efforts: readonly string[];
  readonly vision: boolean;
}

/** What a node signed of an answer; `shown`: question and answer are in the file `data`. */
export interface SignedView {
  readonly model: string;
  readonly shown: boolean;
  readonly data: Bytes;
}

interface Own {
  readonly start: RecordView | null;
  readonly verify: RecordView;
  readonly models: readonly ModelView[];
  readonly metering: Metering | null;
  /** `given`: this machine's own choice, which a page does not change. */
  readonly relays: { readonly chosen: RelayView | null; readonly offers: readonly OfferView[]; readonly given: boolean };
  readonly build: BuildView;
  readonly ask: null;
  readonly saveEvidence: { readonly fileName: string; readonly data: Bytes };
  readonly saveConviction: { readonly fileName: string; readonly data: Bytes } | null;
  /** Null: it does not hold. */
  readonly signed: SignedView | null;
}

export type ChannelAnswers = { readonly [Name in keyof ChannelCommands]: Name extends keyof Own ? Own[Name] : null };

/** How an answer ended, and what can be shown of it. */
export interface Ended {
  readonly state: "complete" | "stopped" | "cut" | "failed";
  /** Closed reason code when it failed or was cut, else "". */
  readonly reason: string;
  readonly detail: string;
  readonly model: string | null;
  readonly usage: readonly [number, number, number] | null;
  readonly proof: "verified" | "test" | "none";
  /** SHA-256 of the node document; its bundle, or saved evidence that holds it; the record; the receipt without a bundle. */
  readonly document: Bytes | null;
  readonly bundle: Bytes | null;
  readonly appraisal: Bytes | null;
  readonly receipt: Bytes | null;
}

export type ChannelNews =
  | { readonly kind: "record"; readonly record: RecordView }
  | { readonly kind: "accepted"; readonly request: string }
  | { readonly kind: "piece"; readonly request: string; readonly text: string; readonly reasoning: string }
  /** "retrying", "resuming", "restarted" (what came before is void). */
  | { readonly kind: "notice"; readonly request: string; readonly what: "retrying" | "resuming" | "restarted" }
  | { readonly kind: "ended"; readonly request: string; readonly ended: Ended };

/** `ask` resolves at once; its news follow. Nothing waits for a stream. */
export const CHANNEL_ASIDE: ReadonlySet<keyof ChannelCommands> = new Set([
  "ask", "stop", "saveEvidence", "saveConviction", "signed",
]);
