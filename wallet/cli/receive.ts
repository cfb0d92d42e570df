/** `nilz wallet receive`: where to be paid, for people, for programs, and for a camera. */
import { encodeQR } from 'qr';
import { boolean, string } from '../../service/config.ts';
import { DEFAULT_LABEL, parseLabel } from '../keys/contents.ts';
import { formatPaymentUri } from '../payments/payment-uri.ts';
import { walletCommand } from './command.ts';
import { noteGap } from './new-address.ts';
import { exactAmount } from './paid-amount.ts';
import { amountJson } from './table.ts';

export const receive = walletCommand({
  name: 'receive',
  summary: 'the address of a label, with its payment URI and QR code',
  settings: {
    label: string({ help: 'whose newest address is shown; a new label is made', default: DEFAULT_LABEL }),
    new: boolean({ help: 'an address that nobody has seen yet' }),
    amount: string({ help: 'what is asked for, in NILZ: goes into the payment URI' }),
    message: string({ help: 'what it is for: goes into the payment URI, and whoever pays sees it' }),
    qr: boolean({ help: 'draw the QR code', default: true }),
  },
  async run(session, values) {
    const { terminal, profile } = session;
    const amount = values.amount === undefined ? undefined : exactAmount(values.amount, '--amount');
    const label = parseLabel(values.label);
    const wallet = await session.openWallet();
    const isKnown = (await wallet.labels()).some((each) => each.label === label && each.addresses.length > 0);
    const given = isKnown && !values.new ? undefined : await wallet.newAddress(label);
    const { address, path } = given ?? (await wallet.addressOf(label));
    const uri = formatPaymentUri({
      address,
      ...(amount !== undefined && { amount }),
      ...(values.message !== undefined && { message: values.message }),
    });
    session.result({ network: profile.name, address, path, label, ...amountJson('amount', amount), uri }, [
      address,
      uri,
    ]);
    if (values.qr && !session.json) terminal.draw(qrLines(uri));
    if (given !== undefined) noteGap(given.unusedBefore, terminal);
  },
});

/** Light modules around the code that readers need (ISO/IEC 18004, 6.3.8). */
const QUIET_ZONE = 4;

/** Two rows of modules in one line of text; what is light is drawn. */
function qrLines(text: string): string[] {
  const modules = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET_ZONE });
  return modules.flatMap((row, y) =>
    y % 2 === 1 ? [] : [row.map((isDark, x) => halfBlocks(!isDark, modules[y + 1]?.[x] === false)).join('')],
  );
}

function halfBlocks(above: boolean, below: boolean): string {
  if (above) return below ? '█' : '▀';
  return below ? '▄' : ' ';
}
