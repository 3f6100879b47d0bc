/** Fields with a label, a hint and an error that are read with them. */

import type { ComponentChildren, JSX, Ref } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

import { Icon } from "./Icon.tsx";

interface Labelled {
  readonly label: string;
  /** The label is spoken only. */
  readonly labelHidden?: boolean;
  readonly hint?: ComponentChildren;
  /** What is wrong, and what to do. */
  readonly error?: string | null;
}

export interface FieldProps extends Labelled {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: "text" | "search" | "password" | "number" | "date" | "url";
  readonly autocomplete?: string;
  readonly inputMode?: "text" | "numeric" | "search" | "url";
  readonly placeholder?: string;
  readonly maxLength?: number;
  readonly required?: boolean;
  readonly disabled?: boolean;
  /** For codes and digests: monospace, no correction, no capitals. */
  readonly code?: boolean;
  readonly element?: Ref<HTMLInputElement>;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
}

/** One line of text. */
export function Field(props: FieldProps): JSX.Element {
  const { label, labelHidden, hint, error, onInput, code = false, element, type = "text", onKeyDown, ...rest } = props;
  const id = useId();
  // The attributes' types know one kind of field at a time.
  const kind = { type } as { readonly type: "text" };
  return (
    <Around id={id} label={label} labelHidden={labelHidden ?? false} hint={hint} error={error ?? null}>
      <input
        {...rest}
        {...(element === undefined ? {} : { ref: element })}
        {...(code ? { autocapitalize: "none", spellcheck: false, autocorrect: "off" } : {})}
        id={id}
        {...kind}
        autocomplete={rest.autocomplete ?? "off"}
        class={code ? "input input-code" : "input"}
        aria-invalid={error !== undefined && error !== null}
        aria-describedby={described(id, hint, error)}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={(event) => onKeyDown?.(event)}
      />
    </Around>
  );
}

export interface TextAreaProps extends Labelled {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly placeholder?: string;
  readonly maxLength?: number;
  readonly disabled?: boolean;
  readonly rows?: number;
}

/** Several lines of text; it grows with them. */
export function TextArea({ label, labelHidden, hint, error, onInput, rows = 3, ...rest }: TextAreaProps): JSX.Element {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => grow(area.current), [rest.value]);
  return (
    <Around id={id} label={label} labelHidden={labelHidden ?? false} hint={hint} error={error ?? null}>
      <textarea
        {...rest}
        ref={area}
        id={id}
        rows={rows}
        dir="auto"
        class="input input-area"
        aria-invalid={error !== undefined && error !== null}
        aria-describedby={described(id, hint, error)}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </Around>
  );
}

/** Let an area be as high as its text, where the browser does not do so by itself; its style sheet sets the limit. */
export function grow(area: HTMLTextAreaElement | null): void {
  if (area === null || CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${String(area.scrollHeight + area.offsetHeight - area.clientHeight)}px`;
}

export interface SelectProps extends Labelled {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly { readonly value: string; readonly label: string; readonly disabled?: boolean }[];
  readonly disabled?: boolean;
}

/** One of a few, in the browser's own list. */
export function Select(props: SelectProps): JSX.Element {
  const { label, labelHidden, hint, error, value, onChange, options, disabled = false } = props;
  const id = useId();
  return (
    <Around id={id} label={label} labelHidden={labelHidden ?? false} hint={hint} error={error ?? null}>
      <div class="select">
        <select
          id={id}
          class="input input-select"
          value={value}
          disabled={disabled}
          aria-describedby={described(id, hint, error)}
          onChange={(event) => onChange(event.currentTarget.value)}
        >
          {options.map((one) => <option key={one.value} value={one.value} disabled={one.disabled}>{one.label}</option>)}
        </select>
        <Icon name="down" />
      </div>
    </Around>
  );
}

interface AroundProps {
  readonly id: string;
  readonly label: string;
  readonly labelHidden: boolean;
  readonly hint: ComponentChildren;
  readonly error: string | null;
  readonly children: ComponentChildren;
}

function Around({ id, label, labelHidden, hint, error, children }: AroundProps): JSX.Element {
  return (
    <div class="field">
      <label for={id} class={labelHidden ? "spoken" : "field-label"}>{label}</label>
      {children}
      {hint !== undefined && hint !== null && <p id={`${id}-hint`} class="field-hint">{hint}</p>}
      {error !== null && <p id={`${id}-error`} class="field-error" role="alert">{error}</p>}
    </div>
  );
}

function described(id: string, hint: ComponentChildren, error: string | null | undefined): string | undefined {
  const parts = [
    ...(hint === undefined || hint === null ? [] : [`${id}-hint`]),
    ...(error === undefined || error === null ? [] : [`${id}-error`]),
  ];
  return parts.length === 0 ? undefined : parts.join(" ");
}
