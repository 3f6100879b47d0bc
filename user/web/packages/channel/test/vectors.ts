/** Vectors and specifications for tests that run in Node and in a browser alike. */

export { readText, readVector } from "../../protocol/test/vectors.ts";
