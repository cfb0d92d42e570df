import * as z from 'zod';
import { AddressError, type DecodedAddress, decodeAddress, encodeAddress } from '../../protocol/address.ts';
import { bytesToHex } from '../../protocol/bytes.ts';
import { type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import type { NodeParts } from './parts.ts';

const group = 'Util';

/** Whether a text is an address: needs neither chain nor mempool. */
export function addressCheckMethods({ profile }: Pick<NodeParts, 'profile'>): RpcMethods {
  return {
    validateaddress: rpcMethod({
      group,
      help: 'Whether a text is an address of this network, and what it stands for.',
      params: [{ name: 'address', schema: z.string(), help: 'the text' }],
      run: ({ address }) => {
        try {
          return validJson(decodeAddress(address, profile.address), profile.address);
        } catch (error) {
          if (!(error instanceof AddressError)) throw error;
          return { isvalid: false, error_locations: [], error: error.message };
        }
      },
    }),
  };
}

function validJson(
  decoded: DecodedAddress,
  format: NodeParts['profile']['address'],
): Record<string, unknown> {
  const { type, script, program, version } = decoded;
  return {
    isvalid: true,
    // One spelling for all: an address in capitals comes back in small letters.
    address: encodeAddress(script, format),
    scriptPubKey: bytesToHex(script),
    isscript: type === 'p2sh' || type === 'p2wsh' || type === 'p2tr',
    iswitness: version !== undefined,
    ...(version !== undefined && { witness_version: version, witness_program: bytesToHex(program) }),
  };
}
