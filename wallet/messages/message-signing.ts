/** Signing a message with the key of an own address. Does not need the chain. */
import { base64 } from '@scure/base';
import { signGenericMessage } from '../../protocol/generic-signed-message.ts';
import { signMessageRecoverably } from '../../protocol/signed-message.ts';
import { payeeScript } from '../payments/payee.ts';
import type { WalletContext } from '../wallet-context.ts';
import { WalletError } from '../wallet-error.ts';
import { type MessageForm, requireText, type SignedMessage, verifyMessage } from './message-verdict.ts';

export interface MessageRequest {
  /** One of this wallet. */
  readonly address: string;
  readonly message: string;
  /** Default: `bip322`. */
  readonly form?: MessageForm;
}

/**
 * Signs a message for an own address.
 * @throws WalletError `bad-address`, `wrong-network`; `foreign-address` when no key of this wallet is that of the
 *   address; `watch-only` when the key is elsewhere; `bad-message`
 */
export async function signMessage(
  context: WalletContext,
  { address: text, message, form = 'bip322' }: MessageRequest,
): Promise<SignedMessage & { readonly form: MessageForm }> {
  const { profile } = context;
  requireText(message);
  const address = text.trim();
  const script = payeeScript(address, profile.name, profile.address);
  const ring = context.ringAhead(await context.store.read());
  const place = ring.findScript(script);
  if (place === undefined) {
    throw new WalletError(
      'foreign-address',
      `${address} is no address of this wallet: only its owner can sign for it`,
    );
  }
  if (!ring.canSign(place)) {
    throw new WalletError('watch-only', `this wallet only watches ${address}: sign where its key is`);
  }
  const key = ring.privateKey(place);
  const signature =
    form === 'bip322'
      ? signGenericMessage(message, script, key)
      : base64.encode(signMessageRecoverably(message, key));
  key.fill(0);
  const signed = { address, message, signature };
  // A fault of the machine must not turn into a signature that gives the key away.
  if (verifyMessage(signed, profile).state !== 'valid') throw new Error('the signature made is not valid');
  return { ...signed, form };
}
