/** Which addresses miners may be paid at. Pure: the pool's pages tell by the same rule. */
import { AddressError, type AddressFormat, decodeAddress, encodeAddress } from './address.ts';

/** What of a network decides about addresses. */
export interface PayeeNetwork {
  readonly format: AddressFormat;
  /** On NilzCoin's networks only P2WPKH outputs can ever be spent. */
  readonly onlyP2wpkh: boolean;
}

/** An address of a network: its one spelling, and the script that pays to it. */
export interface PayoutAddress {
  readonly address: string;
  readonly script: Uint8Array;
}

/**
 * Reads an address that coins may be paid to.
 * @throws AddressError naming what is wrong with it
 */
export function readPayoutAddress(text: string, network: PayeeNetwork): PayoutAddress {
  const { type, script } = decodeAddress(text, network.format);
  if (type === 'witness_unknown' || (network.onlyP2wpkh && type !== 'p2wpkh')) {
    throw new AddressError(`coins sent to this kind of address (${type}) could not be spent`);
  }
  return { address: encodeAddress(script, network.format) ?? text, script };
}

/** Reads the addresses of miners, whose mistakes are answered. */
export type AddressReader = (text: string) => { readonly address: string } | { readonly refusal: string };

/** @returns a function that gives an address in its one spelling, or says why it is none of the network */
export function addressReader(network: PayeeNetwork): AddressReader {
  return (text) => {
    try {
      return { address: readPayoutAddress(text, network).address };
    } catch (error) {
      if (error instanceof AddressError) return { refusal: error.message };
      throw error;
    }
  };
}
