/** An address to be paid at, as a code and as text, with what one asks for. */
import { announce } from '../../../service/web/announce.ts';
import { copyButton } from '../../../service/web/copy.ts';
import { h, show } from '../../../service/web/element.ts';
import { plural } from '../../../service/web/format.ts';
import { pageHead, panel } from '../../../service/web/panel.ts';
import { qrCode } from '../../../service/web/qr.ts';
import type { View } from '../../../service/web/router.ts';
import type { AddressRow, ReceiveAddress } from '../../gui/api-values.ts';
import { formatPaymentUri } from '../../payments/payment-uri.ts';
import { readAmount } from '../pieces/amount-text.ts';
import { closeAll } from '../pieces/closing.ts';
import { Field } from '../pieces/field.ts';
import { COIN, explorerLink, groupedAddress, labelTag, money, notice, plainButton } from '../pieces/money.ts';
import { refusalWords } from '../pieces/refusal.ts';
import { liveQuery, networkOf, type WalletPlace } from '../session/place.ts';
import { LabelChoice } from './label-choice.ts';

/** A restore looks at so many unused addresses in a row (BIP 44). */
const GAP_LIMIT = 20;

export function receiveView(place: WalletPlace): View {
  let shown: ReceiveAddress | undefined;
  let rows: readonly AddressRow[] = [];
  const code = h('div', { class: 'receive-code' });
  const about = h('div', { class: 'receive-about', role: 'status' });
  const problem = h('div', { role: 'alert' });
  const uriLine = h('div', { class: 'receive-uri' });
  const sum = new Field({
    label: `Amount in ${COIN} (optional)`,
    inputMode: 'decimal',
    maxLength: 20,
    about: 'Goes into the code, so that nobody has to type it.',
    check: (value) => {
      const reading = value === '' ? undefined : readAmount(value);
      return reading !== undefined && 'complaint' in reading ? reading.complaint : undefined;
    },
  });
  const message = new Field({
    label: 'What it is for (optional)',
    maxLength: 120,
    about: 'The payer sees it before paying; it does not get into the chain.',
  });
  const ending = new AbortController();
  const { signal } = ending;

  const update = () => {
    if (shown === undefined) return;
    const { address } = shown;
    const reading = sum.value === '' ? undefined : readAmount(sum.value);
    const nits = reading !== undefined && 'nits' in reading ? reading.nits : undefined;
    const uri = formatPaymentUri({
      address,
      ...(nits !== undefined && { amount: nits }),
      ...(message.value !== '' && { message: message.value }),
    });
    const isPlain = nits === undefined && message.value === '';
    // Readers of codes take capitals for the same address (BIP 173), and the code is smaller.
    const text = isPlain ? address.toUpperCase() : uri;
    show(
      code,
      qrCode(text, isPlain ? `QR code of the address ${address}` : `QR code of the payment request ${uri}`),
      h('p', { class: 'receive-address' }, groupedAddress(address)),
      h(
        'div',
        { class: 'buttons' },
        copyButton(address, 'the address'),
        explorerLink(place.feed.state, `/address/${address}`, 'In the explorer'),
      ),
    );
    show(uriLine, h('code', {}, uri), copyButton(uri, 'the payment link'));
    show(
      about,
      ...aboutWords(
        shown,
        rows.find((row) => row.address === address),
      ),
    );
  };
  sum.onInput(update);
  message.onInput(update);

  const take = (address: ReceiveAddress) => {
    const isOther = shown !== undefined && shown.address !== address.address;
    // Only a new address says how many before it are unused.
    if (shown?.address === address.address && address.unused_before === null) {
      shown = { ...address, unused_before: shown.unused_before };
    } else shown = address;
    show(problem);
    update();
    if (isOther) announce('Another address is shown.');
  };
  const fail = (error: unknown) => {
    if (!signal.aborted) show(problem, notice('warn', ...refusalWords(error)));
  };
  const newest = async (label: string) => {
    await place.ask('receive/address', { wallet: place.wallet, label }, signal).then(take, fail);
  };
  const another = async (label: string) => {
    await place.ask('receive/new-address', { wallet: place.wallet, label }, signal).then(take, fail);
  };
  const labels = new LabelChoice(place, { onChoose: newest, onMake: another });
  const next = plainButton('Next address', () => {
    next.disabled = true;
    void another(labels.value).finally(() => {
      next.disabled = false;
    });
  });
  const addresses = liveQuery(place, {
    ask: (cancel) => place.ask('addresses', { wallet: place.wallet }, cancel),
    onData: (answer) => {
      rows = answer.addresses;
      update();
    },
  });
  const element = h(
    'div',
    { class: 'stack' },
    pageHead(null, 'Receive'),
    h(
      'div',
      { class: 'receive' },
      panel('Your address', code, about, problem, h('div', { class: 'buttons' }, next)),
      panel(
        'Ask for something',
        labels.element,
        sum.element,
        message.element,
        h('div', { class: 'field' }, h('span', { class: 'field-name' }, 'Payment link'), uriLine),
        h(
          'p',
          { class: 'about' },
          networkOf(place).test_money ? 'Whoever pays has to be on the same test network. ' : null,
          'Use a new address for each payer: that keeps what you have to yourself.',
        ),
      ),
    ),
  );
  return {
    title: 'Receive',
    element,
    ready: labels.first,
    close: closeAll([labels, addresses, () => ending.abort()]),
  };
}

function aboutWords(
  { label, unused_before: unused }: ReceiveAddress,
  row: AddressRow | undefined,
): HTMLElement[] {
  const words: HTMLElement[] = [
    h('p', { class: 'about' }, 'For ', labelTag(label), row?.path == null ? '' : ` · ${row.path}`),
  ];
  if (row?.used === true) {
    words.push(
      notice(
        'good',
        h('strong', {}, 'This address was paid. '),
        'It has ',
        money(row.balance_nits),
        ' now; take the next one for somebody else.',
      ),
    );
  } else if (unused !== null && unused >= GAP_LIMIT) {
    words.push(
      notice(
        'warn',
        `${plural(unused, 'address', 'addresses')} before this one were never paid. A restore from words looks at ${GAP_LIMIT} unused ones in a row: use the earlier ones first, or remember to scan further.`,
      ),
    );
  }
  return words;
}
