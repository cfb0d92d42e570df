/** `nilz wallet contacts`, `contacts add` and `contacts remove`: people by name. */
import { SettingError, string } from '../../service/config.ts';
import { walletCommand } from './command.ts';
import { table } from './table.ts';

export const contacts = walletCommand({
  name: 'contacts',
  summary: 'the address book',
  settings: {},
  async run(session) {
    const all = await (await session.openWallet()).contacts();
    session.result(
      { network: session.profile.name, contacts: all },
      all.length === 0
        ? ['No contacts. "nilz wallet contacts add --contact NAME --address ADDRESS" makes one.']
        : table(
            all.map(({ name, address }) => [name, address]),
            ['left', 'left'],
          ),
    );
  },
});

const contactSetting = string({ help: 'the name, by which "send --to" knows them' });

export const contactsAdd = walletCommand({
  name: 'contacts add',
  summary: 'write somebody into the address book; a name that is there gets the new address',
  settings: { contact: contactSetting, address: string({ help: 'where they are paid' }) },
  async run(session, { contact, address }) {
    if (address === undefined) throw new SettingError('--address is missing');
    const name = required(contact);
    await (await session.openWallet()).setContact(name, address);
    session.result({ network: session.profile.name, contact: name, address }, [`${name}  ${address}`]);
  },
});

export const contactsRemove = walletCommand({
  name: 'contacts remove',
  summary: 'take somebody out of the address book',
  settings: { contact: contactSetting },
  async run(session, { contact }) {
    const name = required(contact);
    await (await session.openWallet()).removeContact(name);
    session.result({ network: session.profile.name, removed: name }, [`${name} is removed`]);
  },
});

function required(contact: string | undefined): string {
  if (contact === undefined) throw new SettingError('--contact is missing: the name');
  return contact;
}
