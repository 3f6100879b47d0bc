/** Switches, and a choice of one among few. */

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

export interface SwitchProps {
  readonly label: string;
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
  readonly hint?: ComponentChildren;
  readonly disabled?: boolean;
}

/** On or off, at once. */
export function Switch({ label, on, onChange, hint, disabled = false }: SwitchProps): JSX.Element {
  const id = useId();
  const hinted = hint !== undefined && hint !== null;
  return (
    <div class="switch">
      <div class="switch-words">
        <label for={id}>{label}</label>
        {hinted && <p id={`${id}-hint`} class="field-hint">{hint}</p>}
      </div>
      <input
        id={id}
        type="checkbox"
        role="switch"
        class="switch-box"
        checked={on}
        disabled={disabled}
        aria-describedby={hinted ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    </div>
  );
}

export interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly onChange: (value: Value) => void;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
}

/** One of two to five, all in sight. */
export function Choice<Value extends string>({ label, value, onChange, options }: ChoiceProps<Value>): JSX.Element {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class="field-label">{label}</legend>
      <div class="choice-options">
        {options.map((one) => (
          <label key={one.value} class="choice-option">
            <input type="radio" name={name} checked={one.value === value} onChange={() => onChange(one.value)} />
            <span>{one.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export interface TickProps {
  readonly label: ComponentChildren;
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
  readonly disabled?: boolean;
}

/** One box to tick. */
export function Tick({ label, on, onChange, disabled = false }: TickProps): JSX.Element {
  return (
    <label class="tick">
      <input type="checkbox" checked={on} disabled={disabled} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}
