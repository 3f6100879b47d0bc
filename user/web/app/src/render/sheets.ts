/** The style sheet of formulas, which the first load does without. The page says how it is loaded; without that, none is. */

let load: () => Promise<void> = () => Promise.resolve();

/** How to add KaTeX's sheet to the document. It resolves when the sheet counts, and rejects when it is refused. */
export function provideFormulaSheet(how: () => Promise<void>): void {
  load = how;
}

/** Add the sheet, if it is not there yet. */
export function formulaSheet(): Promise<void> {
  return load();
}
