/** Code: its language, copying it exactly, wrapping its lines, and colours that arrive when it stands still. */

import type { ComponentChild, ComponentType, JSX } from "preact";
import { useContext, useEffect, useId, useMemo, useRef, useState } from "preact/hooks";

import { Copy } from "../parts/Reveal.tsx";
import { t } from "../text/text.ts";

import { shown } from "./Hidden.tsx";
import { isPreviewable, type Language, languageOf } from "./languages.ts";
import { whenNear } from "./seen.ts";
import { inGroups, type Shade } from "./shades.ts";
import { Around } from "./surroundings.ts";

export interface CodeProps {
  /** What the fence says after its marks. */
  readonly info: string;
  readonly code: string;
}

export function Code({ info, code }: CodeProps): JSX.Element {
  const { previews } = useContext(Around);
  const [wrapped, setWrapped] = useState(false);
  const [Preview, setPreview] = useState<ComponentType<{ readonly source: string }> | null>(null);
  const id = useId();
  const box = useRef<HTMLPreElement>(null);
  const { language, name } = languageOf(info);
  const drawn = useColours(box, language, code);
  const previewable = previews && isPreviewable(name, code);
  const turn = (): void => {
    if (Preview !== null) setPreview(null);
    else import("./Preview.tsx").then((found) => setPreview(() => found.Preview), () => undefined);
  };
  return (
    <div class="code" role="group" aria-labelledby={id}>
      <div class="code-head">
        <span id={id} class="code-name">{name === "" ? t("answer.code") : shown(name)}</span>
        {previewable && (
          <button type="button" class="code-action" aria-pressed={Preview !== null} onClick={turn}>
            {t("answer.code.preview")}
          </button>
        )}
        <button type="button" class="code-action" aria-pressed={wrapped} onClick={() => setWrapped(!wrapped)}>
          {t("answer.code.wrap")}
        </button>
        <Copy text={code} name={t("answer.code.copy")} />
      </div>
      {previewable && Preview !== null && <Preview source={code} />}
      <pre ref={box} class={wrapped ? "code-box code-wrapped" : "code-box"} dir="ltr" tabIndex={0} aria-labelledby={id}>
        <code>{drawn}</code>
      </pre>
    </div>
  );
}

interface Done {
  readonly language: Language;
  readonly code: string;
  readonly shades: readonly Shade[];
}

/** Milliseconds in which code must not grow before it is coloured. */
const STANDS_STILL = 200;
/** Characters up to which it is coloured while it grows, each time that it grew by half. */
const COLOURED_AS_IT_COMES = 4_000;

/** The code as nodes: coloured as far as it was when it last stood still, and the rest as it is. */
function useColours(box: { readonly current: Element | null }, language: Language | null, code: string): ComponentChild {
  const [done, setDone] = useState<Done | null>(null);
  const [near, setNear] = useState(false);
  const fits = done !== null && done.language === language && code.startsWith(done.code);
  useEffect(() => box.current === null ? undefined : whenNear(box.current, () => setNear(true)), [box]);
  useEffect(() => {
    if (!near || language === null || (fits && done.code === code)) return undefined;
    let current = true;
    const atOnce = code.length <= COLOURED_AS_IT_COMES && (!fits || code.length > done.code.length * 1.5);
    const timer = setTimeout(() => {
      import("./colours.ts").then(({ coloured }) => coloured(language, code)).then((shades) => {
        if (current && shades !== null) setDone({ language, code, shades });
      }, () => undefined);
    }, atOnce ? 0 : STANDS_STILL);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [near, language, code]);
  const groups = useMemo(() => inGroups(done?.shades ?? []), [done]);
  const before = fits ? groups.slice(0, -1) : [];
  const last = fits ? [...groups.at(-1) ?? [], code.slice(done.code.length)] : [code];
  return [...before, ...inGroups(last)].map((group) => <Lines shades={group} />);
}

/** Lines that are laid out by themselves. */
function Lines({ shades }: { readonly shades: readonly Shade[] }): JSX.Element {
  const [only] = shades;
  const key = shades.length === 1 && typeof only === "string" ? only : shades;
  return useMemo(() => <span class="code-lines">{shades.map(drawnShade)}</span>, [key]);
}

function drawnShade(shade: Shade): ComponentChild {
  if (typeof shade === "string") return shown(shade, true);
  const scope = shade.scope.split(/[.:]/)[0] ?? "";
  return <span class={`of-${scope}`}>{shade.inside.map(drawnShade)}</span>;
}
