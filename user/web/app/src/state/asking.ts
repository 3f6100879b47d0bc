/**
 * From a question to its answer: written into the chat, asked of the enclave, gathered, kept.
 *
 * A message is on the device before it is sent. What is refused or cut stays, with its reason; it is tried again under the same
 * request id, so nothing is paid twice. One message can wait while an answer comes.
 */

import { batch, signal } from "@preact/signals";
import { toHex } from "@privity/protocol/bytes";
import { encode, type Json } from "@privity/protocol/canonical";

import type { ChannelNews, Ended, ModelView } from "../bridge/channel.ts";
import { Refusal } from "../bridge/line.ts";
import type { Given } from "../bridge/vault.ts";
import type { MessageView } from "../bridge/views.ts";
import { reasonText } from "../text/reasons.ts";
import { t } from "../text/text.ts";
import { blocked, chat } from "./app.ts";
import { adopt, archiveOldest, fresh, reread } from "./chats.ts";
import { clears } from "./clearing.ts";
import { giveBack, keepWaiting, wasSent } from "./drafts.ts";
import { failed, tried } from "./failing.ts";
import { faultOf } from "./faults.ts";
import { chosenModel, effortOf } from "./models.ts";
import { say, tell } from "./notices.ts";
import { affordable, allowance, tokensFor, watchAllowance } from "./paying.ts";
import { ports } from "./ports.ts";
import { remembered } from "./remembered.ts";
import { keepId } from "./request_ids.ts";
import { type Failure, failures, newRun, type Run, runOf, runs, setFailure, setRun } from "./runs.ts";
import {
  answered, followChat, nextOf, pairOf, pairs, placeOf, secondAsked, secondIn, secondKey, secondModel, setPair,
} from "./second.ts";
import { addPiece, beginStream, endStream, restart } from "./streaming.ts";
import { wordsIn } from "./words.ts";

/** What a person sends: a text, and the ids of files that are attached. */
export interface Question {
  readonly text: string;
  readonly attachments: readonly string[];
}

/** By chat: what is sent when its answer has come. */
export const queued = signal<ReadonlyMap<string, Question>>(new Map());
/** A message is being written down. */
export const writing = signal(false);
/** Counts what a person had answered: they want to see it, wherever they were reading. */
export const asked = signal(0);

clears(() => {
  queued.value = new Map();
  writing.value = false;
});

/** Send what is in the composer of the chat in sight, or let it wait for the answer that comes. Returns whether it was taken. */
export async function send(question: Question): Promise<boolean> {
  if (blocked.value !== null || writing.value || (allowance.value?.left === 0 && !await affordable())) return false;
  const open = chat.value;
  if (open !== null && isBusy(open.row.id)) return enqueue(open.row.id, question);
  asked.value += 1;
  return await put(open?.row.id ?? null, open?.messages.at(-1)?.id ?? null, question, secondModel.value);
}

/** Ask again with other words: beside the old question, which stays. One model answers: only the composer announces two. */
export async function edit(message: MessageView, text: string): Promise<boolean> {
  const open = chat.value;
  if (open === null || blocked.value !== null || isBusy(open.row.id) || writing.value) return false;
  asked.value += 1;
  return await put(open.row.id, message.parent, { text, attachments: message.attachments.map(({ id }) => id) }, null);
}

/** Have a question of the chat in sight answered again, beside the answers that it has; `model` by another one. */
export async function regenerate(question: string, model: string | null = null): Promise<void> {
  const open = chat.value;
  if (open === null || isBusy(open.row.id) || hindered()) return;
  asked.value += 1;
  if (pairOf(open.row.id, question) !== null) setPair(open.row.id, null);
  await begin(open.row.id, question, newRid(), model ?? chosenModel.value?.id ?? null);
}

/**
 * Try again what failed or was cut: with the request id that it had, as long as this page knows it. `key` says which of two
 * answers; each is that of its own model.
 */
export async function tryAgain(question: string, key = question): Promise<void> {
  const open = chat.value;
  if (open === null || isBusy(open.row.id) || hindered()) return;
  asked.value += 1;
  const failure = failures.value.get(key);
  const model = pairOf(open.row.id, question)?.models[placeOf({ key, question })] ?? chosenModel.value;
  await begin(open.row.id, question, failure?.rid ?? newRid(), model?.id ?? null, key);
}

/** An answer comes to the chat, or is still to be asked of a second model. */
function isBusy(id: string): boolean {
  return runs.value.has(id) || pairs.value.get(id)?.waits === true;
}

/** Whether nothing can be sent now; whoever pressed a button that sends is told why. */
function hindered(): boolean {
  const reason = blocked.value;
  if (reason !== null) tell(t("chat.blocked", { reason: reasonText(reason).text }));
  return reason !== null;
}

