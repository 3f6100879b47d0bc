"""What changed between two releases, in plain words. Source: specs/release.md."""

from dataclasses import fields

from privity_attest.reference_values import Platforms
from privity_attest.release import Release


def differences(old: Release, new: Release) -> tuple[str, ...]:
    """Return one sentence for each thing in which `new` differs from `old`; none when only its date does."""
    return (
        *_versions(old, new),
        *_set("model file", old.models, new.models),
        *_set("allowed configuration", old.configuration, new.configuration),
        *_platforms(old.platforms, new.platforms),
        *_flags(old.flags, new.flags),
    )


def _versions(old: Release, new: Release) -> tuple[str, ...]:
    lines = []
    if (old.name, old.version) != (new.name, new.version):
        lines.append(f"Version {old.version} of {old.name} becomes version {new.version} of {new.name}.")
    if old.source != new.source:
        lines.append(f"Built from another commit: {old.source[:12]} becomes {new.source[:12]}.")
    return tuple(lines)


def _set(what: str, old: tuple[bytes, ...], new: tuple[bytes, ...]) -> tuple[str, ...]:
    added, gone = set(new) - set(old), set(old) - set(new)
    lines = []
    if added:
        lines.append(f"{len(added)} {what}{'s' if len(added) > 1 else ''} added: {_short(added)}.")
    if gone:
        lines.append(f"{len(gone)} {what}{'s' if len(gone) > 1 else ''} removed: {_short(gone)}.")
    return tuple(lines)


def _short(digests: set[bytes]) -> str:
    return ", ".join(sorted(one.hex()[:12] for one in digests))


def _platforms(old: Platforms, new: Platforms) -> tuple[str, ...]:
    before, after = ({one.name: getattr(named, one.name) for one in fields(named)} for named in (old, new))
    kinds = sorted(before)
    lines = [f"Hardware of kind {kind} is accepted from now on." for kind in kinds if not before[kind] and after[kind]]
    lines += [f"Hardware of kind {kind} is accepted no more." for kind in kinds if before[kind] and not after[kind]]
    changed = (kind for kind in kinds if before[kind] and after[kind] and before[kind] != after[kind])
    return (*lines, *(f"Other software is measured on {kind}." for kind in changed))


def _flags(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    lines = []
    if "emergency" in new:
        lines.append("It is an emergency release: it may be used before the usual day has passed.")
    lines += [f"Marked {flag}." for flag in sorted(set(new) - set(old) - {"emergency"})]
    lines += [f"No longer marked {flag}." for flag in sorted(set(old) - set(new))]
    return tuple(lines)
