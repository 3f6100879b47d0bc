/** Local mode: what its statement may say, and which way a worker's requests take. */

import { expect, test } from "vitest";

import { through } from "../../src/bridge/through.ts";
import { adopt, givenPin, givenRelay, readStatement } from "../../src/state/local.ts";
import { provenance } from "../../src/state/page.ts";

const SAID = { v: 1, server: "https://chat.example", pin: "AQI", relay: null };

test("a statement names a server, a pin and a relay", () => {
  const read = { server: "https://chat.example", pin: new Uint8Array([1, 2]), relay: null };
  expect(readStatement(JSON.stringify(SAID))).toEqual(read);
  expect(readStatement(JSON.stringify({ ...SAID, relay: "https://relay.example" }))?.relay).toBe("https://relay.example");
  expect(readStatement(JSON.stringify({ ...SAID, pin: null }))?.pin).toBeNull();
});

test.each([
  "", "[]", "null", "1", "{", JSON.stringify({ ...SAID, v: 2 }),
  JSON.stringify({ ...SAID, server: "https://chat.example/" }),
  JSON.stringify({ ...SAID, server: "javascript:1" }), JSON.stringify({ ...SAID, server: 1 }),
  JSON.stringify({ ...SAID, pin: "!" }),
  ...["https://relay.example/to", "relay.example", "javascript:1", "", 1].map((relay) => JSON.stringify({ ...SAID, relay })),
  JSON.stringify({ ...SAID, relay: undefined }), JSON.stringify({ ...SAID, pin: 1 }),
  JSON.stringify({ v: 1, pin: null }), `${JSON.stringify(SAID)}${" ".repeat(70_000)}`,
])("what is no statement is none: %s", (text) => {
  expect(readStatement(text)).toBeNull();
});

test("a page from the disk says so, and brings the pin of this machine", () => {
  adopt({ server: "https://chat.example", pin: new Uint8Array([1]), relay: "https://relay.example" });
  expect(provenance.value.source).toBe("disk");
  expect(givenPin()).toEqual(new Uint8Array([1]));
  expect(givenRelay()).toBe("https://relay.example");
});

test("requests for the server go through the page's own origin in local mode, and nowhere else otherwise", () => {
  const way = through("vault https://chat.example", "http://localhost:8090");
  expect(way("https://chat.example/v1/pages?after=2")).toBe("http://localhost:8090/v1/pages?after=2");
  expect(way("https://chat.example.evil/v1/pages")).toBe("https://chat.example.evil/v1/pages");
  expect(way("http://localhost:8090/ec1/run")).toBe("http://localhost:8090/ec1/run");
  expect(through("vault", "http://localhost:8080")("https://chat.example/v1/pages")).toBe("https://chat.example/v1/pages");
});
