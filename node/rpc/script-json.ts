import { type AddressFormat, encodeAddress } from '../../protocol/address.ts';
import { bytesToHex } from '../../protocol/bytes.ts';
import { disassemble, type ScriptType, scriptType } from '../../protocol/script.ts';

/** An output script as Bitcoin Core's `ScriptToUniv` shows it, without the descriptor. */
export interface ScriptJson {
  readonly asm: string;
  readonly hex: string;
  /** Where the network has an address for it. */
  readonly address?: string;
  readonly type: ScriptType;
}

export function scriptJson(script: Uint8Array, format: AddressFormat): ScriptJson {
  const address = encodeAddress(script, format);
  return {
    asm: disassemble(script),
    hex: bytesToHex(script),
    ...(address !== undefined && { address }),
    type: scriptType(script),
  };
}
