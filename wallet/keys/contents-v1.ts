/** Format version 1 of the contents, and how they become those of version 2. Nothing is written in it any more. */
import { z } from 'zod';
import type { Contents } from './contents.ts';

const keyIndex = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const txid = z.string().regex(/^[0-9a-f]{64}$/);

const contentsV1Schema = z.strictObject({
  mnemonic: z.string(),
  labels: z.array(z.strictObject({ name: z.string(), receive: z.array(keyIndex) })),
  given: keyIndex,
  used: z.strictObject({ receive: keyIndex, change: keyIndex }),
  senders: z.record(txid, z.string()),
  outgoing: z.array(
    z.strictObject({
      txid,
      hex: z.string().regex(/^(?:[0-9a-f]{2})+$/),
      label: z.string(),
      time: z.int(),
    }),
  ),
  keyHashes: z.strictObject({ receive: z.string(), change: z.string() }),
});

/**
 * Version 1 knew one account, and nothing that its owner had written down. When it was made, and whether the words
 * were ever shown to be at hand, it did not say.
 * @throws ZodError when these are no contents of version 1
 */
export function contentsFromV1(document: unknown): Contents {
  const { mnemonic, ...kept } = contentsV1Schema.parse(document);
  return {
    ...kept,
    keys: { kind: 'words', mnemonic, account: 0 },
    imported: [],
    created: null,
    wordsChecked: null,
    notes: { addresses: {}, transactions: {} },
    contacts: [],
    frozen: [],
    settings: { autoLockMinutes: 10, fee: 'normal' },
  };
}
