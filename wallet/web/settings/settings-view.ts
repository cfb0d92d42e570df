/** How the wallet behaves, and everything about its keys. */
import { announce } from '../../../service/web/announce.ts';
import { h, show } from '../../../service/web/element.ts';
import { pageHead, panel } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import type { FeePreset } from '../../gui/api-values.ts';
import { WALLETS_PATH } from '../paths.ts';
import { closeAll } from '../pieces/closing.ts';
import { Selection } from '../pieces/field.ts';
import { facts, ownText, wayButton } from '../pieces/money.ts';
import { refusalWords } from '../pieces/refusal.ts';
import { liveQuery, type WalletPlace } from '../session/place.ts';
import { ScanFurther } from '../welcome/scan-further.ts';
import { BackupPanel } from './backup-panel.ts';
import { CheckPanel } from './check-panel.ts';
import { importPanel, publicKeyPanel } from './key-panels.ts';
import { PassphrasePanel } from './passphrase-panel.ts';

const LOCK_CHOICES = [
  ['1', '1 minute'],
  ['5', '5 minutes'],
  ['10', '10 minutes'],
  ['30', '30 minutes'],
  ['120', '2 hours'],
  ['0', 'never'],
] as const;

const FEE_CHOICES: readonly (readonly [FeePreset, string])[] = [
  ['economy', 'Economy: cheapest, may take a while'],
  ['normal', 'Normal'],
  ['fast', 'Fast: in the next blocks'],
];

export function settingsView(place: WalletPlace): View {
  const { row } = place;
  const isWatching = row.kind === 'watch';
  const lock = new Selection('Lock by itself, when nobody is here for', LOCK_CHOICES);
  const fee = new Selection('Fee to begin with', FEE_CHOICES);
  const problem = h('div', { role: 'alert' });
  const save = async (change: { auto_lock_minutes?: number; fee?: FeePreset }) => {
    show(problem);
    try {
      await place.ask('settings/set', { wallet: place.wallet, ...change });
      announce('The setting is saved.');
    } catch (error) {
      show(problem, ...refusalWords(error));
    }
    settings.soon();
  };
  lock.input.addEventListener('change', () => void save({ auto_lock_minutes: Number(lock.value) }));
  fee.input.addEventListener('change', () => {
    const preset = FEE_CHOICES.find(([value]) => value === fee.value)?.[0];
    if (preset !== undefined) void save({ fee: preset });
  });
  const settings = liveQuery(place, {
    ask: (signal) => place.ask('settings', { wallet: place.wallet }, signal),
    onData: ({ auto_lock_minutes: minutes, fee: preset }) => {
      const own = String(minutes);
      const isListed = LOCK_CHOICES.some(([value]) => value === own);
      lock.fill(isListed ? LOCK_CHOICES : [[own, `${own} minutes`], ...LOCK_CHOICES], own);
      fee.fill(FEE_CHOICES, preset);
    },
  });
  const backup = isWatching ? undefined : new BackupPanel(place);
  const passphrase = new PassphrasePanel(place);
  const further = new ScanFurther(place, place.wallet);
  const check = new CheckPanel(place);
  const publicKey = publicKeyPanel(place);
  const importKey = isWatching ? undefined : importPanel(place);
  const element = h(
    'div',
    { class: 'stack settings' },
    pageHead(null, 'Settings'),
    h(
      'div',
      { class: 'halves' },
      h(
        'div',
        { class: 'stack' },
        panel(
          'This wallet',
          facts([
            ['Name', ownText(row.name)],
            ['Kind', isWatching ? 'watch-only: no private keys' : 'with its words'],
            ['File', h('span', { class: 'hash wrapping' }, ownText(row.file))],
          ]),
          lock.element,
          fee.element,
          problem,
          h('div', { class: 'buttons' }, wayButton(WALLETS_PATH, 'Other wallets', 'wallet')),
        ),
        passphrase.element,
      ),
      h(
        'div',
        { class: 'stack' },
        backup?.element ?? null,
        publicKey.element,
        panel('Scan further', further.element),
        importKey?.element ?? null,
      ),
    ),
    check.element,
  );
  return {
    title: 'Settings',
    element,
    ready: settings.first,
    close: closeAll([
      settings,
      passphrase,
      further,
      check,
      publicKey,
      ...(backup === undefined ? [] : [backup]),
      ...(importKey === undefined ? [] : [importKey]),
    ]),
  };
}