/** End the answer of a chat; what came stays, and a second model that was to answer next is not asked. */
export function stop(id: string): void {
  if (pairs.value.get(id)?.waits === true) setPair(id, null);
  const run = runs.value.get(id);
  if (run === undefined || run.phase.value === "keeping") return;
  ports().channel.ask("stop", { request: run.request }).catch((error: unknown) => failed(error));
}

/** Take back what waits to be sent: it returns to the composer. */
export function unqueue(id: string): Question | null {
  const waiting = queued.value.get(id) ?? null;
  if (waiting === null) return null;
  setQueued(id, null);
  if (waiting.text !== "") giveBack(id, waiting.text);
  return waiting;
}

/** What the channel says of the answers that it brings. */
export function heard(news: Exclude<ChannelNews, { readonly kind: "record" }>): void {
  const run = runOf(news.request);
  if (run === null) return;
  switch (news.kind) {
    case "accepted":
      run.phase.value = "thinking";
      break;
    case "piece":
      if (run.phase.value !== "answering") began(run);
      addPiece(run, news.text, news.reasoning);
      break;
    case "notice":
      if (news.what === "restarted") restart(run);
      else run.phase.value = news.what;
      break;
    case "ended":
      void ended(run, news.ended);
  }
}

/** The channel is gone: what was on its way is cut, and kept as far as it came. */
export function channelLost(reason: string): void {
  for (const run of runs.value.values()) if (run.phase.value !== "keeping") void ended(run, { ...NOTHING, state: "cut", reason });
}

const NOTHING: Ended = {
  state: "failed", reason: "", detail: "", model: null, usage: null, proof: "none", document: null, bundle: null,
  appraisal: null, receipt: null,
};

function enqueue(id: string, question: Question): boolean {
  if (queued.value.has(id)) return false;
  setQueued(id, question);
  wasSent(id);
  say(t("chat.queued_spoken"));
  return true;
}

/** Write a question down and have it answered. What cannot be written stays in the composer. */
async function put(
  id: string | null, parent: string | null, { text, attachments }: Question, second: ModelView | null,
): Promise<boolean> {
  const { temporary, folder, model, effort } = fresh.value;
  writing.value = true;
  try {
    const written = await ports().vault.ask("write", { chat: id, parent, text, attachments, temporary, folder, model, effort });
    if (id === null) followChat(written.chat);
    await shown(id, written.chat);
    const first = chosenModel.value;
    if (first !== null && second !== null) {
      setPair(written.chat, { question: written.message, models: [first, second], answers: [null, null], waits: true });
    }
    void begin(written.chat, written.message, newRid(), first?.id ?? null);
    return true;
  } catch (error) {
    failed(error, { archive_oldest: () => void archiveOldest() });
    return false;
  } finally {
    writing.value = false;
  }
}

/** The chat with the new message is in sight, unless the person went elsewhere meanwhile. */
async function shown(before: string | null, id: string): Promise<void> {
  wasSent(before);
  if ((chat.value?.row.id ?? null) !== before) return;
  if (before === null) adopt(await ports().vault.ask("open", { chat: id }));
  else await reread(id);
}

async function begin(id: string, question: string, rid: string, model: string | null, key = question): Promise<void> {
  setFailure(key, null);
  let run: Run | null = null;
  try {
    if (blocked.value !== null) throw new Refusal(blocked.value);
    if (model === null) throw new Refusal("model_unavailable");
    const paid = await tokensFor(rid, false);
    // Stopped meanwhile: the tokens wait for another question.
    if (key !== question && pairOf(id, question) === null) {
      release(id);
      return;
    }
    const { answer, given } = await ports().vault.ask("answer", { chat: id, message: question });
    run = newRun({ request: newRid(), chat: id, question, key, answer, rid: paid.rid, model });
    beginStream(run);
    setRun(id, run);
    if (key !== question) secondAsked(id);
    const asking = {
      request: run.request, conversation: id, model, effort: effortOf(model), messages: spelled(given),
      receipt: remembered.value.receipts,
    };
    if (paid.tokens.length > 0) {
      run.again = async () => ports().channel.ask("ask", { ...asking, ...await tokensFor(paid.rid, true) });
    }
    await ports().channel.ask("ask", { ...asking, ...paid });
  } catch (error) {
    const { reason, detail } = faultOf(error);
    if (run === null) await notBegun(id, question, key, { rid, reason, detail, answer: null });
    else await ended(run, { ...NOTHING, reason, detail });
  }
}

/** Nobody was asked: that is told where the answer would be. A second model is asked all the same. */
async function notBegun(id: string, question: string, key: string, failure: Failure): Promise<void> {
  setFailure(key, failure);
  const pair = pairOf(id, question);
  if (key === question && pair?.waits === true) {
    await begin(id, question, newRid(), pair.models[1].id, secondKey(question));
    return;
  }
  secondAsked(id);
  release(id);
}

/** The first answer has ended, and the second does not begin: the chat waits for nothing any more. */
function release(id: string): void {
  setRun(id, null);
  unqueue(id);
}

