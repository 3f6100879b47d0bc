/** The icons: our own set, drawn on 20 × 20 with strokes of 1.5, always beside a label or inside something named. */

import type { JSX } from "preact";

const PATHS = {
  add: "M10 4.5v11M4.5 10h11",
  archive: "M3.5 4.5h13v3h-13zM4.5 7.5v8h11v-8M8 10.5h4",
  attach: "M14.5 9.5 9.8 14.2a3.1 3.1 0 0 1-4.4-4.4l5.3-5.3a2.1 2.1 0 0 1 3 3l-5.2 5.2a1 1 0 0 1-1.5-1.5l4.6-4.6",
  back: "M12 4.5 6.5 10l5.5 5.5",
  bolt: "M11 3.5 5.5 11H9.5l-.5 5.5L14.5 9H10.500z",
  branch: "M6 6.500v7M6 6.500a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z"
    + "M6 16.500a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM14 8.500a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z"
    + "M14 8.500c0 3-3 3.5-8 5",
  check: "m4.5 10.5 3.5 3.5 7.5-8",
  clock: "M10 16.500a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM10 6.500V10l2.5 1.5",
  close: "m5 5 10 10M15 5 5 15",
  copy: "M7.5 7.500h8v9h-8zM12.5 7.500v-4h-8v9h3",
  device: "M4.5 4.500h11v8h-11zM2.5 15.500h15",
  down: "m4.5 7.5 5.5 5.5 5.5-5.5",
  download: "M10 3.500v9M6 9l4 4 4-4M4 16.500h12",
  drag: "M7.5 5h.01M12.5 5h.01M7.5 10h.01M12.5 10h.01M7.5 15h.01M12.5 15h.01",
  edit: "m12.5 4.5 3 3-8 8H4.500v-3zM10.5 6.500l3 3",
  external: "M8 5H4.500v10.500H15V12M11 3.500h5.500V9M16 4 9.5 10.5",
  failed: "M7.2 3.500h5.600l3.7 3.700v5.600l-3.7 3.700H7.200l-3.7-3.700V7.200zM7.7 7.700l4.6 4.600M12.3 7.700l-4.6 4.6",
  file: "M5 3.500h6.500L15 7v9.5H5zM11.5 3.500V7H15",
  folder: "M3 5.500h5l1.5 2H17v8H3z",
  forward: "M8 4.5 13.5 10 8 15.5",
  globe: "M10 16.500a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM3.5 10h13M10 3.500c4 4 4 9 0 13M10 3.500c-4 4-4 9 0 13",
  help: "M7.5 7.500a2.5 2.5 0 1 1 3.7 2.200c-.8.5-1.2 1-1.2 2M10 14.500h.01M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14z",
  hidden: "M10 16.500a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z",
  image: "M3.5 4.500h13v11h-13zM3.5 13l3.5-3.5 3 3 2-2 4.5 4M12.5 7.500h.01",
  info: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 9.5v4M10 6.500h.01",
  key: "M7 13a3.5 3.5 0 1 1 3.3-4.600H17v3h-2v2h-2.500v-2h-2.200A3.5 3.5 0 0 1 7 13zM7 9.5h.01",
  keyboard: "M2.5 5.500h15v9h-15zM5.5 8.500h.01M8.5 8.500h.01M11.5 8.500h.01M14.5 8.500h.01M7 11.500h6",
  latest: "M10 4v10M5.5 9.5 10 14l4.5-4.5",
  link: "m8.5 11.5 3-3M9 6.500l1.5-1.500a3 3 0 0 1 4.5 4.500L13.5 11M11 13.5 9.5 15A3 3 0 0 1 5 10.500L6.5 9",
  lock: "M5 9h10v7.500H5zM7 9V6.500a3 3 0 0 1 6 0V9",
  menu: "M3.5 6h13M3.5 10h13M3.5 14h13",
  moon: "M15.5 11.500a6 6 0 1 1-7-8 5 5 0 0 0 7 8z",
  more: "M4.5 10h1M9.5 10h1M14.5 10h1",
  palette: "M4 6.5 7.5 10 4 13.500M9.5 14H16",
  passed: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM6.8 10.3 9 12.500l4.3-4.8",
  pin: "M7 3.500h6l-1 5 2.5 3h-9l2.5-3zM10 11.500v5",
  print: "M6 7.500v-4h8v4M6 14H3.500V7.500h13V14H14M6 11.500h8v5H6z",
  retry: "M15.5 7.500A6 6 0 1 0 16 11M15.5 3.500v4h-4",
  search: "M9 14.500a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM13 13l3.5 3.5",
  send: "M10 16V4.500M5 9.5l5-5 5 5",
  settings: "M3.5 6h7M14.5 6h2M3.5 14h2M9.5 14h7M12.5 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7.5 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  share: "M10 12V3.500M6.5 6.5 10 3l3.5 3.500M5.5 10h-1v6.500h11V10h-1",
  sidebar: "M3 4.500h14v11H3zM7.5 4.500v11",
  stop: "M6 6h8v8H6z",
  sun: "M10 13.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 2v1.500M10 16.500V18M2 10h1.500M16.5 10H18"
    + "M4.3 4.300l1.1 1.100M14.6 14.600l1.1 1.100M4.3 15.700l1.1-1.100M14.6 5.400l1.1-1.1",
  temporary: "M8 3.800a6.5 6.5 0 0 1 4 0M14.8 5.600a6.5 6.5 0 0 1 1.6 3M16.2 12a6.5 6.5 0 0 1-2.2 3"
    + "M11.5 16.400a6.5 6.5 0 0 1-3.5-.1M5.2 14.400a6.5 6.5 0 0 1-1.6-3M3.8 8a6.5 6.5 0 0 1 2-2.9",
  trash: "M4 5.500h12M8 5.500v-2h4v2M5.5 5.500l.7 11h7.600l.7-11M8.5 8.500v5M11.5 8.500v5",
  up: "m4.5 12.5 5.5-5.5 5.5 5.5",
  upload: "M10 16.500v-9M6 11l4-4 4 4M4 3.500h12",
  usage: "M3.5 14.500a6.5 6.5 0 1 1 13 0M10 14.500l3.5-4.5",
  user: "M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 16.500c.6-3 3-4.5 6-4.500s5.4 1.5 6 4.5",
  warning: "M10 3.5 17 16H3zM10 8v4M10 14h.01",
};

export type IconName = keyof typeof PATHS;

/** Those that point along the line: they turn round where it is read from the right. */
const ALONG: ReadonlySet<IconName> = new Set(["back", "forward", "sidebar", "external", "palette", "branch"]);

/** One icon. It says nothing by itself: what it stands in must have a name. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class={ALONG.has(name) ? "icon icon-along" : "icon"} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
