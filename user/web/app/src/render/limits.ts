/** How much of an answer is formatted. What lies beyond a limit is shown as plain text: nothing is left out. */

/** Quotes, lists and emphasis inside each other. Beyond: that block is plain. */
export const NESTING = 50;
/** Characters (UTF-16) of one answer: 2 MB. Beyond: the rest is plain. */
export const ANSWER_LENGTH = 2_000_000;
/** Blocks, list items and table rows of one answer. Beyond: the rest is plain. */
export const ANSWER_BLOCKS = 5_000;
/** Characters that may open or close something inside a paragraph, in one answer. Beyond: the rest is plain. */
export const ANSWER_MARKUP = 60_000;
/** What lexing an answer costs at worst: see `cost` in lex.ts; ten million are a third of a second. Beyond: the rest is plain. */
export const ANSWER_WORK = 10_000_000;
/** The same of one paragraph, heading or cell,
and what a block is taken to cost that is beyond a limit. Beyond: it is plain. */
export const RUN_WORK = 500_000;
/** Characters of one block that is not code. Beyond: that block is plain. */
export const BLOCK_LENGTH = 100_000;
/** Characters that are lexed for blocks inside each other, as a multiple of the block's length. Beyond: that block is plain. */
export const BLOCK_PASSES = NESTING + 2;
/** Lines of dashes in one block × its length: where a table may begin is looked for after each. Beyond: that block is plain. */
export const TABLE_WORK = 2_000_000;
/** Columns of a table. Beyond: it is no table. */
export const TABLE_COLUMNS = 64;
/** Characters of one formula. Beyond: it is no formula. */
export const FORMULA_LENGTH = 4_000;
/** Marks of hidden characters in one piece of text. Beyond: one mark counts the others. */
export const HIDDEN_MARKS = 100;
/** Characters of plain text in one element, where there is a line to end it at. */
export const PLAIN_PIECE = 20_000;
/** Characters of code that is coloured, of its longest line, and of its longest word. Beyond: it has one colour. */
export const COLOURED_CODE = 30_000;
export const COLOURED_LINE = 500;
export const COLOURED_WORD = 100;
/** An address that is longer is shown in full before it is opened. */
export const LONG_ADDRESS = 100;
