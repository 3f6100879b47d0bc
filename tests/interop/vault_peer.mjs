// The TypeScript side of the vault's interoperation tests: one JSON object per line in, one per line out; both roles.
// Bytes are hexadecimal. A documented error is answered as {"error": reason}; anything else ends the process.
import { createInterface } from "node:readline";
import { webcrypto } from "node:crypto";

const PACKAGES = new URL("../../user/web/packages/", import.meta.url);
const load = (path) => import(new URL(`${path}.js`, PACKAGES).href);
const ours = (names) => Promise.all(names.map((name) => load(`vault/dist/src/${name}`)));
const theirs = (names) => Promise.all(names.map((name) => load(`protocol/dist/src/${name}`)));
const [bytes, cbor, errors, xwing, publicLabels, storedHeader, storedKeyring, storedMembers, storedPage] = await theirs([
  "bytes", "cbor", "errors", "xwing", "stored/labels", "stored/header", "stored/keyring", "stored/members", "stored/page",
]);
const [box, vaultErrors, encrypted, listing, manifest, keyring, labels, object, opener, page] = await ours([
  "box", "errors", "export/encrypted", "export/listing", "export/manifest", "keyring", "labels", "object", "opener", "page",
]);
const [pairing, steps, passphrase, { inScript }, half, recovery, secret, share, signer] = await ours([
  "pairing", "pairing/steps", "passphrase", "argon2id", "private_half", "recovery", "secret", "share", "signer",
]);

const [clock, deletion, kinds, schema, merge, order, title, tree] = await ours([
  "clock", "deletion", "contents/kinds", "contents/schema", "merge", "order", "title", "tree",
]);

const [archive, fileName, library, plainly, chatgpt, claude, unzip, zip] = await ours([
  "export/archive", "export/file_name", "export/library", "export/plainly", "importers/chatgpt", "importers/claude",
  "export/unzip", "export/zip",
]);

const { toHex: hex, fromHex: raw } = bytes;
const entropy = (size) => webcrypto.getRandomValues(new Uint8Array(size));
const kem = xwing.portable(entropy);
const rawOrNull = (text) => (text === null ? null : raw(text));
const kept = (kind, text) => new secret.Secret(kind, raw(text)).keep();
const accountKey = (text) => kept("account key", text);
const signing = async (seed) => {
  return signer.signer(await signer.keep(new secret.Secret("signing seed", raw(seed)), entropy(signer.WRAPPING_ENTROPY)));
};
const keysOf = async (pairs) => new Map(await Promise.all(pairs.map(async ([epoch, key]) => [epoch, await accountKey(key)])));
const claimOf = ([data, mac, before, signature]) => {
  return { public: raw(data), mac: raw(mac), macBefore: rawOrNull(before), signature: raw(signature) };
};
const trustedOf = async (data) => ({ keyring: storedKeyring.decode(raw(data)), hash: await storedKeyring.digest(raw(data)) });
const placeOf = (place) => ({ account: raw(place[0]), box: raw(place[1]), object: raw(place[2]), version: place[3] });
const materialKind = (kind) => Object.keys(opener.KINDS)[kind - 1];
const state = {};
const stretched = new Map();

/** The real Argon2id, asked once for the same words and cost. */
async function argon2id(words, cost) {
  const asked = JSON.stringify([hex(words), cost.memory, cost.passes, hex(cost.salt)]);
  if (!stretched.has(asked)) stretched.set(asked, await inScript(words, cost));
  return stretched.get(asked).slice();
}

