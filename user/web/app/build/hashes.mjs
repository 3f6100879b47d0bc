// Names and hashes of files. One spelling each, so that equal bytes have equal names everywhere.
import { createHash } from "node:crypto";

const digest = (algorithm, data) => createHash(algorithm).update(data).digest();

/** SHA-256 in hexadecimal, as the log's `web` leaf has it. */
export const sha256 = (data) => digest("sha256", data).toString("hex");

/** What `integrity` takes. */
export const integrityOf = (data) => `sha256-${digest("sha256", data).toString("base64")}`;

/** What a Content-Security-Policy takes for a script that stands in the page. */
export const sourceOf = (text) => `'sha256-${digest("sha256", text).toString("base64")}'`;

/** assets/NAME-HASH.EXTENSION */
export const namedByContent = (name, extension, data) => `assets/${name}-${sha256(data).slice(0, 16)}${extension}`;
