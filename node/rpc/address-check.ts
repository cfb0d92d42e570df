import * as z from 'zod';
import { AddressError, type DecodedAddress, decodeAddress, encodeAddress } from '../../protocol/address.ts';
import { bytesToHex } from '../../protocol/bytes.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { isSignedBy } from '../../protocol/signed-message.ts';
import { bool, hex, list, num, obj, str } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import { addressOf } from './arguments.ts';
import type { NodeParts } from './parts.ts';

const group = 'Util';

const VALID_RESULT = obj('', {
  isvalid: bool('whether it is an address of this network'),
  address: str('the address in its usual spelling'),
  scriptPubKey: hex('the script that pays to it'),
  isscript: bool('whether the key is that of a script'),
  iswitness: bool('whether it is an address of a witness program'),
  witness_version: num('version of the witness program').optional(),
  witness_program: hex('the witness program').optional(),
});

/** What an address is, and whether its owner signed something: needs neither chain nor mempool. */
export function addressCheckMethods({ profile }: Pick<NodeParts, 'profile'>): RpcMethods {
  return {
    validateaddress: rpcMethod({
      group,
      help: 'Whether a text is an address of this network, and what it stands for.',
      params: [{ name: 'address', schema: z.string(), help: 'the text' }],
      result: [
        { when: 'for an address', schema: VALID_RESULT },
        {
          when: 'otherwise',
          schema: obj('', {
            isvalid: bool('whether it is an address of this network'),
            error_locations: list('where it is wrong, if that is known', num('place of a character')),
            error: str('what is wrong with it'),
          }),
        },
      ],
      run: ({ address }) => {
        try {
          const decoded = decodeAddress(address, profile.address);
          // One spelling for all: an address in capitals comes back in small letters.
          return validJson(decoded, encodeAddress(decoded.script, profile.address) ?? address);
        } catch (error) {
          if (!(error instanceof AddressError)) throw error;
          return { isvalid: false, error_locations: [], error: error.message };
        }
      },
    }),

    verifymessage: rpcMethod({
      group,
      help:
        'Whether the owner of an address signed a message: as Bitcoin Core and Electrum sign, or in the form of ' +
        'BIP 137.',
      params: [
        { name: 'address', schema: z.string(), help: 'an address of one key' },
        { name: 'signature', schema: z.string(), help: 'the signature in base64' },
        { name: 'message', schema: z.string(), help: 'what was signed' },
      ],
      result: bool('whether it was'),
      run: ({ address, signature, message }) => {
        const decoded = keyAddress(address, profile);
        const bytes = base64Bytes(signature);
        return isSignedBy(decoded, bytes, message);
      },
    }),
  };
}

/** @throws RpcError −5 for no address, −3 for one that does not name a single key */
function keyAddress(text: string, profile: NodeParts['profile']): DecodedAddress {
  const decoded = addressOf(text, profile);
  if (decoded.type !== 'p2pkh' && decoded.type !== 'p2wpkh') {
    throw new RpcError(RPC_ERRORS.typeError, 'Address does not refer to key');
  }
  return decoded;
}

/** @throws RpcError −3 */
function base64Bytes(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) {
    throw new RpcError(RPC_ERRORS.typeError, 'Malformed base64 encoding');
  }
  return bytes;
}

function validJson(decoded: DecodedAddress, address: string): z.input<typeof VALID_RESULT> {
  const { type, script, program, version } = decoded;
  return {
    isvalid: true,
    address,
    scriptPubKey: bytesToHex(script),
    isscript: type === 'p2sh' || type === 'p2wsh' || type === 'p2tr',
    iswitness: version !== undefined,
    ...(version !== undefined && { witness_version: version, witness_program: bytesToHex(program) }),
  };
}
