/** Parameter schemas that several method groups share. */
import * as z from 'zod';
import { AddressError, type DecodedAddress, decodeAddress } from '../../protocol/address.ts';
import { AmountError, parseAmount } from '../../protocol/amount.ts';
import { hexToBytes, parseDisplayHash } from '../../protocol/bytes.ts';
import { CodecError } from '../../protocol/codec.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { decodeTransaction, type Transaction } from '../../protocol/transaction.ts';
import { RpcError } from '../../service/rpc-server.ts';

/** A hash as shown: 64 hexadecimal digits; becomes bytes in internal order. */
export const hashArgument = z.string().transform((text, context) => {
  try {
    return parseDisplayHash(text);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    context.addIssue({ code: 'custom', message: `${error.message}: "${text.slice(0, 80)}"` });
    return z.NEVER;
  }
});

/**
 * An amount of NILZ as a number or decimal text; becomes nits. What is none has the wrong type, as for
 * Bitcoin Core's `AmountFromValue`.
 */
export const amountArgument = z.union([z.number(), z.string()]).transform((value) => {
  try {
    return parseAmount(value);
  } catch (error) {
    if (!(error instanceof AmountError)) throw error;
    throw new RpcError(RPC_ERRORS.typeError, `Invalid amount: ${error.message}`);
  }
});

/** How much to tell: a number of Core's levels, or false and true for 0 and 1. */
export const verbosityArgument = z.union([z.boolean(), z.int()]).transform(Number);

/** @throws RpcError −22 unless `hex` spells exactly one transaction */
export function transactionOf(hex: string): Transaction {
  try {
    return decodeTransaction(hexToBytes(hex));
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    const message = 'TX decode failed. Make sure the tx has at least one input.';
    throw new RpcError(RPC_ERRORS.deserializationError, message, error.message);
  }
}

/** @throws RpcError −5 unless `text` is an address of this network */
export function addressOf(text: string, { address: format }: NetworkProfile): DecodedAddress {
  try {
    return decodeAddress(text, format);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new RpcError(RPC_ERRORS.notFound, `Invalid address: ${error.message}`);
  }
}

/** The script that pays to an address. @throws RpcError −5 unless it is one of this network */
export function scriptOfAddress(address: string, profile: NetworkProfile): Uint8Array {
  return addressOf(address, profile).script;
}
