/** Partially signed transactions as they come and go: base64 text, or the bytes of a `.psbt` file. */
import { base64 } from '@scure/base';
import { bytesToHex, CodecError, equalBytes, hexToBytes } from '../../protocol/bytes.ts';
import { checkTransaction } from '../../protocol/check-transaction.ts';
import { decodePsbt, encodePsbt, MAX_PSBT_BYTES, PSBT_MAGIC, type Psbt } from '../../protocol/psbt.ts';
import { RuleError } from '../../protocol/rules.ts';
import { baseSize, type Transaction } from '../../protocol/transaction.ts';
import { MAX_PAYMENT_WEIGHT } from '../payments/fee.ts';
import { WalletError } from '../wallet-error.ts';

/** Base64 takes four characters for three bytes; files break it into lines. */
const MAX_TEXT_LENGTH = MAX_PSBT_BYTES * 2;

/** A PSBT as it is shown and handed on: base64 (RFC 4648, section 4), one line. */
export function showPsbt(psbt: Psbt): string {
  return base64.encode(encodePsbt(psbt));
}

/**
 * Reads a PSBT from base64 or hexadecimal text, or from the bytes of a file that holds it in any form.
 * @throws WalletError `bad-psbt` when it is none, or its transaction can never be valid
 */
export function readPsbt(input: string | Uint8Array): Psbt {
  try {
    const psbt = decodePsbt(typeof input === 'string' ? bytesOfText(input) : bytesOfFile(input));
    requireTransaction(psbt.unsigned);
    return psbt;
  } catch (error) {
    if (error instanceof CodecError) throw badPsbt(`this is no PSBT: ${error.message}`, error);
    throw error;
  }
}

/** @param cause what was found out, if another check did */
export function badPsbt(message: string, cause?: Error): WalletError {
  return new WalletError('bad-psbt', message, cause && { cause });
}

function bytesOfFile(bytes: Uint8Array): Uint8Array {
  if (equalBytes(bytes.subarray(0, PSBT_MAGIC.length), PSBT_MAGIC)) return bytes;
  if (bytes.length > MAX_TEXT_LENGTH) throw new CodecError('it is too large');
  return bytesOfText(new TextDecoder().decode(bytes));
}

function bytesOfText(text: string): Uint8Array {
  if (text.length > MAX_TEXT_LENGTH) throw new CodecError('it is too large');
  const plain = text.replace(/\s+/g, '');
  if (plain === '') throw new CodecError('it is empty');
  if (plain.toLowerCase().startsWith(bytesToHex(PSBT_MAGIC))) return hexToBytes(plain);
  try {
    return base64.decode(plain);
  } catch {
    // The decoder's own message would quote the text.
    throw new CodecError('it is neither base64 nor the bytes of a PSBT');
  }
}

/**
 * What nobody relays is not worth a signature, and this bounds the work that a PSBT can make.
 * @throws WalletError `bad-psbt`
 */
export function requireTransaction(transaction: Transaction): void {
  if (4 * baseSize(transaction) > MAX_PAYMENT_WEIGHT) {
    throw badPsbt(`its transaction is larger than nodes relay (${MAX_PAYMENT_WEIGHT} weight units)`);
  }
  try {
    checkTransaction(transaction);
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    throw badPsbt(`its transaction can never be valid: ${error.message}`, error);
  }
}
