/** What stands on the page when its own code could not be loaded: words without a catalog, since that is code as well. */

const TEXT = "Privity did not start: a part of this page is missing, or is not the one that was published. "
  + "Nothing was sent. Load the page again; if that does not help, do not use this address.";

export function refuseToRun(error: unknown): void {
  const place = document.getElementById("app") ?? document.body;
  const words = document.createElement("p");
  words.setAttribute("role", "alert");
  words.textContent = TEXT;
  const details = document.createElement("p");
  details.textContent = error instanceof Error ? error.message : "";
  place.replaceChildren(words, details);
}
