/** One line between the page and a worker: numbered questions, one reply each, and news that nobody asked for. */

import { type CommandOf, readCommand, type Table } from "./shapes.ts";

/** `name` is the command's own: no member of one may be called so. */
export type Commands = Readonly<Record<string, Table & { readonly name?: never }>>;

/** What a worker refused, with a reason from the closed lists of the packages, or `page.*`. */
export class Refusal extends Error {
  readonly reason: string;
  /** For people who look closer; never content, never a key. */
  readonly detail: string;

  constructor(reason: string, detail = "") {
    super(reason);
    this.reason = reason;
    this.detail = detail;
  }
}

type Replied =
  | { readonly number: number; readonly answer: unknown }
  | { readonly number: number; readonly reason: string; readonly detail: string };

/** What both ends need of a Worker, or of a worker's own scope. */
export interface End {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent<unknown>) => void): void;
}

/** An end that ports can be handed over to. */
export interface Handing extends End {
  postMessage(message: unknown, handed?: Transferable[]): void;
}

/** The page's end. `Answers` gives the answer's type for each command. */
export class Line<All extends Commands, Answers extends { readonly [Name in keyof All]: unknown }, News> {
  readonly #end: Handing;
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: unknown) => void }>();
  #next = 0;
  #gone: string | null = null;

  constructor(end: Handing, heard: (news: News) => void) {
    this.#end = end;
    end.addEventListener("message", ({ data }) => {
      if (isMembers(data) && Object.hasOwn(data, "news")) heard(data["news"] as News);
      else this.#settle(data as Replied);
    });
  }

  /** Ask one thing. Raises Refusal. */
  ask<Name extends keyof All & string>(
    name: Name, members: Omit<Extract<CommandOf<All>, { readonly name: Name }>, "name">,
  ): Promise<Answers[Name]> {
    if (this.#gone !== null) return Promise.reject(new Refusal(this.#gone));
    const number = this.#next++;
    return new Promise<Answers[Name]>((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      // A port goes over; it does not stay here.
      const ports = Object.values(members).filter((one) => one instanceof MessagePort);
      this.#end.postMessage({ number, command: { name, ...members } }, ports);
    });
  }

  /** The worker is gone: nobody waits for it any longer, and whoever asks is refused. */
  close(reason: string): void {
    this.#gone = reason;
    for (const { reject } of this.#waiting.values()) reject(new Refusal(reason));
    this.#waiting.clear();
  }

  #settle(reply: Replied): void {
    const waiting = this.#waiting.get(reply.number);
    if (waiting === undefined) return;
    this.#waiting.delete(reply.number);
    if ("reason" in reply) waiting.reject(new Refusal(reply.reason, reply.detail));
    else waiting.resolve(reply.answer as never);
  }
}

export type Handlers<All extends Commands, Answers extends { readonly [Name in keyof All]: unknown }> = {
  readonly [Name in keyof All]: (command: Extract<CommandOf<All>, { readonly name: Name }>) => Promise<Answers[Name]>;
};

/**
 * The worker's end: answer what is asked. Returns what tells the page news.
 *
 * Commands whose name is in `aside` do not wait for those before them: they end, or look at, what is still running.
 */
export function serve<All extends Commands, Answers extends { readonly [Name in keyof All]: unknown }>(
  end: End, commands: All, handlers: Handlers<All, Answers>, aside: ReadonlySet<keyof All>,
): (news: unknown) => void {
  let last: Promise<unknown> = Promise.resolve();
  end.addEventListener("message", ({ data }) => {
    if (!isMembers(data) || typeof data["number"] !== "number") return;
    const number = data["number"];
    const command = readCommand(commands, data["command"]);
    if (command === null) {
      end.postMessage({ number, reason: "page.command", detail: "" });
      return;
    }
    const handle = handlers[command.name] as (command: CommandOf<All>) => Promise<unknown>;
    const before = aside.has(command.name) ? Promise.resolve() : last;
    const done = before.then(() => handle(command)).then(
      (answer): Replied => ({ number, answer }),
      (error: unknown): Replied => ({ number, ...reasonOf(error) }),
    ).then((reply) => end.postMessage(reply));
    if (!aside.has(command.name)) last = done;
  });
  return (news) => end.postMessage({ news });
}

/** A closed reason where there is one; of anything else the kind and nothing more. */
export function reasonOf(error: unknown): { readonly reason: string; readonly detail: string } {
  if (error instanceof Error && "reason" in error && typeof error.reason === "string") {
    return { reason: error.reason, detail: "detail" in error && typeof error.detail === "string" ? error.detail : "" };
  }
  return { reason: error instanceof Error ? `page.${error.name}` : "page.failed", detail: "" };
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object";
}