const openers = {
  async open_record({ record, kind, material, account }) {
    const found = await opener.openFresh(opener.decode(raw(record)), await kept(materialKind(kind), material), raw(account), kem);
    return { account_key: hex(found.raw.reveal()) };
  },
  async make_record({ kind, material, account_key, account, id, sheet, cost, credential }) {
    const parameters = sheet === null
      ? (cost === null ? null : { memory: cost[0], passes: cost[1], salt: raw(cost[2]) })
      : { finder: raw(sheet[0]), publicKey: raw(sheet[1]) };
    const making = { account: raw(account), id: raw(id), epoch: 1, parameters, credential: rawOrNull(credential), kem };
    const key = new secret.Secret("account key", raw(account_key));
    const { record, absent } = await opener.make(await kept(materialKind(kind), material), key, making);
    return { record: hex(opener.encode(record)), public_key: hex(absent.publicKey), lock: hex(absent.lock.reveal()) };
  },
  async seal_again({ record, public_key, lock, account_key, account, epoch }) {
    const absent = { publicKey: raw(public_key), lock: new secret.Secret("lock", raw(lock)) };
    const again = { account: raw(account), epoch, encapsulate: kem.encapsulate };
    const key = new secret.Secret("account key", raw(account_key));
    return { record: hex(opener.encode(await opener.sealAgain(opener.decode(raw(record)), absent, key, again))) };
  },
  async codes({ entropy: given, cost }) {
    const [letters, words] = [recovery.make(raw(given)), passphrase.make(raw(given).slice(0, passphrase.ENTROPY))];
    const stretched = await passphrase.stretch(words, { memory: cost[0], passes: cost[1], salt: raw(cost[2]) }, argon2id);
    const { finder, signingSeed } = await recovery.access(letters);
    return {
      code: recovery.written(letters), words: passphrase.written(words), stretched: hex(stretched.reveal()),
      finder: hex(finder), seed: hex(signingSeed.reveal()),
    };
  },
};

const histories = {
  async write_keyring({ data, keys, seed, rises }) {
    const claim = await keyring.write(storedKeyring.decode(raw(data)), await keysOf(keys), await signing(seed), rises);
    return { claim: [claim.public, claim.mac, claim.macBefore, claim.signature].map((one) => (one === null ? null : hex(one))) };
  },
  async accept_keyrings({ claims, account, keys }) {
    const [first, ...rest] = claims.map(claimOf);
    const known = await keysOf(keys);
    let trusted = await keyring.acceptAll([first], raw(account), known);
    for (const claim of rest) trusted = await keyring.acceptNext(trusted, claim, known);
    return { revision: trusted.keyring.revision, hash: hex(trusted.hash) };
  },
  async pages({ account, ring, known, entries, device, seed, day }) {
    const trusted = await trustedOf(ring);
    const log = new page.Memory(await page.start(raw(account)), trusted);
    log.trust(trusted);
    for (const [data, signature] of known) {
      log.apply(await page.accept(log.view(), { data: raw(data), signature: raw(signature) }));
    }
    const written = entries.map(([op, id, version, lane, hash, size]) => {
      return { op, object: raw(id), version, lane: rawOrNull(lane), body: hash === null ? null : { hash: raw(hash), size } };
    });
    const signed = await page.write(log.view(), written, { device: raw(device), day, signer: await signing(seed) });
    log.apply(await page.accept(log.view(), signed));
    return { page: [hex(signed.data), hex(signed.signature)], fingerprint: page.fingerprint(log.position) };
  },
  async seal_half({ data, key, where, nonce }) {
    const [openers, devices, past, lane] = data;
    const given = {
      openers: openers.map(([id, publicKey, lock, label]) => (
        { id: raw(id), absent: { publicKey: raw(publicKey), lock: new secret.Secret("lock", raw(lock)) }, label }
      )),
      devices: devices.map(([id, label]) => ({ id: raw(id), label })),
      past: new Map(past.map(([epoch, old]) => [epoch, new secret.Secret("account key", raw(old))])),
      lane: new secret.Secret("lane key", raw(lane)),
    };
    const place = { account: raw(where[0]), revision: where[1], epoch: where[2] };
    return { body: hex(await half.seal(given, await accountKey(key), place, raw(nonce))) };
  },
  async open_half({ body, ring, key }) {
    const found = await half.openHalf(raw(body), await trustedOf(ring), await accountKey(key));
    return {
      openers: found.openers.map(({ id, absent, label }) => [hex(id), hex(absent.publicKey), hex(absent.lock.reveal()), label]),
      devices: found.devices.map(({ id, label }) => [hex(id), label]),
      past: [...found.past].map(([epoch, old]) => [epoch, hex(old.reveal())]),
      lane: hex(found.lane.reveal()),
    };
  },
};

