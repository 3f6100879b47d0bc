// The commit that a build is made from.
import { execFileSync } from "node:child_process";

/** The commit of a clean checkout, or "local": what was changed, and what is no checkout, has no name that others know. */
export function sourceOfTree(folder) {
  const git = (...words) => execFileSync("git", words, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const top = git("rev-parse", "--show-toplevel");
    return git("status", "--porcelain", "--", `${top}/user/web`) === "" ? git("rev-parse", "HEAD") : "local";
  } catch {
    return "local";
  }
}
