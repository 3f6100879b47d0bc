/**
 * One request of the application layer: its id never changes, so that no retry counts or answers twice.
 *
 * Source: specs/application.md, specs/chat.md.
 */

import { encodeRequest, INNER_ERRORS, type Operation, type Seen } from "@privity/protocol/application";
import { type ProfileName } from "@privity/protocol/binding";
import { type Bytes } from "@privity/protocol/bytes";
import { encode as encodeJson, type TextObject } from "@privity/protocol/jsontext";

import { type ChannelReason, isReason } from "./errors.ts";

/** bytes */
export const RID = 16;

/**
 * `body` is the JSON of the operation; `resume` asks the node to keep the answer if the connection ends.
 *
 * `seen` are the heads of the logs that this client holds. `tokens` is what it costs (specs/wallet.md): the same for every try.
 */
export interface Request {
  readonly rid: Bytes;
  readonly op: Operation;
  readonly body: Bytes;
  readonly model: string;
  readonly profile: ProfileName;
  readonly resume: boolean;
  readonly receipt: boolean;
  readonly seen: readonly Seen[];
  readonly tokens?: readonly Bytes[];
}

export const EFFORTS = ["none", "minimal", "low", "medium", "high"] as const;
export type Effort = (typeof EFFORTS)[number];

/** One message as the chat body has it. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** What a person may set of an answer; null leaves it to the node. `maxTokens` counts the answer's tokens. */
export interface Wishes {
  readonly effort: Effort | null;
  readonly maxTokens: number | null;
  readonly temperature: number | null;
}

export const NO_WISHES: Wishes = { effort: null, maxTokens: null, temperature: null };

/** What a chat request needs beside its messages. */
export interface Chat {
  readonly rid: Bytes;
  readonly model: string;
  readonly messages: readonly Message[];
  readonly wishes: Wishes;
  readonly profile: ProfileName;
  readonly receipt: boolean;
  readonly seen: readonly Seen[];
  readonly tokens?: readonly Bytes[];
}

const NOTHING = new Uint8Array(0);
const INNER: Readonly<Record<string, ChannelReason>> = { overloaded: "busy", resume_gone: "answer_gone" };

/** The application bytes of a request; the same for every try. Raises Malformed. */
export function payload(request: Request): Bytes {
  return encodeRequest({ ...header(request), tok: request.tokens ?? [], from: null }, request.body);
}

/** The application bytes that ask for the rest of the answer after `received` bytes. */
export function resumePayload(request: Request, received: number): Bytes {
  return encodeRequest({ ...header(request), op: "resume", resume: true, receipt: false, from: received }, NOTHING);
}

/** The request that ends this one's answer at the node. */
export function stopRequest(request: Request): Request {
  return { ...request, op: "stop", body: NOTHING, resume: false, receipt: false, tokens: [] };
}

/** A request without content of the person: `models`. */
export function modelsRequest(rid: Bytes, profile: ProfileName, seen: readonly Seen[]): Request {
  return { rid, op: "models", body: NOTHING, model: "", profile, resume: false, receipt: false, seen };
}

/** A question. Raises Malformed `not_utf8` for a message with half a character. */
export function chatRequest({ messages, wishes, ...rest }: Chat): Request {
  const { effort, maxTokens, temperature } = wishes;
  const body: TextObject = {
    messages: messages.map(({ role, content }) => ({ role, content })),
    model: rest.model,
    stream: true,
    ...(effort === null ? {} : { reasoning_effort: effort }),
    ...(maxTokens === null ? {} : { max_tokens: maxTokens }),
    ...(temperature === null ? {} : { temperature }),
  };
  return { ...rest, op: "chat", body: encodeJson(body), resume: true };
}

/** The client's reason for an inner error; an unknown code counts as an internal error of the node. */
export function innerReason(code: number): ChannelReason {
  const name = code in INNER_ERRORS ? INNER_ERRORS[code as keyof typeof INNER_ERRORS] : "internal";
  const reason = INNER[name] ?? name;
  return isReason(reason) ? reason : "internal";
}

function header(request: Request): Omit<Parameters<typeof encodeRequest>[0], "from"> {
  const { rid, op, profile, seen, resume, receipt } = request;
  return { rid, op, tok: [], prof: profile, seen, resume, receipt };
}
