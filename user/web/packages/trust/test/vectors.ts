/** Vectors for tests that run in Node and in a browser alike: the same commands as the protocol's tests. */

export { hex, readText, readVector } from "../../protocol/test/vectors.ts";
