/** What a PSBT would do, told to its owner before anything is signed or sent. Pure. */
import { encodeAddress } from '../../protocol/address.ts';
import { displayHash } from '../../protocol/bytes.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Psbt } from '../../protocol/psbt.ts';
import { isUnspendable } from '../../protocol/script.ts';
import { sighashMidstate } from '../../protocol/sighash.ts';
import { type OutPoint, type TxOutput, txid } from '../../protocol/transaction.ts';
import type { Hash, Nits } from '../../protocol/units.ts';
import type { Contents } from '../keys/contents.ts';
import { CHANGE, IMPORTED, type KeyPlace, type KeyRing, RECEIVE } from '../keys/key-ring.ts';
import { isFrozen } from '../keys/owner-notes.ts';
import { type FeeRate, paymentWeight, vsizeOfWeight } from '../payments/fee.ts';
import { type InputSignature, inputSignature } from './input-signature.ts';
import { ownershipOf } from './psbt-keys.ts';
import { type PsbtWarning, warningsOf } from './psbt-warnings.ts';
import { type SpentOutput, spentOutput } from './spent-output.ts';

/** An input, and what it spends as far as the PSBT tells. */
export interface ReportedInput {
  readonly outPoint: OutPoint;
  readonly spent: SpentOutput | undefined;
  /** Undefined where it is not told, or the script has no address. */
  readonly address: string | undefined;
  /** The key of this wallet that the coin is locked by. */
  readonly place: KeyPlace | undefined;
  readonly path: string | null;
  /** Whether the owner froze the coin. */
  readonly frozen: boolean;
  readonly signature: InputSignature;
}

export interface ReportedOutput extends TxOutput {
  readonly address: string | undefined;
  /** The key of this wallet that is paid: proven, not only said. */
  readonly place: KeyPlace | undefined;
  readonly path: string | null;
  /** Paid to the change chain of this wallet. */
  readonly isChange: boolean;
  /** An own key so far ahead of those in use that no restore would find it. */
  readonly isFarAhead: boolean;
  /** The PSBT says that this is a key of this wallet, and it is not. */
  readonly falselyClaimed: boolean;
}

/**
 * - `unsigned`: no input has a right signature
 * - `partly-signed`: some have
 * - `signed`: all have, and have to be finalized
 * - `final`: it can be sent
 */
export type PsbtState = 'unsigned' | 'partly-signed' | 'signed' | 'final';

export interface PsbtReport {
  /** Of the transaction: signatures do not change it (BIP 141). */
  readonly txid: Hash;
  readonly state: PsbtState;
  readonly inputs: readonly ReportedInput[];
  readonly outputs: readonly ReportedOutput[];
  /** What goes to others. */
  readonly paid: Nits;
  /** Undefined where an input does not tell its amount; below zero, it can never be sent. */
  readonly fee: Nits | undefined;
  readonly feeRate: FeeRate | undefined;
  /** In bytes, with all signatures; they are P2WPKH's, no other coins can be spent. */
  readonly vsize: number;
  /** What leaves the wallet, the fee included; below zero when it gains. */
  readonly spent: Nits;
  /** Whether this wallet can add a signature. */
  readonly canSign: boolean;
  readonly warnings: readonly PsbtWarning[];
}

/** What a report is made with. */
export interface ReportOptions {
  readonly ring: KeyRing;
  readonly contents: Pick<Contents, 'frozen' | 'reserved'>;
  readonly profile: Pick<NetworkProfile, 'address'>;
}

/** @throws WalletError `bad-psbt` where the PSBT contradicts itself */
export function reportOf(psbt: Psbt, { ring, contents, profile }: ReportOptions): PsbtReport {
  const { unsigned } = psbt;
  const midstate = sighashMidstate(unsigned);
  const id = displayHash(txid(unsigned));
  const inputs = unsigned.inputs.map(({ previous }, at): ReportedInput => {
    const spent = spentOutput(psbt, at);
    const origins = psbt.inputs[at]?.origins ?? [];
    const place = spent && ownershipOf(spent.script, origins, ring).place;
    return {
      outPoint: previous,
      spent,
      address: spent && encodeAddress(spent.script, profile.address),
      place,
      path: place === undefined ? null : ring.path(place),
      frozen: isFrozen(contents, previous, id),
      signature: inputSignature(psbt, at, spent, midstate),
    };
  });
  const horizon = horizonOf(inputs, ring);
  const outputs = unsigned.outputs.map(({ value, script }, at): ReportedOutput => {
    const ownership = ownershipOf(script, psbt.outputs[at]?.origins ?? [], ring);
    const { place } = ownership;
    return {
      value,
      script,
      address: isUnspendable(script) ? undefined : encodeAddress(script, profile.address),
      place,
      path: place === undefined ? null : ring.path(place),
      isChange: place?.chain === CHANGE,
      isFarAhead: place !== undefined && place.chain !== IMPORTED && place.index > horizon,
      falselyClaimed: place === undefined && ownership.falselyClaimed,
    };
  });
  const facts = { txid: txid(unsigned), inputs, outputs, ...sumsOf(inputs, outputs) };
  return {
    ...facts,
    state: stateOf(inputs),
    canSign: inputs.some(
      ({ place, signature }) => place && ring.canSign(place) && signature.state === 'unsigned',
    ),
    warnings: warningsOf(psbt, facts),
  };
}

/** As many keys further than any in use somebody may honestly be who gave out more addresses than this copy knows. */
const KEYS_AHEAD = 200;

/** The highest index that an own output can have and still be found again. */
function horizonOf(inputs: readonly ReportedInput[], ring: KeyRing): number {
  const spent = inputs.map(({ place }) =>
    place === undefined || place.chain === IMPORTED ? 0 : place.index,
  );
  return Math.max(ring.count(RECEIVE), ring.count(CHANGE), ...spent) + KEYS_AHEAD;
}

/** The amounts of a PSBT. */
type PsbtSums = Pick<PsbtReport, 'paid' | 'fee' | 'feeRate' | 'vsize' | 'spent'>;

function sumsOf(inputs: readonly ReportedInput[], outputs: readonly ReportedOutput[]): PsbtSums {
  const sum = (values: readonly Nits[]) => values.reduce((total, value) => total + value, 0n);
  const told = inputs.flatMap(({ spent }) => (spent === undefined ? [] : [spent.value]));
  const sent = sum(outputs.map(({ value }) => value));
  const fee = told.length === inputs.length ? sum(told) - sent : undefined;
  const lengths = outputs.map(({ script }) => script.length);
  const vsize = vsizeOfWeight(paymentWeight(inputs.length, lengths));
  const own = sum(inputs.flatMap(({ place, spent }) => (place && spent ? [spent.value] : [])));
  const returned = sum(outputs.flatMap(({ place, value }) => (place ? [value] : [])));
  return {
    paid: sent - returned,
    fee,
    feeRate: fee === undefined || fee < 0n ? undefined : (fee * 1_000n) / BigInt(vsize),
    vsize,
    spent: own - returned,
  };
}

function stateOf(inputs: readonly ReportedInput[]): PsbtState {
  const states = inputs.map(({ signature }) => signature.state);
  if (states.every((state) => state === 'final')) return 'final';
  const done = states.filter((state) => state === 'signed' || state === 'final').length;
  if (done === states.length) return 'signed';
  return done === 0 ? 'unsigned' : 'partly-signed';
}