function began(run: Run): void {
  const first = run.phase.value === "asking" || run.phase.value === "thinking";
  run.phase.value = "answering";
  if (!first || run.chat !== chat.value?.row.id) return;
  const name = nameOf(run);
  say(name === null ? t("chat.started") : t("second.started", { model: name }));
}

/** Tokens that were spent or are over: others go with the same request, once. Returns whether it goes on. */
async function renewed(run: Run, { reason }: Ended): Promise<boolean> {
  const { again } = run;
  if (again === null || !/^token_(?:spent|expired)$/.test(reason)) return false;
  run.again = null;
  await again();
  return true;
}

/** Runs of which it was told that they are over. */
const over = new WeakSet<Run>();

/** What is told first counts: a channel that breaks cuts every answer, and refuses what was just asked of it as well. */
async function ended(run: Run, told: Ended): Promise<void> {
  if (over.has(run)) return;
  over.add(run);
  await keep(run, told);
}

async function keep(run: Run, first: Ended): Promise<void> {
  let told = first;
  try {
    if (await renewed(run, told)) {
      over.delete(run);
      return;
    }
  } catch (error) {
    told = { ...told, ...faultOf(error) };
  }
  const { text, reasoning, old } = endStream(run);
  // What came before a new beginning that brought nothing is the part of an answer, whatever became of the rest.
  const end: Ended = old && text !== "" ? { ...told, state: told.state === "stopped" ? "stopped" : "cut" } : told;
  run.phase.value = "keeping";
  const came = text !== "" || reasoning !== "";
  const kept = came || end.state === "complete";
  const [prompt, cached, completion] = end.usage ?? [0, 0, 0];
  try {
    await ports().vault.ask("finish", {
      chat: run.chat, answer: run.answer, text, reasoning, state: end.state, model: end.model, prompt, cached, completion,
      proof: end.proof, document: end.document, bundle: end.bundle, appraisal: end.appraisal, receipt: end.receipt,
    });
    const first = pairOf(run.chat, run.question)?.answers[0] ?? null;
    // The next question follows the first answer, unless the person says otherwise.
    if (placeOf(run) === 1 && kept && first !== null) {
      await tried(() => ports().vault.ask("branch", { chat: run.chat, message: first }));
    }
    await reread(run.chat);
  } catch (error) {
    // The text stays on the page, and the answer can be kept once there is room, or the vault is back.
    failed(error, { try_again: () => void keep(run, end), free_space: () => void keep(run, end) });
    return;
  }
  if (end.state === "complete" || end.state === "stopped") {
    keepId(run.key, null);
    watchAllowance(run.rid);
  }
  const broke = end.state === "failed" || end.state === "cut";
  const next = nextOf(run);
  batch(() => {
    // Until the second begins the chat still waits for an answer.
    if (next === null) setRun(run.chat, null);
    answered(run, kept, broke);
    if (broke) {
      setFailure(run.key, { rid: run.rid, reason: end.reason, detail: end.detail, answer: came ? run.answer : null });
    }
  });
  if (run.chat === chat.value?.row.id) announce(run, end, text);
  if (next !== null) void begin(run.chat, run.question, newRid(), next.id, secondKey(run.question));
  else afterwards(run, end, came ? run.answer : run.question);
}

/** Who answers, where two do. */
function nameOf(run: Run): string | null {
  return pairOf(run.chat, run.question)?.models[placeOf(run)].name ?? null;
}

function announce(run: Run, { state }: Ended, text: string): void {
  const [name, count] = [nameOf(run), wordsIn(text)];
  if (state === "complete") say(name === null ? t("chat.finished", { count }) : t("second.finished", { model: name, count }));
  else if (state === "stopped") say(t("chat.stopped_spoken"));
}

/** What waited is sent now; after a failure it comes back to the composer. */
function afterwards(run: Run, { state }: Ended, last: string): void {
  const waiting = queued.value.get(run.chat);
  if (waiting === undefined) return;
  const pair = pairOf(run.chat, run.question);
  const firstBroke = pair !== null && failures.value.has(run.question);
  if (state === "failed" || state === "cut" || firstBroke || blocked.value !== null) {
    unqueue(run.chat);
    return;
  }
  void put(run.chat, pair?.answers[0] ?? last, waiting, secondIn(run.chat, chosenModel.value)).then((taken) => {
    if (taken) setQueued(run.chat, null);
    else unqueue(run.chat);
  });
}

function setQueued(id: string, question: Question | null): void {
  const next = new Map(queued.value);
  if (question === null) next.delete(id);
  else next.set(id, question);
  queued.value = next;
  keepWaiting(id, question?.text ?? null);
}

/** The API's messages in canonical JSON. */
export function spelled(given: readonly Given[]): string {
  const messages = given.map(({ role, content, images }): Json => images.length === 0 ? { role, content } : {
    role, content: [...images.map((url): Json => ({ type: "image_url", image_url: { url } })), { type: "text", text: content }],
  });
  return new TextDecoder().decode(encode(messages));
}

function newRid(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(16)));
}
