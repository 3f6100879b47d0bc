/** Screens that are loaded when they are needed first. */

import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { allTexts, t } from "../text/text.ts";

import { Button } from "./Button.tsx";
import { Skeleton } from "./Skeleton.tsx";

type Loaded<Props> = ComponentType<Props> | "failed" | null;

/**
 * A component whose module is loaded with its first use; `meanwhile` is shown until then.
 *
 * What cannot be loaded, because there is no network or its hash is not the published one, says so and can be tried again.
 */
export function lazy<Props extends object>(
  load: () => Promise<ComponentType<Props>>, meanwhile: (props: Props) => JSX.Element = Waiting,
): (props: Props) => JSX.Element {
  let known: ComponentType<Props> | null = null;
  return function Lazy(props: Props): JSX.Element {
    const [found, setFound] = useState<Loaded<Props>>(() => known);
    const fetch = (): void => {
      setFound(null);
      Promise.all([load(), allTexts()]).then(([component]) => {
        known = component;
        setFound(() => component);
      }, () => setFound("failed"));
    };
    useEffect(() => {
      if (known === null) fetch();
      // Another place had it loaded between this one's first drawing and now.
      else setFound(() => known);
    }, []);
    if (found === null) return meanwhile(props);
    if (found === "failed") return <Missing again={fetch} />;
    const Found = found;
    return <Found {...props} />;
  };
}

function Waiting(): JSX.Element {
  return <div class="page"><Skeleton lines={5} /></div>;
}

function Missing({ again }: { readonly again: () => void }): JSX.Element {
  return (
    <div class="page" role="alert">
      <p>{t("shell.not_loaded")}</p>
      <div class="actions"><Button icon="retry" onClick={again}>{t("shell.try_again")}</Button></div>
    </div>
  );
}
