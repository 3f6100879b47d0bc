/** What changed between two releases, in plain words. Source: specs/release.md. */

import { type Platforms } from "@privity/attest/reference_values";
import { type Release } from "@privity/attest/release";

/** One sentence for each thing in which `fresh` differs from `old`; none when only its date does. */
export function differences(old: Release, fresh: Release): readonly string[] {
  return [
    ...versions(old, fresh),
    ...digests("model file", old.models, fresh.models),
    ...digests("allowed configuration", old.configuration, fresh.configuration),
    ...platforms(old.platforms, fresh.platforms),
    ...flags(old.flags, fresh.flags),
  ];
}

function versions(old: Release, fresh: Release): readonly string[] {
  const lines: string[] = [];
  if (old.name !== fresh.name || old.version !== fresh.version) {
    lines.push(`Version ${old.version} of ${old.name} becomes version ${fresh.version} of ${fresh.name}.`);
  }
  if (old.source !== fresh.source) {
    lines.push(`Built from another commit: ${old.source.slice(0, 12)} becomes ${fresh.source.slice(0, 12)}.`);
  }
  return lines;
}

function digests(what: string, old: readonly string[], fresh: readonly string[]): readonly string[] {
  const counted = (found: readonly string[], verb: string): readonly string[] => {
    if (found.length === 0) return [];
    const names = [...found].sort().map((one) => one.slice(0, 12)).join(", ");
    return [`${String(found.length)} ${what}${found.length > 1 ? "s" : ""} ${verb}: ${names}.`];
  };
  return [...counted(without(fresh, old), "added"), ...counted(without(old, fresh), "removed")];
}

function without(list: readonly string[], gone: readonly string[]): readonly string[] {
  return [...new Set(list)].filter((one) => !gone.includes(one));
}

function platforms(old: Platforms, fresh: Platforms): readonly string[] {
  const [before, after] = [kindsOf(old), kindsOf(fresh)];
  const kinds = [...new Set([...before.keys(), ...after.keys()])].sort();
  const both = kinds.filter((kind) => before.has(kind) && after.has(kind));
  return [
    ...kinds.filter((kind) => !before.has(kind)).map((kind) => `Hardware of kind ${kind} is accepted from now on.`),
    ...kinds.filter((kind) => !after.has(kind)).map((kind) => `Hardware of kind ${kind} is accepted no more.`),
    ...both.filter((kind) => before.get(kind) !== after.get(kind)).map((kind) => `Other software is measured on ${kind}.`),
  ];
}

/** The kinds of hardware, each with one spelling of everything that is measured on it. */
function kindsOf(named: Platforms): ReadonlyMap<string, string> {
  return new Map(Object.entries(named).map(([kind, one]) => [kind, spelled(one)]));
}

function spelled(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (one instanceof Map ? [...one].sort() : one));
}

function flags(old: readonly string[], fresh: readonly string[]): readonly string[] {
  const emergency = "It is an emergency release: it may be used before the usual day has passed.";
  return [
    ...(fresh.includes("emergency") ? [emergency] : []),
    ...[...without(fresh, [...old, "emergency"])].sort().map((flag) => `Marked ${flag}.`),
    ...[...without(old, fresh)].sort().map((flag) => `No longer marked ${flag}.`),
  ];
}
