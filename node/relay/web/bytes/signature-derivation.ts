/** Preimage of BIP 143, part by part → digest → signature, key → address: why an input may spend its coin. */
import { verify } from '#verify';
import { encodeAddress } from '../../../../protocol/address.ts';
import { AmountError, parseAmount } from '../../../../protocol/amount.ts';
import { bytesToHex, equalBytes } from '../../../../protocol/bytes.ts';
import { meaningOf } from '../../../../protocol/field-meaning.ts';
import { hash160, sha256d } from '../../../../protocol/hash.ts';
import { layOut } from '../../../../protocol/layout.ts';
import { isP2wpkh, p2wpkhScript } from '../../../../protocol/script.ts';
import { isDefinedSighash, preimageCodec, sighashPreimage } from '../../../../protocol/sighash.ts';
import { decodeDer, isCompressedKey, isLowS } from '../../../../protocol/signature.ts';
import { isCoinbase, type Transaction } from '../../../../protocol/transaction.ts';
import type { Nits } from '../../../../protocol/units.ts';
import { type Child, h, show } from '../../../../service/web/element.ts';
import { amount } from '../../../../service/web/format.ts';
import { panel } from '../../../../service/web/panel.ts';
import { addressLink } from '../parts.ts';
import { bytesOf, chooser, digits, step, steps, verdict } from './derivation.ts';
import type { Prefix } from './readings.ts';
import { hashTypeName } from './script-readings.ts';
import type { SpentCoin } from './subject.ts';

/** What an input shows to spend a coin of one key. */
interface KeyWitness {
  readonly publicKey: Uint8Array;
  readonly keyHash: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
  readonly type: number;
}

/** How the signatures of a transaction come about; undefined where there is nothing that signs. */
export function signatureDerivation(
  transaction: Transaction,
  spent: readonly (SpentCoin | undefined)[],
  prefix: Prefix,
): HTMLElement | undefined {
  const { inputs } = transaction;
  if (isCoinbase(transaction) || inputs.length === 0) return undefined;
  const place = h('div', { class: 'stack' });
  const open = (index: number) => show(place, inputDerivation(transaction, index, spent[index], prefix));
  open(0);
  return panel(
    'From the digest to the signature',
    inputs.length > 1 ? chooser('Input', inputs.length, open) : null,
    place,
  );
}

function inputDerivation(
  transaction: Transaction,
  index: number,
  coin: SpentCoin | undefined,
  prefix: Prefix,
): HTMLElement {
  const witness = keyWitnessOf(transaction.inputs[index]?.witness ?? []);
  if (witness === undefined) {
    return h('p', {}, 'This input shows no signature and key of the kind that is shown here (P2WPKH).');
  }
  const signed = h('div');
  const sign = (value: Nits) => show(signed, signedSteps(transaction, index, witness, value));
  if (coin !== undefined) sign(coin.value);
  return h(
    'div',
    {},
    steps(keyStep(witness, coin, prefix), coin === undefined ? valueStep(sign) : knownValueStep(coin.value)),
    signed,
  );
}

/** A signature of strict form with its hash type, and a compressed key; undefined for anything else. */
function keyWitnessOf(witness: readonly Uint8Array[]): KeyWitness | undefined {
  const [item, publicKey] = witness;
  if (item === undefined || publicKey === undefined || witness.length !== 2) return undefined;
  const signature = decodeDer(item.subarray(0, -1));
  const type = item[item.length - 1] ?? 0;
  if (signature === undefined || !isCompressedKey(publicKey) || !isDefinedSighash(type)) return undefined;
  return { publicKey, keyHash: hash160(publicKey), signature, type };
}

function keyStep(
  { publicKey, keyHash }: KeyWitness,
  coin: SpentCoin | undefined,
  prefix: Prefix,
): HTMLElement {
  const script = p2wpkhScript(keyHash);
  const address = prefix === undefined ? undefined : encodeAddress(script, { hrp: prefix });
  return step(
    'Whose coin',
    'The public key is hashed, RIPEMD-160 of SHA-256; the coin is locked to that hash (BIP 141).',
    named('public key', bytesToHex(publicKey)),
    named('HASH160', bytesToHex(keyHash)),
    address === undefined ? null : h('p', {}, 'Address: ', addressLink(address)),
    coin === undefined
      ? null
      : verdict(
          isP2wpkh(coin.script) && equalBytes(coin.script, script),
          'the coin is locked to this key',
          'the coin is locked to something else',
        ),
  );
}

function knownValueStep(value: Nits): HTMLElement {
  return step(
    'What it is worth',
    'That is part of what is signed, and stands in the transaction that made the coin.',
    h('p', {}, `${amount(value)} NILZ`),
  );
}

/** The value of the coin is part of the preimage, and not of the transaction. */
function valueStep(onValue: (value: Nits) => void): HTMLElement {
  const input = h('input', { type: 'text', inputmode: 'decimal', autocomplete: 'off', placeholder: '50' });
  input.addEventListener('input', () => {
    const value = amountOf(input.value.trim());
    input.setAttribute('aria-invalid', String(value === undefined));
    if (value !== undefined) onValue(value);
  });
  return step(
    'What it is worth',
    'That is part of what is signed, and stands in the transaction that made the coin. Say it to go on.',
    h('label', { class: 'chooser' }, 'NILZ ', input),
  );
}

function amountOf(text: string): Nits | undefined {
  try {
    return parseAmount(text);
  } catch (error) {
    if (error instanceof AmountError) return undefined;
    throw error;
  }
}

function signedSteps(transaction: Transaction, index: number, witness: KeyWitness, value: Nits): HTMLElement {
  const { keyHash, signature, publicKey, type } = witness;
  const preimage = sighashPreimage(transaction, index, keyHash, value, type);
  const digest = sha256d(preimage);
  const list = steps(
    step(
      'The preimage',
      `What is signed, in ten parts (BIP 143). The hash type is ${hashTypeName(type)}.`,
      preimageParts(preimage),
    ),
    step('The digest', `SHA-256d of these ${preimage.length} bytes.`, digits(bytesToHex(digest))),
    step(
      'The signature',
      'Two numbers, r and s, out of the strict DER form (BIP 66). Of the two possible s only the lower counts (BIP 146).',
      named('r', bytesToHex(signature.subarray(0, 32))),
      named('s', bytesToHex(signature.subarray(32))),
      isLowS(signature) ? null : verdict(false, '', 's is the higher one'),
    ),
    step(
      'The check',
      'ECDSA on secp256k1: only who has the private key could make these two numbers for this digest.',
      verdict(verify(signature, digest, publicKey), 'the signature is valid', 'the signature is not valid'),
    ),
  );
  list.setAttribute('start', '3');
  list.classList.add('goes-on');
  return list;
}

/** Each part with its bytes and what it is. */
function preimageParts(preimage: Uint8Array): HTMLElement {
  const { parts } = layOut(preimageCodec, preimage);
  return h(
    'dl',
    { class: 'preimage' },
    ...parts.map(({ name, kind, bytes }) => {
      const meaning = meaningOf(kind);
      return h(
        'div',
        { class: 'preimage-part' },
        h('dt', { class: 'hex-swatch-name', 'data-sort': meaning?.sort ?? null }, name),
        h('dd', {}, bytesOf(bytes), h('p', { class: 'about' }, meaning?.says ?? '')),
      );
    }),
  );
}

function named(name: string, text: string): HTMLElement {
  const value: Child = h('span', { class: 'hash' }, text);
  return h('p', { class: 'digits' }, h('span', { class: 'about' }, `${name} `), value);
}