const objects = {
  async seal_object({ content, kind, place, key, generation, nonce }) {
    const sealing = { kind, place: placeOf(place), key: await kept("chat key", key), generation };
    return { body: hex(await object.seal(cbor.decode(raw(content)), sealing, raw(nonce))) };
  },
  async open_object({ body, kind, place, key, generation }) {
    const sealing = { kind, place: placeOf(place), key: await kept("chat key", key), generation };
    return { content: hex(cbor.encode(await object.openBody(raw(body), sealing))) };
  },
  async seal_box({ id, keys, key, account, version, epoch, nonce }) {
    const [first, ...rest] = keys.map((one) => new secret.Secret("chat key", raw(one)));
    const made = rest.reduce(box.withNextKey, box.make(raw(id), first));
    return { body: hex(await box.seal(made, await accountKey(key), { account: raw(account), version, epoch, nonce: raw(nonce) })) };
  },
  async open_box({ body, id, keys, account, version }) {
    const found = await box.openRaw(raw(body), await keysOf(keys), { account: raw(account), id: raw(id), version });
    return { keys: found.keys.map((one) => hex(one.reveal())) };
  },
  async ids({ box: id, lane, object: one, key, account, source }) {
    const imported = (await box.importIds(await accountKey(key), raw(account), source))("é");
    return { lane: hex(box.lane(raw(id), new secret.Secret("lane key", raw(lane)), raw(one))), imported: hex(imported) };
  },
};

const linkSecret = (text) => (text === null ? null : new secret.Secret("link secret", raw(text)));

const handedOver = {
  async offer({ secret: shared, device_key, now }) {
    state.offered = await pairing.offer(
      { linkSeed: entropy(32), deviceKey: raw(device_key), nonce: entropy(32), secret: linkSecret(shared) }, now, kem,
    );
    const link = shared === null ? null : steps.writeLink("https://chat.example", entropy(16), state.offered.card, linkSecret(shared));
    return { card: hex(state.offered.card), link };
  },
  async answered({ answer }) {
    state.answered = state.offered.answered(raw(answer));
    return { code: state.answered.code, reveal: hex(state.answered.reveal) };
  },
  async granted({ grant, origin }) {
    const found = await state.answered.granted(raw(grant), origin);
    return { account_key: hex(found.key.reveal()), n: found.n };
  },
  async answer({ card, link, account, device_key, now }) {
    const scanned = pairing.scanned(raw(card), link === null ? null : steps.readLink(link), now);
    state.replied = scanned.answer({ nonce: entropy(32), account: raw(account), deviceKey: raw(device_key) });
    return { answer: hex(state.replied.raw) };
  },
  async grant({ reveal, digits, now, account_key, account, keyring: ring, head, n, origin }) {
    const confirmed = state.replied.revealed(raw(reveal), now).typed(digits, now);
    const key = new secret.Secret("account key", raw(account_key));
    const given = { key, account: raw(account), keyring: raw(ring), head: raw(head), n, origin };
    return { grant: hex(await confirmed.grant(given, now, kem.encapsulate)) };
  },
  async seal_share({ snapshot, id, key, now, lifetime, nonce }) {
    const link = { id: raw(id), key: new secret.Secret("share key", raw(key)) };
    const given = { ...snapshot, receipts: snapshot.receipts.map(raw) };
    const { body, expiry } = await share.seal(given, link, { now, lifetime, nonce: raw(nonce) });
    return { body: hex(body), expiry, link: share.writeLink("https://chat.example", link) };
  },
  async open_share({ body, link, expiry, now }) {
    const found = await share.openShare(raw(body), share.readLink(link), expiry, now);
    return { ...found, receipts: found.receipts.map(hex) };
  },
  async encrypt({ words, cost, plain }) {
    const given = { memory: cost[0], passes: cost[1], salt: raw(cost[2]) };
    const writer = await encrypted.Writer.begin(passphrase.read(words), given, argon2id);
    return { file: hex(bytes.concat(writer.header(), await writer.feed(raw(plain)), await writer.finish())) };
  },
  async decrypt({ words, file }) {
    const reader = new encrypted.Reader(passphrase.read(words), argon2id);
    return { plain: hex(bytes.concat(await reader.feed(raw(file)), await reader.finish())) };
  },
};

