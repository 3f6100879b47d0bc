/** Operations of what the service checks beside pages and keyrings: sign-in without a passkey, receipts of erasure. */

import { toHex } from "../../src/bytes.ts";
import * as access from "../../src/stored/access.ts";
import * as erasure from "../../src/stored/erasure.ts";
import { type Inputs, operation, type Operation } from "./case.ts";

async function signed(input: Inputs, message: Uint8Array<ArrayBuffer>): Promise<unknown> {
  await access.verify(message, input.bytes("signature"), input.bytes("key"));
  return { message: toHex(message) };
}

function challenged(input: Inputs): access.Challenged {
  return { origin: input.text("origin"), challenge: input.bytes("challenge") };
}

export const storedOperations: Readonly<Record<string, Operation>> = {
  access_device: operation((input) => {
    return signed(input, access.deviceBytes(input.bytes("account"), input.bytes("device"), challenged(input)));
  }),
  access_recovery: operation((input) => signed(input, access.recoveryBytes(input.bytes("finder"), challenged(input)))),
  erasure_ids: operation((input) => {
    return { hash: toHex(erasure.idsHash(input.bytes("account"), input.list("ids").map((one) => input.join(one)))) };
  }),
  erasure_receipt: operation(async (input) => {
    const data = input.bytes("receipt");
    await erasure.verify(data, input.bytes("signature"), input.bytes("key"));
    const { ids, n, day, backupDays } = erasure.decode(data);
    if (toHex(erasure.encode({ ids, n, day, backupDays })) !== toHex(data)) throw new Error("written otherwise than it was read");
    return { ids: toHex(ids), n, day, backup_days: backupDays };
  }),
};
