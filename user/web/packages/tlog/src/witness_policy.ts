/** Which logs are known, which witnesses, and how many must have cosigned. Sources: C2SP tlog-policy, specs/witness-policy.md. */

import { type Bytes, toHex } from "@privity/protocol/bytes";

import { TlogError } from "./errors.ts";
import * as keys from "./keys.ts";
import { COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, type Key, NOTE_ED25519 } from "./keys.ts";
import { MAX_POLICY, MAX_POLICY_LINES } from "./limits.ts";
import { fromUtf8, octets } from "./spelling.ts";

export const NONE = "none";
const LOG_TYPES: readonly number[] = [NOTE_ED25519, COSIGNATURE_MLDSA44];
const WITNESS_TYPES: readonly number[] = [COSIGNATURE_ED25519, COSIGNATURE_MLDSA44];
// eslint-disable-next-line no-control-regex -- control characters are what is refused
const CONTROL = /[\0-\b\v-\x1f\x7f]/;

/** Members of which at least `least` must have witnessed: names of witnesses or of groups. */
export interface Group {
  readonly least: number;
  readonly members: readonly string[];
}

/**
 * Known logs by origin (one may have several keys), witnesses and groups by name, and the name that is the quorum.
 *
 * `urls` holds where a log's or a witness's key name can be reached, as far as the policy says so.
 */
export interface WitnessPolicy {
  readonly logs: ReadonlyMap<string, readonly Key[]>;
  readonly witnesses: ReadonlyMap<string, Key>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly quorum: string;
  readonly urls: ReadonlyMap<string, string>;
}

/** Whether the witnesses named in `cosigned` make the quorum. */
export function isMet(policy: WitnessPolicy, cosigned: ReadonlySet<string>): boolean {
  const witnessed = (name: string): boolean => {
    const group = policy.groups.get(name);
    // A group is never believed by its own name, only through its members.
    if (group === undefined) return policy.witnesses.has(name) && cosigned.has(name);
    return group.members.filter(witnessed).length >= group.least;
  };
  return policy.quorum === NONE || witnessed(policy.quorum);
}

/** The policy in `data`. Raises TlogError `policy_malformed`, `key_malformed`. */
export function decode(data: Uint8Array): WitnessPolicy {
  if (data.length > MAX_POLICY) throw new TlogError("policy_malformed", "size");
  const text = octets(data);
  if (CONTROL.test(text)) throw new TlogError("policy_malformed", "control character");
  const lines = text.replace(/\n$/, "").split("\n");
  if (lines.length > MAX_POLICY_LINES) throw new TlogError("policy_malformed", "lines");
  const reader = new Reader();
  for (const line of lines) reader.line(line.split(/[ \t]+/).filter((word) => word !== "").map(opaque));
  return reader.finish();
}

/** A word of octets as text. Names are octets to C2SP: what is not UTF-8 stays distinct, and no vkey has such a name. */
function opaque(word: string): string {
  const data: Bytes = Uint8Array.from(word, (one) => one.charCodeAt(0));
  return fromUtf8(data) ?? word.replace(/[^\0-\x7f]/g, (one) => String.fromCharCode(0xdc00 + one.charCodeAt(0)));
}

class Reader {
  readonly #logs = new Map<string, readonly Key[]>();
  readonly #witnesses = new Map<string, Key>();
  readonly #groups = new Map<string, Group>();
  readonly #urls = new Map<string, string>();
  readonly #members = new Set<string>();
  readonly #publics = new Set<string>();
  #quorum: string | null = null;

  line(words: readonly string[]): void {
    const [first, ...rest] = words;
    if (first === undefined || first.startsWith("#")) return;
    if (first === "log" && (rest.length === 1 || rest.length === 2)) this.#log(rest);
    else if (first === "witness" && (rest.length === 2 || rest.length === 3)) this.#witness(rest);
    else if (first === "group" && rest.length >= 3) this.#group(rest);
    else if (first === "quorum" && rest.length === 1) this.#setQuorum(rest[0] ?? "");
    else throw new TlogError("policy_malformed", "line");
  }

  #log([vkey = "", url]: readonly string[]): void {
    const key = this.#key("log", vkey, LOG_TYPES, url);
    this.#logs.set(key.name, [...(this.#logs.get(key.name) ?? []), key]);
  }

  #witness([name = "", vkey = "", url]: readonly string[]): void {
    this.#mustBeNew(name);
    this.#witnesses.set(name, this.#key("witness", vkey, WITNESS_TYPES, url));
  }

  #group([name = "", least = "", ...members]: readonly string[]): void {
    this.#mustBeNew(name);
    if (!members.every((member) => this.#known(member) && !this.#members.has(member))) {
      throw new TlogError("policy_malformed", "group member");
    }
    if (new Set(members).size !== members.length) throw new TlogError("policy_malformed", "group member");
    for (const member of members) this.#members.add(member);
    const numbers = new Map(members.map((_, index) => [String(index + 1), index + 1]));
    const number = numbers.set("all", members.length).set("any", 1).get(least);
    if (number === undefined) throw new TlogError("policy_malformed", "threshold");
    this.#groups.set(name, { least: number, members });
  }

  #setQuorum(name: string): void {
    if (this.#quorum !== null || !(name === NONE || this.#known(name))) throw new TlogError("policy_malformed", "quorum");
    this.#quorum = name;
  }

  #key(role: string, vkey: string, types: readonly number[], url: string | undefined): Key {
    const key = keys.decode(vkey);
    const owned = `${role} ${toHex(key.public)}`;
    if (!types.includes(key.type) || this.#publics.has(owned)) throw new TlogError("policy_malformed", `${role} key`);
    this.#publics.add(owned);
    if (url !== undefined) this.#urls.set(key.name, url);
    return key;
  }

  #known(name: string): boolean {
    return this.#witnesses.has(name) || this.#groups.has(name);
  }

  #mustBeNew(name: string): void {
    if (name === NONE || this.#known(name)) throw new TlogError("policy_malformed", "name");
  }

  finish(): WitnessPolicy {
    if (this.#quorum === null) throw new TlogError("policy_malformed", "no quorum");
    return {
      logs: this.#logs, witnesses: this.#witnesses, groups: this.#groups, quorum: this.#quorum, urls: this.#urls,
    };
  }
}
