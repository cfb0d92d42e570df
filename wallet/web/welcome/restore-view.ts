/** A wallet from its words: they are read while they are typed, and the search of the chain is seen. */
import { type Child, h, show } from '../../../service/web/element.ts';
import { plural } from '../../../service/web/format.ts';
import { pageHead, panel } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import type { CallAnswer } from '../../gui/api.ts';
import type { WalletRow } from '../../gui/api-values.ts';
import { WALLETS_PATH } from '../paths.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { Field } from '../pieces/field.ts';
import { money, notice, wayButton } from '../pieces/money.ts';
import { newPassphrase } from '../pieces/passphrase-fields.ts';
import { ScanProgress } from '../pieces/scan-progress.ts';
import type { Place } from '../session/place.ts';
import { wordsComplaint, wordsOf } from './mnemonic-words.ts';
import { freeName, nameField, walletName } from './name-field.ts';
import { ScanFurther } from './scan-further.ts';
import { accountComplaint, gapLimitField } from './search-fields.ts';

export function restoreView(place: Place, onOpen: (row: WalletRow) => void): View {
  const outlet = h('div');
  const name = nameField(place, freeName(place));
  const words = new Field({
    label: 'The words',
    about: 'In their order, with blanks between them.',
    kind: 'lines',
    rows: 3,
    mono: true,
    maxLength: 1_000,
    check: wordsComplaint,
  });
  words.onInput((value) => {
    const { length } = wordsOf(value);
    words.say(
      wordsComplaint(value) === undefined
        ? 'These words belong together.'
        : `${plural(length, 'word')} so far, in their order, with blanks between them.`,
    );
  });
  const secret = newPassphrase('A passphrase for this machine');
  const account = new Field({
    label: 'Account (BIP 84)',
    about: '0 unless you know better: most wallets have just this one.',
    value: '0',
    inputMode: 'numeric',
    maxLength: 10,
    check: accountComplaint,
  });
  const gap = gapLimitField();
  const progress = new ScanProgress(place.feed, () => walletName(name));
  let further: ScanFurther | undefined;
  const form = new ActionForm({
    content: [
      words.element,
      name.element,
      secret.element,
      h('details', { class: 'folded' }, h('summary', {}, 'More'), account.element, gap.element),
      progress.element,
    ],
    fields: [words, name, ...secret.fields, account, gap],
    button: 'Restore',
    busy: 'Searching the chain…',
    beside: [wayButton(WALLETS_PATH, 'Back')],
    run: async (signal) => {
      progress.start();
      try {
        const answer = await place.ask(
          'wallets/restore',
          {
            name: walletName(name),
            words: wordsOf(words.value).join(' '),
            passphrase: secret.value,
            account: Number(account.value),
            gap_limit: Number(gap.value),
          },
          signal,
        );
        words.value = '';
        place.feed.takeWallet(answer.wallet);
        showResult(answer, await totalOf(place, answer.wallet.id, signal));
      } finally {
        progress.stop();
      }
    },
  });
  const showResult = (answer: CallAnswer<'wallets/restore'>, total: bigint | undefined) => {
    further = new ScanFurther(place, answer.wallet.id);
    const go = h('button', { type: 'button', class: 'main-button' }, 'To the wallet');
    go.addEventListener('click', () => onOpen(answer.wallet));
    show(
      outlet,
      panel(
        answer.used_addresses > 0 ? 'Found' : 'Nothing found',
        ...foundWords(answer, total),
        further.element,
        h('div', { class: 'buttons' }, go),
      ),
    );
    outlet.querySelector('h2')?.setAttribute('tabindex', '-1');
    outlet.querySelector('h2')?.focus();
  };
  show(outlet, panel('Words and passphrase', form.element));
  const element = h('div', { class: 'stack welcome' }, pageHead(null, 'Restore a wallet'), outlet);
  return {
    title: 'Restore a wallet',
    element,
    ready: Promise.resolve(),
    close: () => {
      form.close();
      progress.close();
      further?.close();
      outlet.replaceChildren();
    },
  };
}

/** Everything that it has; undefined where that cannot be told now. */
async function totalOf(place: Place, wallet: string, signal: AbortSignal): Promise<bigint | undefined> {
  const overview = await place.ask('overview', { wallet }, signal).catch(() => undefined);
  if (overview === undefined) return undefined;
  const { spendable_nits: spendable, pending_nits: pending, immature_nits: immature } = overview.total;
  return BigInt(spendable) + BigInt(pending) + BigInt(immature);
}

function foundWords(
  { used_addresses: used, other_accounts: others }: CallAnswer<'wallets/restore'>,
  total: bigint | undefined,
): Child[] {
  const main =
    used > 0
      ? h(
          'p',
          {},
          `${plural(used, 'address was', 'addresses were')} used by this wallet before`,
          ...(total === undefined ? ['.'] : ['; it has ', h('strong', {}, money(total)), ' now.']),
        )
      : h(
          'p',
          {},
          'No address of these words was ever used on this network. If the wallet had coins, look further, or see whether the words and the network are the right ones.',
        );
  const more =
    others.length === 0
      ? null
      : notice(
          'warn',
          h('strong', {}, 'The same words have other accounts in use: '),
          others.map((account) => `account ${account}`).join(', '),
          '. Restore them too, each under a name of its own, with its number under “More”.',
        );
  return [main, more];
}
