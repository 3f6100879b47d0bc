/**
 * How a worker reaches the server: at its address, or in local mode through the page's own origin, which carries it there.
 *
 * What the worker knows, signs and keeps is always about the server itself; only the way of its requests differs.
 */

/** Where to ask instead of an address. `name` is the worker's, in which boot.ts wrote the server; `own` the page's origin. */
export function through(name: string, own: string): (address: string) => string {
  const [, server] = name.split(" ");
  if (server === undefined) return (address) => address;
  return (address) => (address.startsWith(`${server}/`) ? `${own}${address.slice(server.length)}` : address);
}
