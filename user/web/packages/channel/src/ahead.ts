/** A session made ahead, so that a new conversation does not begin with a HELLO and its way there and back. */

import { beginHello } from "@privity/protocol/hello";

import { Chain } from "./chain.ts";
import { choose } from "./choice.ts";
import { ChannelError } from "./errors.ts";
import { type Ground } from "./ground.ts";
import { type NodeSource, Wire } from "./wire.ts";

const OK = 200;

/**
 * A chain whose HELLO is done, for a request to `model` that comes within two minutes; unused, it just ends.
 *
 * Raises ChannelError `busy`, `unreachable`, what the source raises, and the reason of an abort.
 */
export async function prepare(ground: Ground, source: NodeSource, model: string, signal: AbortSignal): Promise<Chain> {
  const { entropy, clock, xwing } = ground;
  const wire = new Wire(ground, source, "p1", signal);
  try {
    const node = choose(await wire.nodes(model, false), entropy);
    const { sent, request } = await beginHello({
      nodeKey: node.key, nodeDocument: node.document, encapsulate: xwing.encapsulate, ephemeral: await xwing.generate(),
    });
    const { status, body } = await wire.hello(node, request);
    if (status !== OK) throw new ChannelError(status === 0 ? "unreachable" : "busy", `HELLO was answered by ${String(status)}`);
    const chain = new Chain();
    chain.renew({ node, session: await sent.finish(body), began: clock() }, clock());
    return chain;
  } finally {
    wire.close();
  }
}
