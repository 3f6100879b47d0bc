/** What is read of text, tables and DOCX files; nothing but FileError leaves the readers, whatever the bytes. */

import fc from "fast-check";
import { strToU8, zipSync } from "fflate";
import { describe, expect, test } from "vitest";

import { textOfDocx, textOfXml } from "../../src/files/docx.ts";
import { FileError } from "../../src/files/errors.ts";
import { kindOf } from "../../src/files/kind.ts";
import { MAX_TEXT } from "../../src/files/limits.ts";
import { rowsOf, textOf } from "../../src/files/plain.ts";
import { read } from "../../src/files/read.ts";

const nothing = (): void => undefined;
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));

function docx(body: string): Uint8Array<ArrayBuffer> {
  const xml = `<?xml version="1.0"?><w:document xmlns:w="x"><w:body>${body}</w:body></w:document>`;
  return new Uint8Array(zipSync({ "word/document.xml": strToU8(xml), "[Content_Types].xml": strToU8("<x/>") }));
}

async function reasonOf(step: () => unknown): Promise<string> {
  try {
    await step();
  } catch (error) {
    if (error instanceof FileError) return error.reason;
    throw error;
  }
  return "";
}

describe("text", () => {
  test("UTF-8 and UTF-16 are read, line ends become one kind", () => {
    expect(textOf(utf8("grün\r\nrot\rblau"))).toBe("grün\nrot\nblau");
    expect(textOf(Uint8Array.of(0xff, 0xfe, 0x61, 0, 0xe9, 0))).toBe("aé");
    expect(textOf(Uint8Array.of(0xfe, 0xff, 0, 0x61))).toBe("a");
  });

  test.each([[Uint8Array.of(0xc3, 0x28)], [Uint8Array.of(0x61, 0, 0x62)]])("%s is no text", async (data) => {
    expect(await reasonOf(() => textOf(data))).toBe("file.type");
  });

  test("rows of a table are counted as its fields are quoted", () => {
    expect(rowsOf('a,b\n"one\ntwo",3\n\nlast,4')).toBe(3);
    expect(rowsOf("")).toBe(0);
  });

  test("a long text is cut at a whole letter, and says so", async () => {
    const found = await read({ fileName: "long.txt", data: utf8(`${"x".repeat(MAX_TEXT - 1)}\u{1f600}rest`) }, nothing);
    expect([found.text.length, found.left]).toEqual([MAX_TEXT - 1, "files.left.rest"]);
    expect((await read({ fileName: "short.txt", data: utf8("short") }, nothing)).left).toBe("");
  });

  test("an empty file has no text", async () => {
    expect(await reasonOf(() => read({ fileName: "a.txt", data: utf8(" \n") }, nothing))).toBe("file.no_text");
    expect(await reasonOf(() => read({ fileName: "a.txt", data: utf8("") }, nothing))).toBe("file.no_text");
  });
});

describe("kinds", () => {
  test("bytes decide, not names", () => {
    expect(kindOf(utf8("%PDF-1.7"), "holiday.png").kind).toBe("pdf");
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
    expect(kindOf(png, "a.pdf")).toEqual({ kind: "image", type: "image/png" });
    expect(kindOf(utf8("<svg onload='x()'/>"), "a.svg").kind).toBe("text");
  });

  test("archives and old office files are refused", async () => {
    expect(await reasonOf(() => kindOf(docx(""), "a.zip"))).toBe("file.type");
    expect(await reasonOf(() => kindOf(Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0), "a.doc"))).toBe("file.type");
  });
});

describe("DOCX", () => {
  test("paragraphs, tabs, breaks, tables and references", async () => {
    const text = "<w:p><w:r><w:t>One &amp; two</w:t><w:tab/><w:t xml:space=\"preserve\"> x</w:t></w:r></w:p>"
      + "<w:tbl><w:tr><w:tc><w:p><w:t>a</w:t></w:p></w:tc><w:tc><w:p><w:t>b</w:t></w:p></w:tc></w:tr></w:tbl>"
      + "<w:p><w:instrText>HYPERLINK secret</w:instrText><w:t>&#233;&#x1F600;&#xD800;</w:t><w:br/><w:t>end</w:t></w:p>";
    expect(await textOfDocx(docx(text))).toBe("One & two\t x\na\tb\né\u{1f600}\ufffd\nend");
  });

  test("a document type, which could define what expands, is refused", async () => {
    expect(await reasonOf(() => textOfXml("<!DOCTYPE w [<!ENTITY a 'aaaa'>]><w:t>&a;</w:t>"))).toBe("file.damaged");
  });

  test("what unpacks to far more than it is, is refused", async () => {
    const bomb = new Uint8Array(zipSync({ "word/document.xml": new Uint8Array(20 * 2 ** 20) }, { level: 9 }));
    expect(await reasonOf(() => textOfDocx(bomb))).toBe("file.too_large");
  });

  test("an archive without a main part is refused", async () => {
    expect(await reasonOf(() => textOfDocx(new Uint8Array(zipSync({ "a.txt": strToU8("x") }))))).toBe("file.type");
  });

  test("any bytes, and any change of a good file: text, or a listed reason", async () => {
    const good = docx("<w:p><w:t>hello &amp; there</w:t></w:p>");
    const place = fc.nat(good.length - 1);
    await fc.assert(fc.asyncProperty(place, fc.nat(255), fc.uint8Array({ maxLength: 300 }), async (at, byte, any) => {
      const changed = good.slice();
      changed[at] = byte;
      for (const data of [changed, new Uint8Array(any)]) await reasonOf(() => textOfDocx(data));
      await reasonOf(() => read({ fileName: "a.csv", data: new Uint8Array(any) }, nothing));
      await reasonOf(() => textOfXml(new TextDecoder().decode(any)));
    }), { numRuns: 300 });
  });
});
