/** Items that the service lost and that a person does not want to be told of any more: marks without content. */

import { bytesOf, type Id } from "./ids.ts";
import type { Shelf } from "./shelf.ts";

const PREFIX = "hidden/";

export class Hidden {
  readonly ids: Set<Id>;
  readonly #shelf: Shelf;

  private constructor(shelf: Shelf, ids: Set<Id>) {
    this.#shelf = shelf;
    this.ids = ids;
  }

  static async on(shelf: Shelf): Promise<Hidden> {
    const names = await shelf.names(PREFIX);
    return new Hidden(shelf, new Set(names.map((name) => name.slice(PREFIX.length))));
  }

  async add(id: Id): Promise<void> {
    await this.#shelf.put([[PREFIX + id, bytesOf(id)]]);
    this.ids.add(id);
  }
}
