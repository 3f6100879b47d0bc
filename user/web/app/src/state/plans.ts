/** Plans: what the service says of this person's and of others, and what they do about it. Loaded with their screen. */

import { signal } from "@preact/signals";

import { t } from "../text/text.ts";
import { clears } from "./clearing.ts";
import { type Fault, faultOf } from "./faults.ts";
import { tell } from "./notices.ts";
import { watchAllowance } from "./paying.ts";
import { ports } from "./ports.ts";

/** A plan that can be bought: its price in the smallest unit of a currency, for a month. */
export interface Offer {
  readonly name: string;
  readonly title: string;
  readonly amount: number;
  readonly currency: string;
}

export interface PlansView {
  /** What this person's plan is called. */
  readonly title: string;
  /** Unix seconds: until when it is paid, and until when it stays as it is after that; null: without end. */
  readonly until: number | null;
  readonly graceUntil: number | null;
  readonly vouchers: boolean;
  readonly offers: readonly Offer[];
}

export const plans = signal<PlansView | null>(null);
export const voucherFault = signal<Fault | null>(null);
export const planBusy = signal(false);
/** Where a purchase goes on; null: none was begun. */
export const checkout = signal<URL | null>(null);

clears(() => {
  [plans.value, voucherFault.value, checkout.value] = [null, null, null];
});

/** Ask the service. A failure leaves what was known. */
export async function loadPlans(): Promise<void> {
  try {
    const [usage, all] = await Promise.all([asked("usage"), asked("plans")]);
    plans.value = viewOf(usage, all);
  } catch {
    // The screen shows what it has; what is left of today does not come from here.
  }
}

/** Take a voucher. What is wrong with it is shown beside it. Returns whether it counts now. */
export async function redeem(code: string): Promise<boolean> {
  return worked(async () => {
    await asked("vouchers", { code });
    tell(t("account.usage.redeemed"));
    await loadPlans();
    watchAllowance();
  });
}

/** Begin to buy a plan: the person is told where that leads before they go. */
export async function buy({ name }: Offer): Promise<boolean> {
  return worked(async () => {
    const { url } = await asked("checkout", { plan: name });
    const found = typeof url === "string" && URL.canParse(url) ? new URL(url) : null;
    if (found?.protocol !== "https:" && found?.hostname !== "localhost") throw new TypeError("no address to pay at");
    checkout.value = found;
  });
}

async function worked(step: () => Promise<void>): Promise<boolean> {
  if (planBusy.value) return false;
  [planBusy.value, voucherFault.value] = [true, null];
  try {
    await step();
    return true;
  } catch (error) {
    voucherFault.value = faultOf(error);
    return false;
  } finally {
    planBusy.value = false;
  }
}

type Members = Readonly<Record<string, unknown>>;

async function asked(what: string, content?: Members): Promise<Members> {
  return membersOf(JSON.parse(await ports().vault.ask("plan", { what, content: content ? JSON.stringify(content) : null })));
}

function viewOf({ plan, until, grace_until: grace }: Members, { plans: listed, vouchers }: Members): PlansView {
  const all = (Array.isArray(listed) ? listed : []).map(membersOf);
  return {
    title: textOf(all.find(({ name }) => name === plan)?.["title"] ?? plan),
    until: secondsOf(until), graceUntil: secondsOf(grace), vouchers: vouchers === true,
    offers: all.flatMap(({ name, title, price, buy: forSale }) => {
      if (forSale !== true || price === null || name === plan) return [];
      const { amount, currency } = membersOf(price);
      if (!Number.isSafeInteger(amount) || !/^[a-z]{3}$/.test(textOf(currency))) return [];
      return [{ name: textOf(name), title: textOf(title), amount: amount as number, currency: textOf(currency) }];
    }),
  };
}

function membersOf(value: unknown): Members {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new TypeError("no answer about plans");
  return value as Members;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 64) : "";
}

function secondsOf(value: unknown): number | null {
  return Number.isSafeInteger(value) ? value as number : null;
}
