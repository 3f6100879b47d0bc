/** All commands of the vault worker over what it holds. */

import type { Edges } from "./edges.ts";
import { enteringCommands, makingCommands } from "./account_commands.ts";
import { Accounts } from "./accounts.ts";
import { changingCommands, readingCommands, type VaultHandlers, writingCommands } from "./chat_commands.ts";
import { Desk } from "./desk.ts";
import { homeCommands } from "./home_commands.ts";

export class Vault {
  readonly desk: Desk;
  readonly accounts: Accounts;
  readonly handlers: VaultHandlers;

  constructor(edges: Edges) {
    this.desk = new Desk(edges);
    this.accounts = new Accounts(this.desk, () => Promise.resolve());
    this.handlers = {
      ...enteringCommands(this.accounts), ...makingCommands(this.accounts), ...homeCommands(this.desk),
      ...readingCommands(this.desk), ...writingCommands(this.desk), ...changingCommands(this.desk),
    } as unknown as VaultHandlers;
  }

  /** The browser says that there is a network again. */
  online(): void {
    if (this.desk.saved !== null) this.accounts.sync.online();
  }
}
