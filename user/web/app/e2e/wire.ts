/**
 * The only way out of a test's browser: a proxy that writes down every request, and changes an answer where a test says so.
 *
 * It stands outside of the browser, so that nothing the browser does, in a page, a worker or by itself, goes past it.
 */

import { createServer, type IncomingMessage, request as ask, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** One request as it left the browser. */
export interface Sent {
  readonly profile: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a test makes of an answer's bytes; null leaves them. */
export type Alter = (body: Buffer) => Buffer | null;

/** Where installations are: nothing else is reached from a test. */
const OWN: ReadonlySet<string> = new Set(["localhost", "127.0.0.1"]);

let networks = 0;

export class Wire {
  readonly #server: Server;
  readonly #profile: string;
  readonly #sent: Sent[];
  /** A network of its own for each profile: the service counts by network what strangers begin. */
  readonly #network = `127.${String((process.pid % 200) + 1)}.${String((networks += 1) % 250)}.1`;
  readonly #altered: { readonly where: (path: string) => boolean; readonly alter: Alter }[] = [];
  readonly #answers = new Map<string, readonly [type: string, text: string]>();
  readonly #held = new Set<string>();
  #cut = false;

  private constructor(profile: string, sent: Sent[]) {
    this.#profile = profile;
    this.#sent = sent;
    this.#server = createServer((request, response) => {
      this.#carry(request, response).catch(() => response.destroy());
    });
    // Nothing of ours speaks TLS in a test: whoever asks for a tunnel wants to go elsewhere.
    this.#server.on("connect", (request: IncomingMessage, socket) => {
      sent.push({ profile, method: "CONNECT", url: request.url ?? "", headers: {}, body: Buffer.alloc(0) });
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
  }

  /** A way out for `profile`, whose requests are added to `sent`. */
  static async open(profile: string, sent: Sent[]): Promise<Wire> {
    const wire = new Wire(profile, sent);
    await new Promise<void>((resolve) => void wire.#server.listen(0, "127.0.0.1", resolve));
    return wire;
  }

  /** What the browser is given as its proxy; the bypass sends even localhost through it. */
  get proxy(): { readonly server: string; readonly bypass: string } {
    const { port } = this.#server.address() as AddressInfo;
    return { server: `http://127.0.0.1:${String(port)}`, bypass: "<-loopback>" };
  }

  /** Change the answers at this path from now on, as a server or somebody on the way could. */
  alter(path: string, alter: Alter): void {
    this.alterWhere((one) => one === path, alter);
  }

  alterWhere(where: (path: string) => boolean, alter: Alter): void {
    this.#altered.push({ where, alter });
  }

  /** Answer at this path of the installation from now on, as its server could. */
  answer(path: string, type: string, text: string): void {
    this.#answers.set(path, [type, text]);
  }

  /** Never answer at this path, as a server that hangs. */
  hold(path: string): void {
    this.#held.add(path);
  }

  /** From now on nothing is carried, in either direction. */
  cut(): void {
    this.#cut = true;
    this.#server.closeAllConnections();
  }

  mend(): void {
    this.#cut = false;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #carry(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const headers = headersOf(request);
    this.#sent.push({ profile: this.#profile, method: request.method ?? "", url: request.url ?? "", headers, body });
    const target = URL.parse(request.url ?? "");
    if (this.#cut || target === null || !OWN.has(target.hostname)) {
      response.destroy();
      return;
    }
    if (this.#held.has(target.pathname)) return;
    const own = this.#answers.get(target.pathname);
    if (own !== undefined) {
      response.writeHead(200, { "content-type": own[0] }).end(own[1]);
      return;
    }
    const alter = this.#altered.find(({ where }) => where(target.pathname))?.alter;
    if (alter !== undefined) delete headers["accept-encoding"];
    const answer = await this.#answered(target, request.method ?? "GET", headers, body);
    if (alter === undefined) {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on("error", () => response.destroy());
      response.on("close", () => answer.destroy());
      return;
    }
    const whole = await buffer(answer);
    const changed = alter(whole) ?? whole;
    response.writeHead(answer.statusCode ?? 502, { ...answer.headers, "content-length": String(changed.length) });
    response.end(changed);
  }

  #answered(target: URL, method: string, headers: Readonly<Record<string, string>>, body: Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const asked = ask({
        host: "127.0.0.1", port: target.port, localAddress: this.#network, method, headers,
        path: `${target.pathname}${target.search}`,
      }, resolve);
      asked.on("error", reject);
      asked.end(body);
    });
  }
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const entries = Object.entries(request.headers).filter(([name]) => !name.startsWith("proxy-"));
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value ?? ""]));
}
