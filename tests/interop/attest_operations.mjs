// The verifier's side of the interoperation tests: whole appraisals, single items, readers, and the tables of checks.
const DIST = new URL("../../user/web/packages/attest/dist/src/", import.meta.url);
const load = (name) => import(new URL(`${name}.js`, DIST).href);
const NAMES = [
  "appraise", "checks", "cose", "crl", "der", "errors", "event_log", "item", "kinds", "logged", "memory",
  "nvidia/table", "policy", "release", "result", "x509",
];
let loaded = null;

/** The modules by name, loaded when they are first asked for: most tests need none of them. */
async function modules() {
  loaded ??= Object.fromEntries(await Promise.all(NAMES.map(async (name) => [name, await load(name)])));
  return loaded;
}

const raw = (text) => (text === null ? null : Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16)));
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
const sorted = (values) => (values === null ? null : [...values].sort((one, other) => (one < other ? -1 : 1)));
const key = (one) => ("curve" in one ? [one.curve.name, hex(one.point)] : [String(one.bits), hex(one.spki)]);
const map = (values) => Object.fromEntries(Array.from(values, ([name, value]) => [String(name), value]));

const readers = {
  x509: ({ x509 }, data) => {
    const one = x509.decode(data);
    return {
      signed: hex(one.signed), signature: hex(one.signature), scheme: one.scheme.name, serial: String(one.serial),
      issuer: hex(one.issuer), subject: hex(one.subject), not_before: one.notBefore, not_after: one.notAfter,
      key: key(one.key), pin: one.pin, is_ca: one.isCa, critical: sorted(one.critical), usage: sorted(one.keyUsage),
      path_length: one.pathLength === null ? null : String(one.pathLength),
      extensions: map(Array.from(one.extensions, ([oid, value]) => [oid, hex(value)])),
    };
  },
  crl: ({ crl }, data) => {
    const one = crl.decode(data);
    return {
      signed: hex(one.signed), signature: hex(one.signature), scheme: one.scheme.name, issuer: hex(one.issuer),
      this_update: one.thisUpdate, next_update: one.nextUpdate, number: String(one.number), revoked: map(one.revoked),
    };
  },
  cose: ({ cose }, data) => {
    const one = cose.decode(data);
    return { protected: hex(one.protected), payload: hex(one.payload), signature: hex(one.signature), curve: one.curve.name };
  },
  event_log: async ({ event_log }, data) => {
    const events = event_log.decode(data);
    return { events: events.map(({ tag, payload }) => [tag, hex(payload)]), replay: hex(await event_log.replay(events)) };
  },
  policy: ({ policy }, data) => {
    const one = policy.decode(data);
    return { digest: one.digest, below_floor: policy.belowFloor(one) };
  },
  release: ({ release }, data) => {
    const one = release.decode(data);
    return { leaf: one.leafHash, name: one.name, kinds: sorted(Object.keys(one.platforms)), flags: one.flags };
  },
  models: ({ release }, data) => release.decodeModels(data).map(({ id, context, sha256 }) => [id, context, sha256]),
  memory: ({ memory }, data) => memory.members(memory.decode(data)),
};

/** What a reader gives, or the name of the documented error and its code or reason. */
async function attempt(all, reader, data) {
  try {
    return { ok: await readers[reader](all, data) };
  } catch (error) {
    const documented = [all.der.DerError, all.cose.CoseError, all.event_log.EventLogError, all.errors.PolicyMalformed];
    if (documented.some((kind) => error instanceof kind) || error.constructor.name === "Malformed") {
      return { refused: error.code ?? error.reason ?? error.constructor.name };
    }
    throw error;
  }
}

/** What a client proved with the log: everything, and any time may be judged, or nothing. */
function loggedAs(proved, trafficKey, { PROVED, withoutLog }) {
  if (!proved) return withoutLog(trafficKey);
  const all = { policy: PROVED, release: PROVED, endorsement: PROVED, directory: PROVED, anchor: PROVED };
  return { trafficKey, earliest: 0, ...all };
}

async function record(all, { policy, now, nonce, traffic_key, proved }, data) {
  const logged = loggedAs(proved, raw(traffic_key), all.logged);
  const given = { now, policy, nonce: raw(nonce), logged, memory: all.memory.EMPTY };
  try {
    return all.result.toJson((await all.appraise.appraise(data, given)).record);
  } catch (error) {
    if (!(error instanceof all.errors.Refused)) throw error;
    return all.result.toJson(error.record);
  }
}

export const attest = {
  async read({ reader, inputs }) {
    const all = await modules();
    return { read: await Promise.all(inputs.map((data) => attempt(all, reader, raw(data)))) };
  },
  async appraise({ bundles, policy, ...rest }) {
    const all = await modules();
    const given = { ...rest, policy: all.policy.decode(raw(policy)) };
    const records = [];
    for (const bundle of bundles) records.push(await record(all, given, raw(bundle)));
    return { records };
  },
  async appraise_items({ cases, policy, now }) {
    const all = await modules();
    const given = { now, policy: all.policy.decode(raw(policy)), release: null };
    const records = [];
    for (const items of cases) {
      const one = new Map(Object.entries(items).map(([label, [media, data]]) => [label, [media, raw(data)]]));
      const { kind, genuine, reasons, checks, claims } = await all.item.appraiseItem(one, given);
      records.push({ kind, genuine, reasons, checks, claims: map(claims) });
    }
    return { records };
  },
  async tables() {
    const { checks, kinds, errors, ...all } = await modules();
    const rows = (table) => table.map((one) => [one.name, one.item, one.stage, sorted(one.reasons), one.reads, one.needs]);
    const tables = Array.from(kinds.KINDS, ([name, kind]) => [name, {
      table: rows(checks.tableOf(kind.checks)), claims: map(Object.entries(kind.claims).map(([claim, { item, needs }]) => {
        return [claim, [item, sorted(needs)]];
      })), run: sorted(Object.keys(kind.run)),
    }]);
    return { tables: map(tables), not_built: rows(checks.NOT_BUILT), excused: map(checks.EXCUSED),
      devices: rows(all["nvidia/table"].checksOf(["gpu-0", "switch-3"])), reasons: map(errors.REASONS) };
  },
};
