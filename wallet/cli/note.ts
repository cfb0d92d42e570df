/** `nilz wallet note`: a line of one's own beside an address or a transaction. */
import { displayHash } from '../../protocol/bytes.ts';
import { boolean, SettingError, string } from '../../service/config.ts';
import type { NoteSubject } from '../keys/owner-notes.ts';
import { walletCommand } from './command.ts';
import { transactionId } from './out-point-option.ts';

export const note = walletCommand({
  name: 'note',
  summary: 'write a note beside an address or a transaction',
  settings: {
    address: string({ help: 'the address it is about' }),
    txid: string({ help: 'or the transaction' }),
    text: string({ help: 'the note, one line' }),
    remove: boolean({ help: 'take the note away' }),
  },
  async run(session, { address, txid, text, remove }) {
    if ((text === undefined) !== remove) throw new SettingError('either --text or --remove is needed');
    const subject = subjectOf(address, txid);
    await (await session.openWallet()).setNote(subject, text ?? '');
    session.result({ network: session.profile.name, ...subject, note: text ?? null }, [
      remove ? 'The note is removed.' : 'The note is kept.',
    ]);
  },
});

function subjectOf(address: string | undefined, txid: string | undefined): NoteSubject {
  if (address !== undefined && txid === undefined) return { address };
  if (address === undefined && txid !== undefined)
    return { txid: displayHash(transactionId(txid, '--txid')) };
  throw new SettingError('either --address or --txid is needed, not both');
}
