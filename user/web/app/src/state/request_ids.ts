/**
 * Under which id each question was asked whose answer did not come whole. They outlive a reload of the tab, so that what is
 * tried again afterwards is the same request, and is not paid twice.
 *
 * Ids are random and say nothing. Altered: another id, which is a new request. Lost: the same. Rolled back: a request that the
 * enclave has answered, and answers as such.
 */

const ITEM = "privity.asked";
/** Questions that are remembered; older ones are forgotten. */
const MOST = 32;
const QUESTION = /^[\w-]{1,64}$/;
const REQUEST = /^[0-9a-f]{32}$/;

/** What was kept: the request's id, in hexadecimal, by question. */
export function keptIds(): ReadonlyMap<string, string> {
  if (typeof sessionStorage === "undefined") return new Map();
  try {
    const rows = JSON.parse(sessionStorage.getItem(ITEM) ?? "[]") as unknown;
    return new Map(Array.isArray(rows) ? rows.filter(isRow).slice(-MOST) : []);
  } catch {
    return new Map();
  }
}

/** From now on this question is asked under this id; null: its answer has come. */
export function keepId(question: string, rid: string | null): void {
  if (typeof sessionStorage === "undefined") return;
  const rows = [...keptIds()].filter(([one]) => one !== question);
  if (rid !== null) rows.push([question, rid]);
  try {
    if (rows.length === 0) sessionStorage.removeItem(ITEM);
    else sessionStorage.setItem(ITEM, JSON.stringify(rows.slice(-MOST)));
  } catch {
    // No room: after a reload it is a new request.
  }
}

function isRow(row: unknown): row is readonly [string, string] {
  if (!Array.isArray(row) || row.length !== 2) return false;
  const [question, rid] = row as readonly unknown[];
  return typeof question === "string" && QUESTION.test(question) && typeof rid === "string" && REQUEST.test(rid);
}