const text = (read) => (data) => read(new TextDecoder("utf-8", { ignoreBOM: true }).decode(data));
const READERS = {
  record: opener.decode, card: steps.decodeCard, answer: steps.decodeAnswer, manifest: manifest.decode,
  keyring: (data) => vaultErrors.reading("keyring.malformed", () => storedKeyring.decode(data)),
  page: (data) => vaultErrors.reading("page.malformed", () => storedPage.decode(data)),
  recovery: text(recovery.read), passphrase: text(passphrase.read), link: text(steps.readLink), share: text(share.readLink),
  name: text(listing.checkName),
};

const contentOf = (kind, data) => kinds.decode(kind, vaultErrors.reading("object.malformed", () => cbor.decode(raw(data), {
  maxItems: object.MAX_ITEMS,
})));
const dataOf = (content) => hex(cbor.encode(kinds.encode(content)));
const nodeOf = ([parent, time, role, words]) => ({
  kind: schema.Kind.NODE, chat: new Uint8Array(16), parent: rawOrNull(parent), role, model: null, usage: null, state: 0, time,
  parts: [{ type: "text", text: words }],
});

const living = {
  async contents({ inputs }) {
    const said = [];
    for (const [kind, data] of inputs) said.push(await outcome(() => contentOf(kind, data)));
    return { said };
  },
  merged({ kind, rows }) {
    return { merged: rows.map(([base, mine, theirs, now]) => {
      const found = merge.merge(...[base, mine, theirs].map((data) => contentOf(kind, data)), now);
      return [found.content === null ? null : dataOf(found.content), found.lost.map(({ member, text: one }) => [member, one])];
    }) };
  },
  edited({ kind, data, device, steps }) {
    let [content, at] = [contentOf(kind, data), clock.start(raw(device))];
    for (const [now, values] of steps) ({ content, clock: at } = merge.edit(content, at, now, values));
    return { content: dataOf(content), clock: [at.millis, at.counter] };
  },
  trees({ shapes }) {
    return { trees: shapes.map(({ nodes, leaf, gone, box_gone: boxGone, answered }) => {
      const read = new Map(nodes.map(([id, ...rest]) => [id, nodeOf(rest)]));
      const made = tree.build(read);
      const swept = deletion.sweep(read, { ids: new Set(gone), box: boxGone, answered: new Set(answered) });
      return {
        shown: tree.shown(made, leaf), detached: [...made.detached].sort(), deletes: swept.deletes,
        offers: swept.offers.map(({ top, nodes: offered }) => [top, [...offered].sort()]),
      };
    }) };
  },
  titles({ texts }) {
    return { titles: texts.map(title.ofText) };
  },
  places({ pairs }) {
    return { places: pairs.map(([before, after]) => order.between(before, after)) };
  },
};

async function outcome(step) {
  try {
    await step();
    return "ok";
  } catch (error) {
    if (!(error instanceof vaultErrors.VaultError)) throw error;
    return error.reason;
  }
}

