/** All commands of the vault worker over what it holds. */

import { finishRotation } from "@privity/account/management";

import type { Edges } from "./edges.ts";
import { enteringCommands, makingCommands } from "./account_commands.ts";
import { Accounts } from "./accounts.ts";
import { changingCommands, readingCommands, type VaultHandlers, writingCommands } from "./chat_commands.ts";
import { Desk } from "./desk.ts";
import { deviceCommands } from "./device_commands.ts";
import { Promises } from "./erasing.ts";
import { homeCommands } from "./home_commands.ts";
import { linkingCommands } from "./linking_commands.ts";
import { memoryCommands } from "./memories.ts";
import type { Saved } from "./saved.ts";
import { savedCommands } from "./saved_commands.ts";
import { searchCommands } from "./search_commands.ts";
import { sweep } from "./sharing.ts";
import { sharingCommands, transferCommands } from "./transfer_commands.ts";
import { tokenCommands } from "./token_commands.ts";
import { usageOf } from "./usage.ts";

/** What the service lost is asked for once more where it is missing, and given back where it is here. */
async function mended(saved: Saved): Promise<void> {
  const { account: { history }, mirror } = saved;
  if (mirror.isFaulty) await saved.online(() => history.again());
  await saved.online(() => history.giveBack());
}

function mayRotate({ account: { session, tokens }, mirror }: Saved): boolean {
  return mirror.now?.halted === null && (session.names.past.size > 0 || tokens.isFresh);
}

export class Vault {
  readonly desk: Desk;
  readonly accounts: Accounts;
  readonly handlers: VaultHandlers;

  constructor(edges: Edges) {
    this.desk = new Desk(edges);
    const promises = new Promises(edges);
    this.accounts = new Accounts(this.desk, {
      begin: (saved) => promises.begin(saved),
      show: async (saved) => {
        const { mirror, homeBox, account: { history } } = saved;
        // A browser that has just come in has read nothing yet.
        if (mirror.now?.halted === null && mirror.find(homeBox) !== null) await saved.change(() => history.show({}));
      },
      agreed: async (saved) => {
        await promises.tell(saved);
        await mended(saved);
        // What another device's rotation still needs; nothing is the usual case.
        if (mayRotate(saved)) await saved.online(() => finishRotation(saved.account));
        await saved.home.settle();
        await sweep(saved);
        saved.usage = await usageOf(saved);
      },
    });
    this.handlers = {
      ...enteringCommands(this.accounts), ...makingCommands(this.accounts), ...homeCommands(this.desk),
      ...readingCommands(this.desk), ...writingCommands(this.desk), ...changingCommands(this.desk),
      ...deviceCommands(this.accounts), ...linkingCommands(this.accounts), ...savedCommands(this.accounts),
      ...searchCommands(this.desk), ...transferCommands(this.accounts), ...sharingCommands(this.accounts),
      ...tokenCommands(this.accounts), ...memoryCommands(this.desk),
    };
  }

  /** The browser says that there is a network again. */
  online(): void {
    if (this.desk.saved !== null) this.accounts.sync.online();
  }
}
