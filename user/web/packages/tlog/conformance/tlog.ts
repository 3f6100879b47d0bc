/**
 * Judges the folder `tlog` of a folder laid out like the shared `crypto` vectors.
 *
 * A witness's conversation is judged as far as a client can: whether each head is the log's and continues the one before.
 * Not judged: that it answers at all, its words, and that it knows other logs.
 */

import { ascii as utf8, type Bytes, fromHex } from "@privity/protocol/bytes";

import * as checkpoint from "../src/checkpoint.ts";
import { TlogError } from "../src/errors.ts";
import * as keys from "../src/keys.ts";
import { verifyConsistency, verifyInclusion } from "../src/merkle.ts";
import * as note from "../src/note.ts";
import { fromBase64 } from "../src/spelling.ts";
import { advance, type View } from "../src/view.ts";

export type Outcome = "accepted" | "refused";

/** One case: a name that stays the same, the outcome it must have, and the way to find the outcome that it has. */
export interface Case {
  readonly id: string;
  readonly expected: Outcome;
  outcome(): Promise<Outcome>;
}

export type Reader = (file: unknown) => readonly Case[];

interface Proof {
  readonly file: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}
interface Inclusion extends Proof {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string | null;
  readonly leafHash: string | null;
}
interface Consistency extends Proof {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string | null;
  readonly root2: string | null;
}
interface Example {
  readonly vkey: string;
  readonly note: string;
  readonly valid: boolean;
}
interface Conversation {
  readonly log_ed25519_public_key_hex: string;
  readonly log_origin: string;
  readonly ordered_requests: readonly { readonly body: string; readonly status: number }[];
}

/** SHA-256 of nothing, in base64. */
const EMPTY = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

/** The reader of `tlog/NAME.json`, undefined for a name that nobody here knows. */
export function tlog(name: string): Reader | undefined {
  switch (name) {
    case "merkle-inclusion": return (file) => (file as readonly Inclusion[]).map(inclusion);
    case "merkle-consistency": return (file) => (file as readonly Consistency[]).map(consistency);
    case "signed-note-example": return (file) => signedNote(file as Example);
    case "witness-add-checkpoint": return (file) => conversation(file as Conversation);
    default: return undefined;
  }
}

function decoded(text: string | null): Bytes {
  return fromBase64(text ?? "", "proof_malformed");
}

function path(one: Proof): readonly Bytes[] {
  return (one.proof ?? []).map(decoded);
}

function named(id: string, expected: Outcome, step: () => Promise<void> | void): Case {
  return { id, expected, outcome: () => outcomeOf(step) };
}

async function outcomeOf(step: () => Promise<void> | void): Promise<Outcome> {
  try {
    await step();
    return "accepted";
  } catch (error) {
    if (error instanceof TlogError) return "refused";
    throw error;
  }
}

function inclusion(one: Inclusion): Case {
  return named(one.file, one.wantErr ? "refused" : "accepted", () => {
    verifyInclusion(decoded(one.leafHash), one.leafIdx, one.treeSize, path(one), decoded(one.root));
  });
}

function consistency(one: Consistency): Case {
  return named(one.file, dueOf(one), () => {
    verifyConsistency(one.size1, one.size2, path(one), decoded(one.root1), decoded(one.root2));
  });
}

/** From size 0 the file refuses everything; here the true root of no leaf is accepted (specs/tiles.md). */
function dueOf(one: Consistency): Outcome {
  const begins = one.size1 === 0 && one.root1 === EMPTY && path(one).length === 0;
  const grows = one.size2 > 0 || one.root2 === EMPTY;
  return (begins && grows) || !one.wantErr ? "accepted" : "refused";
}

function signedNote(example: Example): readonly Case[] {
  const verified = (text: string) => async (): Promise<void> => {
    await note.verify(note.decode(utf8(text)), keys.decode(example.vkey));
  };
  return [
    named("as it is", example.valid ? "accepted" : "refused", verified(example.note)),
    named("with another text", "refused", verified(`x${example.note}`)),
  ];
}

function conversation(told: Conversation): readonly Case[] {
  const point = fromHex(told.log_ed25519_public_key_hex) ?? new Uint8Array(0);
  const key = new keys.Key(told.log_origin, keys.NOTE_ED25519, point);
  let known: View | null = null;
  return told.ordered_requests.map(({ body, status }, index) => ({
    id: `request ${String(index)}, status ${String(status)}`,
    expected: status === 200 ? "accepted" : "refused",
    outcome: () => outcomeOf(async () => {
      known = await witnessed(body, known, key);
    }),
  }));
}

/** What is known after a request: the log's signature, the size that it starts from, and that it continues. */
async function witnessed(body: string, known: View | null, key: keys.Key): Promise<View> {
  const blank = body.indexOf("\n\n");
  const [old, ...hashes] = body.slice(0, blank).split("\n");
  const data = utf8(body.slice(blank + 2));
  const signed = note.decode(data);
  await note.verify(signed, key);
  const head = checkpoint.decode(signed.text);
  if (old !== `old ${String(known?.head.size ?? 0)}`) throw new TlogError("consistency", "another size is known");
  return advance(known, { head, note: data }, hashes.map(decoded));
}
