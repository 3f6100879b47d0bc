/** The half of pdf.js that parses; imported, it announces itself to the other half. */
declare module "pdfjs-dist/build/pdf.worker.mjs" {
  export const WorkerMessageHandler: unknown;
}
