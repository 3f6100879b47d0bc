/** A text as a QR code, drawn as one path; dark on light in every theme, so that each scanner reads it. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { encode } from "uqr";

/** Modules of quiet zone around it, as the standard demands. */
const QUIET = 4;

export function QrCode({ text, name }: { readonly text: string; readonly name: string }): JSX.Element {
  const { size, path } = useMemo(() => drawn(text), [text]);
  return (
    <svg class="qr" viewBox={`0 0 ${String(size)} ${String(size)}`} role="img" aria-label={name} shape-rendering="crispEdges">
      <path d={path} />
    </svg>
  );
}

function drawn(text: string): { readonly size: number; readonly path: string } {
  const { size, data } = encode(text, { ecc: "M", border: 0 });
  const runs = data.flatMap((row, y) => row.map((dark, x) => {
    return dark ? `M${String(x + QUIET)} ${String(y + QUIET)}h1v1h-1z` : "";
  }));
  return { size: size + 2 * QUIET, path: runs.join("") };
}
