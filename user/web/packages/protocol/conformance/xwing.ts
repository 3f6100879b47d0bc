/** X-Wing known answers of the draft: key generation, encapsulation, decapsulation. */

import { encapsulateSeeded, portable, type PrivateKey, type XWing } from "../src/xwing.ts";
import { answers, bytes, type Case, same } from "./case.ts";

interface Vector {
  readonly seed: string;
  readonly eseed: string;
  readonly ss: string;
  readonly sk: string;
  readonly pk: string;
  readonly ct: string;
}

const noble = portable(() => {
  throw new Error("a known answer needs no randomness");
});

/** `xwing/draft-xwing-kem.json`; `more` are other implementations that must decapsulate the same. */
export function xwing(more: readonly XWing[] = []): (file: unknown) => readonly Case[] {
  return (file) => (file as readonly Vector[]).flatMap((vector, index) => cases(vector, String(index), [noble, ...more]));
}

function cases(vector: Vector, index: string, implementations: readonly XWing[]): readonly Case[] {
  const each = (step: (key: PrivateKey) => Promise<void> | void) => async () => {
    for (const implementation of implementations) await step(await implementation.fromSeed(bytes(vector.sk)));
  };
  return [
    answers(`keygen ${index}`, async () => {
      same(bytes(vector.seed), bytes(vector.sk), "seed");
      await each((key) => {
        same(key.publicKey, bytes(vector.pk), "public key");
      })();
    }),
    answers(`encapsulate ${index}`, async () => {
      const found = await encapsulateSeeded(bytes(vector.pk), bytes(vector.eseed));
      same(found.ciphertext, bytes(vector.ct), "ciphertext");
      same(found.secret, bytes(vector.ss), "secret");
    }),
    answers(`decapsulate ${index}`, each(async (key) => {
      same(await key.decapsulate(bytes(vector.ct)), bytes(vector.ss), "secret");
    })),
  ];
}
