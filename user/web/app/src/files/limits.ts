/** What one attached file may be, so that a hostile one ends as a reason and not as a dead tab. */

/** Bytes of a file as it is chosen. */
export const MAX_FILE = 64 * 2 ** 20;
/** Characters (UTF-16) of text that a model is given of one file; about half a million tokens. */
export const MAX_TEXT = 2_000_000;
export const MAX_PAGES = 2000;
/** Bytes of the main part of a DOCX file when it is unpacked. */
export const MAX_DOCUMENT = 64 * 2 ** 20;
/** Pixels of an image before it is made smaller: 100 megapixels are 400 MB unpacked. */
export const MAX_PIXELS = 100_000_000;
/** Pixels of the longer edge of what is sent; vision models see no more. */
export const EDGE = 2048;
export const JPEG_QUALITY = 0.86;
/** Seconds for one file, whatever it holds. */
export const SECONDS = 60;
