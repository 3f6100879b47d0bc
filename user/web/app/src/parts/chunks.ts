/** A list in chunks that stay the same objects while nothing in them changes, so that what draws one can leave it alone. */

/** `all` in chunks of `size`; `before` is what this gave for the list as it was. */
export function inChunks<Item>(
  all: readonly Item[], size: number, before: readonly (readonly Item[])[],
): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_chunk, index) => {
    const next = all.slice(index * size, (index + 1) * size);
    const old = before[index];
    return old?.length === next.length && next.every((one, at) => one === old[at]) ? old : next;
  });
}
