/**
 * What the client has proved elsewhere and hands to the appraisal as one typed value.
 *
 * The client proves policy, release, revocations, directory and anchor against the log and checks the endorsement; the
 * outcomes, failures included, come here. Nothing is assumed: each must be given.
 */

import { type Bytes } from "@privity/protocol/bytes";

/** Nothing was proved, and why: the check is then `blocked_by` this text, which refuses. */
export class NotProved {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Failures as reasons of the check; none when it was proved. */
export type Proof = readonly string[] | NotProved;
export const PROVED: Proof = [];
/** 2026-11-21T00:00:00Z; a device clock behind the build cannot judge dates. */
export const BUILT_AT = 1_795_219_200;

/**
 * `trafficKey` is the `pk` of the node document that traffic uses: required when a challenge is appraised.
 *
 * `earliest` (Unix seconds) is the earliest time at which this client may judge: that of its build, or 0 where a person
 * asks what saved evidence was worth at a time of their own choice.
 */
export interface Logged {
  readonly trafficKey: Bytes | null;
  readonly policy: Proof;
  readonly release: Proof;
  readonly endorsement: Proof;
  readonly directory: Proof;
  readonly anchor: Proof;
  readonly earliest: number;
}

/** Whether anything was held against a log: then no kind is excused from it. */
export function knowsALog({ policy, release, endorsement, directory, anchor }: Logged): boolean {
  return [policy, release, endorsement, directory, anchor].some((one) => !(one instanceof NotProved));
}

/** What a client without a log has: nothing proved. Only the simulated kind is accepted so. */
export function withoutLog(trafficKey: Bytes | null = null, earliest = BUILT_AT): Logged {
  const none = new NotProved("log");
  return { trafficKey, policy: none, release: none, endorsement: none, directory: none, anchor: none, earliest };
}

export const NOTHING_LOGGED: Logged = withoutLog();
