/** A table as text for other programs. */

/** Comma-separated values (RFC 4180). What a spreadsheet would run as a formula is made a text. */
export function csv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map(field).join(",")).join("\r\n");
}

const RUNS = /^[=@\t\r]|^[+-](?!\d+(?:[.,]\d+)*\s*%?$)/;

function field(text: string): string {
  const safe = RUNS.test(text) ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll("\"", "\"\"")}"` : safe;
}
