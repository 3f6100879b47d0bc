/** highlight.js without languages; its own types name the whole library only. */
declare module "highlight.js/lib/core" {
  export { default } from "highlight.js";
}
