/* global self, indexedDB */
// A browser's history, written by one device and read by another through a service in this worker; then a locked browser,
// its unlocking, and the list of its chats.
import { Account } from "@privity/account/account";
import { IndexedDevices } from "@privity/account/devices";
import { forget, open } from "@privity/history/indexeddb";
import { Kind } from "@privity/vault/contents/schema";

import { Browser, draw } from "../../packages/account/test/browser.ts";
import { Strict } from "../../packages/account/test/service.ts";
import { CHAT, linked, message, saved } from "../../packages/account/test/steps.ts";

const IN_A_CHAT = 20;
const AT_ONCE = 100;

/** A browser profile whose devices and history lie in IndexedDB. */
class Real extends Browser {
  devices = new IndexedDevices(indexedDB);

  store(account) {
    return open(indexedDB, account);
  }

  forget(account) {
    return forget(indexedDB, account);
  }
}

const TEXT = "says a few words, as messages do, and then a few more so that it is as long as most of them are. ";

async function fill({ messages }) {
  const { account, passkey, service } = await saved();
  const { history } = account;
  for (let at = 0; at < messages; at += IN_A_CHAT) {
    const box = draw(`box ${at}`, 16);
    await history.addBox(box);
    await history.add({ ...CHAT, title: { ...CHAT.title, value: `Chat ${at}` } }, box);
    for (let number = 0; number < IN_A_CHAT; number += 1) await history.add(message(`Message ${at + number} ${TEXT}`, box), box);
    if (at % AT_ONCE === 0) await account.sync();
  }
  await account.sync();
  const began = performance.now();
  const reader = new Real("reader", service);
  await linked(account, passkey, reader);
  return { synchronised: performance.now() - began };
}

async function list() {
  const place = new Real("reader", new Strict());
  const [known] = await place.devices.all();
  const began = performance.now();
  const account = await Account.unlock(place, known);
  const unlocked = performance.now() - began;
  const found = await account.history.items({ kinds: new Set([Kind.CHAT]) });
  account.store.close();
  return { chats: found.length, unlocked, listed: performance.now() - began };
}

const STEPS = { fill, list };

self.onmessage = ({ data }) => {
  STEPS[data.step](data).then((answer) => self.postMessage(answer), (error) => self.postMessage({ failed: String(error?.stack ?? error) }));
};
