/** Several PSBTs of one transaction become one (BIP 174, "Combiner"). Pure. */
import { bytesToHex, CodecError, equalBytes } from '../../protocol/bytes.ts';
import { mapsOfPsbt, type Psbt, psbtOfMaps } from '../../protocol/psbt.ts';
import { type PsbtRecord, recordKey } from '../../protocol/psbt-map.ts';
import { txid } from '../../protocol/transaction.ts';
import { badPsbt } from './psbt-text.ts';

/**
 * All that any of the PSBTs knows. Where two of them say different things under one key, the first is right ("the
 * software may choose whichever value it wishes"): a wrong signature is found when the transaction is finalized.
 * @throws WalletError `bad-psbt` when they are of different transactions, or there is none
 */
export function combinePsbts(psbts: readonly Psbt[]): Psbt {
  const [first, ...rest] = psbts;
  if (first === undefined) throw badPsbt('there is nothing to combine');
  const id = txid(first.unsigned);
  for (const [at, { unsigned }] of rest.entries()) {
    // "A Combiner must not combine two different PSBTs."
    if (!equalBytes(txid(unsigned), id)) {
      throw badPsbt(`the PSBT ${at + 2} is of another transaction than the first`);
    }
  }
  const all = psbts.map(mapsOfPsbt);
  try {
    return psbtOfMaps({
      global: merged(all.map(({ global }) => global)),
      inputs: first.inputs.map((_, at) => merged(all.map(({ inputs }) => inputs[at] ?? []))),
      outputs: first.outputs.map((_, at) => merged(all.map(({ outputs }) => outputs[at] ?? []))),
    });
  } catch (error) {
    if (error instanceof CodecError) throw badPsbt(`they cannot be combined: ${error.message}`, error);
    throw error;
  }
}

function merged(maps: readonly (readonly PsbtRecord[])[]): PsbtRecord[] {
  const byKey = new Map<string, PsbtRecord>();
  for (const record of maps.flat()) {
    const key = bytesToHex(recordKey(record));
    if (!byKey.has(key)) byKey.set(key, record);
  }
  return [...byKey.values()];
}
