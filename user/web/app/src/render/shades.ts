/** Code in stretches of one colour, and in groups of lines that are laid out by themselves. */

/** A stretch of code: text, or what a scope such as "keyword" holds. */
export type Shade = string | { readonly scope: string; readonly inside: readonly Shade[] };

/** Lines of code that are laid out together. */
const GROUP = 24;

/** The shades in groups of lines, each but the last with its line end; a shade that holds line ends stays whole. */
export function inGroups(shades: readonly Shade[]): readonly (readonly Shade[])[] {
  const groups: Shade[][] = [[]];
  let lines = 0;
  for (const shade of shades) {
    for (const part of typeof shade === "string" ? shade.split(/(?<=\n)/) : [shade]) {
      if (lines >= GROUP) {
        groups.push([]);
        lines = 0;
      }
      const last = groups.at(-1)?.at(-1);
      if (typeof part === "string" && typeof last === "string") groups.at(-1)?.splice(-1, 1, last + part);
      else groups.at(-1)?.push(part);
      if (typeof part === "string" && part.endsWith("\n")) lines += 1;
    }
  }
  return groups;
}
