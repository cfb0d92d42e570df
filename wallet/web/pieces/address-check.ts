/** Whether somebody can be paid, told before the server is asked. */
import type { GuiState } from '../../gui/api-values.ts';
import { payeeScript } from '../../payments/payee.ts';
import { WalletError } from '../../wallet-error.ts';
import { sentence } from './refusal.ts';

/** What is wrong with an address, as a sentence; undefined when it can be paid on this network. */
export function payeeComplaint(text: string, { name, address }: GuiState['network']): string | undefined {
  const { hrp, p2pkh, p2sh } = address;
  try {
    payeeScript(text, name, { hrp, ...(p2pkh !== null && { p2pkh }), ...(p2sh !== null && { p2sh }) });
    return undefined;
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    return sentence(error.message);
  }
}
