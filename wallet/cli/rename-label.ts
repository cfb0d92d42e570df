/** `nilz wallet rename-label`: a label gets another name; what it has, and every address of it, stays. */
import { SettingError, string } from '../../service/config.ts';
import { walletCommand } from './command.ts';

export const renameLabel = walletCommand({
  name: 'rename-label',
  summary: 'give a label another name; what it has stays',
  settings: {
    label: string({ help: 'the label' }),
    newName: string({ help: 'what it is called from now on' }),
  },
  async run(session, { label, newName }) {
    if (label === undefined) throw new SettingError('--label is missing: the label');
    if (newName === undefined) throw new SettingError('--new-name is missing: what it is called from now on');
    const renamed = await (await session.openWallet()).renameLabel(label, newName);
    session.result({ network: session.profile.name, label: renamed, was: label }, [
      `${label} is called ${renamed} now.`,
    ]);
  },
});
