/**
 * What stands on the page when its own code could not be loaded: the words of index.html, since a catalog is code as well.
 *
 * They are there before any script runs, so that they stay when not even the first one may run.
 */

/** Take the words away: code runs. Returns what puts them back, should the rest of it not load. */
export function running(): (error: unknown) => void {
  const place = document.getElementById("app") ?? document.body;
  const words = [...place.childNodes];
  place.replaceChildren();
  return (error) => {
    const details = document.createElement("p");
    details.textContent = error instanceof Error ? error.message : "";
    place.replaceChildren(...words, details);
  };
}
