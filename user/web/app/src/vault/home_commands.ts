/** The commands that are about folders, prompts and settings. */

import type { Folder, Prompt } from "@privity/vault/contents/home";
import { Kind } from "@privity/vault/contents/schema";
import * as order from "@privity/vault/order";

import type { VaultHandlers } from "./chat_commands.ts";
import type { Desk } from "./desk.ts";
import { field } from "./fields.ts";
import { kept } from "./limits.ts";
import { saveSettings } from "./settings.ts";

type Part = Pick<VaultHandlers, "addFolder" | "editFolder" | "savePrompt" | "removeItem" | "saveSettings">;

export function homeCommands(desk: Desk): Part {
  const done = (): null => {
    desk.changed([]);
    return null;
  };
  return {
    addFolder: async ({ title }) => {
      const last = Array.from(desk.home.all(Kind.FOLDER).values(), (one) => one.order.value).sort().at(-1) ?? null;
      const id = await desk.home.add({
        kind: Kind.FOLDER, name: field(kept(title, "title"), desk.edges.now()), instructions: field(""), colour: field(0),
        order: field(order.between(last, null)),
      });
      done();
      return id;
    },
    editFolder: async ({ folder, title, instructions, order: place, colour }) => {
      await desk.home.edit<Folder>(folder, Kind.FOLDER, {
        name: kept(title, "title"), instructions: kept(instructions, "instructions"), order: place, colour,
      });
      return done();
    },
    savePrompt: async ({ prompt, title, text, shortcut }) => {
      const values = {
        title: kept(title, "title"), text: kept(text, "instructions"), shortcut: kept(shortcut, "shortcut"),
      };
      let id = prompt;
      if (id === null) {
        id = await desk.home.add({
          kind: Kind.PROMPT, title: field(values.title), text: field(values.text), shortcut: field(values.shortcut),
        });
      } else await desk.home.edit<Prompt>(id, Kind.PROMPT, values);
      done();
      return id;
    },
    removeItem: async ({ item }) => {
      await desk.home.remove([item]);
      return done();
    },
    saveSettings: async (settings) => {
      await saveSettings(desk.home, settings);
      return done();
    },
  };
}
