/** Fetches what is shown byte by byte from the relay. */
import { AddressError, decodeAddress } from '../../../../protocol/address.ts';
import { displayHash, hexToBytes } from '../../../../protocol/bytes.ts';
import { blockHash } from '../../../../protocol/header.ts';
import { RelayHex, RelayTransaction, type TxInputRow } from '../../../../protocol/relay.ts';
import { txid } from '../../../../protocol/transaction.ts';
import { ask } from '../../../../service/web/poll.ts';
import type { Prefix } from './readings.ts';
import { blockSubject, headerSubject, type SpentCoin, type Subject, transactionSubject } from './subject.ts';

/** What a path names. */
export interface NamedSubject {
  readonly kind: 'header' | 'tx' | 'block';
  /** Hash, height or txid. */
  readonly id: string;
}

/**
 * @param prefix what addresses of the network begin with
 * @throws what `ask` does; CodecError where the relay's bytes are none of this kind
 */
export async function fetchSubject(
  { kind, id }: NamedSubject,
  prefix: Prefix,
  signal: AbortSignal,
): Promise<Subject> {
  const path = encodeURIComponent(id);
  if (kind === 'tx') {
    const answer = await ask(`/tx/${path}`, (body) => RelayTransaction.parse(body), signal);
    const spent = answer.inputs.map((input) => spentCoinOf(input, prefix));
    return transactionSubject(hexToBytes(answer.hex), spent);
  }
  const url = kind === 'header' ? `/block/${path}/header` : `/block/${path}/hex`;
  const { hex } = await ask(url, (body) => RelayHex.parse(body), signal);
  return kind === 'header' ? headerSubject(hexToBytes(hex)) : blockSubject(hexToBytes(hex));
}

/** The coin as the relay tells it; undefined where it does not, and where its script has no address. */
function spentCoinOf({ value_nits: value, address }: TxInputRow, prefix: Prefix): SpentCoin | undefined {
  if (value === null || address === null || prefix === undefined) return undefined;
  try {
    return { value: BigInt(value), script: decodeAddress(address, { hrp: prefix }).script };
  } catch (error) {
    if (error instanceof AddressError) return undefined;
    throw error;
  }
}

/** What the bytes are by their own hash, whatever they were asked for by: the height of a stale block is another's. */
export function hashOf(subject: Subject): string | undefined {
  switch (subject.kind) {
    case 'header':
      return displayHash(blockHash(subject.whole.value));
    case 'block':
      return displayHash(blockHash(subject.whole.value.header));
    case 'transaction':
      return displayHash(txid(subject.whole.value));
    case 'message':
      return undefined;
  }
}
