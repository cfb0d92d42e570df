/** What the owner writes into the wallet: contacts, notes, settings. */
import { HttpError } from '../../../service/http.ts';
import type { Handlers } from './handlers.ts';

export const NOTE_CALLS: Handlers<
  'contacts' | 'contacts/set' | 'contacts/remove' | 'note' | 'settings' | 'settings/set'
> = {
  contacts: async ({ wallet }, { shelf }) => ({ contacts: [...(await shelf.get(wallet).contacts())] }),
  'contacts/set': async ({ wallet, name, address }, { shelf, tell }) => {
    await shelf.get(wallet).setContact(name, address);
    tell({ event: 'changed', wallet });
    return {};
  },
  'contacts/remove': async ({ wallet, name }, { shelf, tell }) => {
    await shelf.get(wallet).removeContact(name);
    tell({ event: 'changed', wallet });
    return {};
  },
  note: async ({ wallet, address, txid, text }, { shelf, tell }) => {
    if ((address === undefined) === (txid === undefined)) {
      throw new HttpError(400, 'a note is about an address or a transaction, one of the two');
    }
    const subject = address === undefined ? { txid: txid ?? '' } : { address };
    await shelf.get(wallet).setNote(subject, text);
    tell({ event: 'changed', wallet });
    return {};
  },
  settings: async ({ wallet }, { shelf }) => {
    const { autoLockMinutes, fee } = await shelf.get(wallet).settings();
    return { auto_lock_minutes: autoLockMinutes, fee };
  },
  'settings/set': async ({ wallet, auto_lock_minutes: minutes, fee: preset }, { shelf }) => {
    const changes = {
      ...(minutes !== undefined && { autoLockMinutes: minutes }),
      ...(preset !== undefined && { fee: preset }),
    };
    const { autoLockMinutes, fee } = await shelf.changeSettings(wallet, changes);
    return { auto_lock_minutes: autoLockMinutes, fee };
  },
};
