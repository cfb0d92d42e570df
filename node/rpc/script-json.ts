import { type AddressFormat, encodeAddress } from '../../protocol/address.ts';
import { bytesToHex } from '../../protocol/bytes.ts';
import { disassemble, type ScriptType, scriptType } from '../../protocol/script.ts';
import { hex, obj, str } from '../../service/rpc-result.ts';

/** An output script as Bitcoin Core's `ScriptToUniv` shows it, without the descriptor. */
export interface ScriptJson {
  readonly asm: string;
  readonly hex: string;
  /** Where the network has an address for it. */
  readonly address?: string;
  readonly type: ScriptType;
}

export const SCRIPT_RESULT = obj('the script that says who may spend it', {
  asm: str('the script in words'),
  hex: hex('its bytes'),
  address: str('its address, if the network has one for it').optional(),
  type: str('its kind, as witness_v0_keyhash or nulldata'),
});

export function scriptJson(script: Uint8Array, format: AddressFormat): ScriptJson {
  const address = encodeAddress(script, format);
  return {
    asm: disassemble(script),
    hex: bytesToHex(script),
    ...(address !== undefined && { address }),
    type: scriptType(script),
  };
}
