/** `nilz wallet settings`: what the owner chose once for all. */
import { choice, integer } from '../../service/config.ts';
import { FEE_PRESETS, MAX_AUTO_LOCK_MINUTES, type WalletSettings } from '../keys/contents.ts';
import { walletCommand } from './command.ts';
import { table } from './table.ts';

export const settings = walletCommand({
  name: 'settings',
  summary: 'the fee preset and the auto-lock of the wallet; shown, or changed',
  settings: {
    preset: choice(FEE_PRESETS, { help: 'the fee of payments that name none' }),
    autoLockMinutes: integer({
      help: 'minutes without anybody after which the page locks the wallet; 0: never',
      min: 0,
      max: MAX_AUTO_LOCK_MINUTES,
    }),
  },
  async run(session, { preset, autoLockMinutes }) {
    const wallet = await session.openWallet();
    const changes: Partial<WalletSettings> = {
      ...(preset !== undefined && { fee: preset }),
      ...(autoLockMinutes !== undefined && { autoLockMinutes }),
    };
    if (Object.keys(changes).length > 0) await wallet.setSettings(changes);
    const now = await wallet.settings();
    session.result(
      { network: session.profile.name, preset: now.fee, auto_lock_minutes: now.autoLockMinutes },
      table(
        [
          ['fee preset', now.fee],
          ['auto-lock', now.autoLockMinutes === 0 ? 'never' : `${now.autoLockMinutes} minutes`],
        ],
        ['left', 'left'],
      ),
    );
  },
});
