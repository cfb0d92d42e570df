/** `nilz wallet sign-message` and `verify-message`: who holds the key of an address. */
import { choice, SettingError, string } from '../../service/config.ts';
import { MESSAGE_FORMS, verifyMessage as verdictOf } from '../messages/message-verdict.ts';
import { AnswerIsNoError, walletCommand } from './command.ts';
import type { Terminal } from './terminal.ts';
import { readTextFrom } from './text-file.ts';

const messageSettings = {
  address: string({ help: 'the address that signs' }),
  message: string({ help: 'the message' }),
  messageFile: string({ help: 'a file with the message, every byte of it; - for standard input' }),
};

export const signMessage = walletCommand({
  name: 'sign-message',
  summary: 'show that an address is yours; needs no node',
  settings: {
    ...messageSettings,
    form: choice(MESSAGE_FORMS, {
      help: 'bip322, or recoverable for programs that know only the old form (BIP 137, Electrum)',
      default: 'bip322',
    }),
  },
  async run(session, values) {
    const { address, form } = values;
    if (address === undefined) throw new SettingError('--address is missing: one of this wallet');
    const message = await messageOf(values, session.terminal);
    const signed = await (await session.openWallet()).signMessage({ address, message, form });
    const { signature } = signed;
    session.result({ network: session.profile.name, address: signed.address, message, form, signature }, [
      signature,
    ]);
  },
});

export const verifyMessage = walletCommand({
  name: 'verify-message',
  summary: 'check who signed a message; needs no wallet and no node',
  settings: { ...messageSettings, signature: string({ help: 'the signature, as it was printed' }) },
  async run(session, values) {
    const { address, signature } = values;
    if (address === undefined) throw new SettingError('--address is missing: whose signature it should be');
    if (signature === undefined) throw new SettingError('--signature is missing');
    const message = await messageOf(values, session.terminal);
    const { state, form, reason } = verdictOf({ address, message, signature }, session.profile);
    session.result(
      { network: session.profile.name, address, state, form, reason: reason ?? null },
      state === 'valid' ? [reason === undefined ? 'valid' : `valid: ${reason}`] : [],
    );
    if (state !== 'valid') throw new AnswerIsNoError(`${state}${reason === undefined ? '' : `: ${reason}`}`);
  },
});

async function messageOf(
  {
    message,
    messageFile,
  }: { readonly message: string | undefined; readonly messageFile: string | undefined },
  terminal: Terminal,
): Promise<string> {
  if (message !== undefined && messageFile !== undefined)
    throw new SettingError('--message and --message-file say the same: give one of them');
  if (message !== undefined) return message;
  if (messageFile !== undefined) return readTextFrom(messageFile, '--message-file', terminal);
  throw new SettingError('--message is missing, or --message-file');
}
