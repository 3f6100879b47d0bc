/** Stages 2 to 5 of a measured boot: did this TPM's key sign these registers, and was that key given explicitly? */

import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equal, fromHex, toHex } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";

import { fails, NotChecked, type Run } from "../case.ts";
import * as measuredBoot from "../measured_boot.ts";
import { BootLogError, SHA256 } from "../measured_boot.ts";
import { P256, SignatureInvalid, verifyRaw } from "../signature.ts";
import * as quote from "./quote.ts";

export const BOOT_LOG = "boot-log";

/** Parse the quote, its signature, key and registers. */
const quoteForm: Run = (at) => {
  try {
    at.found.tpmQuote = quote.decode(at.item("cpu"));
  } catch (error) {
    if (error instanceof Malformed) return [error.reason === "trailing_data" ? "trailing_data:cpu" : "malformed:cpu"];
    throw error;
  }
  at.found.reportData = at.found.tpmQuote.qualifying;
  at.found.platformId = toHex(sha256(fromHex(at.found.tpmQuote.pin) ?? new Uint8Array(0)));
  return [];
};

/** Parse the log that firmware, stub and boot loader left. */
const bootLogForm: Run = (at) => {
  if (!at.has(BOOT_LOG)) return new NotChecked("not_applicable:item");
  if (at.bundle?.items.get(BOOT_LOG)?.mediaType !== "tcg-log") return [`malformed:${BOOT_LOG}`];
  try {
    at.found.bootEvents = measuredBoot.decode(at.item(BOOT_LOG), SHA256);
  } catch (error) {
    if (error instanceof BootLogError) return [`malformed:${BOOT_LOG}`];
    throw error;
  }
  return [];
};

/** The key was given explicitly. Where simulation is not allowed there is none to compare with. */
const root: Run = ({ found, policy }) => {
  if (!policy.allow_simulated) return new NotChecked("blocked_by:kind");
  return fails(!policy.trust_anchors.simulated.includes(found.tpmQuote.pin), "root_not_pinned:cpu");
};

/** A TPM's key of its own has no certificate, and so no list. */
const revocation: Run = () => new NotChecked("not_applicable:no certificate");

/** The key signed the quote, and what it signed is the digest of the registers beside it. */
const quoteSignature: Run = async ({ found: { tpmQuote } }) => {
  try {
    await verifyRaw(P256, tpmQuote.key.point, tpmQuote.attest, tpmQuote.signature);
  } catch (error) {
    if (error instanceof SignatureInvalid) return ["quote_signature:cpu"];
    throw error;
  }
  const values = concat(...tpmQuote.registers.values());
  return fails(!equal(sha256(values), tpmQuote.digest), "quote_signature:registers");
};

export const CHECKS: Readonly<Record<string, Run>> = {
  quote_form: quoteForm,
  boot_log_form: bootLogForm,
  root,
  revocation,
  quote_signature: quoteSignature,
};