const alike = {
  async reasons({ inputs }) {
    const said = [];
    for (const [reader, data] of inputs) said.push(await outcome(() => READERS[reader](raw(data))));
    return { said };
  },
  async opened({ bodies, kind, place, key, generation }) {
    const sealing = { kind, place: placeOf(place), key: await kept("chat key", key), generation };
    const said = [];
    for (const body of bodies) said.push(await outcome(() => object.openBody(raw(body), sealing)));
    return { said };
  },
  async listed({ pairs }) {
    const said = [];
    for (const pair of pairs) said.push(await outcome(() => listing.check(pair.map((name) => ({ name, size: 1, packed: 1 })))));
    return { said };
  },
  constants() {
    const numbers = (module) => Object.fromEntries(Object.entries(module).filter(([, value]) => typeof value === "number"));
    const modules = {
      "stored/header": storedHeader, "stored/keyring": storedKeyring, "stored/members": storedMembers, "stored/page": storedPage,
      box, keyring, object, opener, page, pairing: { ...pairing, ...steps }, passphrase, private_half: half, recovery, share,
      "export/encrypted": encrypted, "export/listing": listing, "export/manifest": manifest,
    };
    return {
      groups: vaultErrors.GROUPS, labels, public_labels: publicLabels, prf_salt: hex(opener.PRF_SALT),
      numbers: Object.fromEntries(Object.entries(modules).map(([name, module]) => [name, numbers(module)])),
    };
  },
};

/** What was imported, as the vectors show it; in lists, so that names cannot collide with those of objects. */
function importedOf({ chats, report }) {
  const rows = chats.map((one) => [
    hex(one.id), plainly.write(one.chat), [...one.nodes].sort().map(([id, node]) => [id, plainly.write(node)]),
  ]);
  const counted = [...report.unknown, ["", 0], ...report.leftOut].sort();
  return { chats: rows, counts: [report.chats, report.messages], counted };
}

const documents = {
  async imported({ source, documents: given, key, account }) {
    const ids = await box.importIds(await accountKey(key), raw(account), source);
    const { read } = source === "chatgpt" ? chatgpt : claude;
    const said = [];
    for (const one of given) {
      let found = null;
      const reason = await outcome(() => {
        found = importedOf(read([raw(one)], ids));
      });
      said.push(found ?? reason);
    }
    return { said };
  },
  async archives({ archives, key, account }) {
    const ids = await box.importIds(await accountKey(key), raw(account), "privity");
    const said = [];
    for (const one of archives) {
      const files = new Map(one.map(([name, data]) => [name, raw(data)]));
      let found = null;
      const reason = await outcome(async () => {
        const read = await archive.read(new Set(files.keys()), async (name) => files.get(name));
        found = [];
        const taken = library.adopt(read.library, ids);
        for await (const [name, data] of archive.write(taken, async () => new Uint8Array(3))) found.push([name, hex(data)]);
      });
      said.push(reason === "ok" ? found : reason);
    }
    return { said };
  },
  async unzipped({ data }) {
    const file = raw(data);
    const opened = await unzip.open({ size: file.length, read: async (from, to) => file.slice(from, to) });
    const files = [];
    for (const name of opened.names) files.push([name, hex(await opened.load(name))]);
    return { files };
  },
  async zipped({ files }) {
    const pieces = [];
    const given = async function* () {
      for (const [name, data] of files) yield [name, raw(data)];
    };
    for await (const piece of zip.zipped(given())) pieces.push(piece);
    return { data: hex(bytes.concat(...pieces)) };
  },
  names({ titles }) {
    return { names: [...fileName.distinct(titles.map((one, at) => [at.toString(16).padStart(32, "0"), one])).values()] };
  },
};

const operations = { ...openers, ...histories, ...objects, ...handedOver, ...living, ...documents, ...alike };

for await (const line of createInterface({ input: process.stdin })) {
  const { op, ...input } = JSON.parse(line);
  let answer;
  try {
    answer = await operations[op](input);
  } catch (error) {
    if (!(error instanceof vaultErrors.VaultError || error instanceof errors.PrivityError)) throw error;
    answer = { error: error.reason };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
