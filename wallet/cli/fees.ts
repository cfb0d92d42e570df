/** `nilz wallet fees`: what a payment has to offer at present. */
import { FEE_PRESETS } from '../keys/contents.ts';
import { formatFeeRate } from '../payments/fee.ts';
import { walletCommand } from './command.ts';
import { table } from './table.ts';

export const fees = walletCommand({
  name: 'fees',
  summary: 'what the fee presets are worth at present',
  settings: {},
  async run(session) {
    const wallet = await session.openWallet();
    const { minimum, presets } = await wallet.fees();
    const { fee: chosen } = await wallet.settings();
    const rows = FEE_PRESETS.map((name) => ({ name, ...presets[name] }));
    const seconds = session.profile.blockTimeSeconds;
    session.result(
      {
        network: session.profile.name,
        minimum_fee_rate: Number(formatFeeRate(minimum)),
        default_preset: chosen,
        presets: Object.fromEntries(
          rows.map(({ name, rate, blocks, source }) => [
            name,
            { fee_rate: Number(formatFeeRate(rate)), blocks, seconds: blocks * seconds, source },
          ]),
        ),
      },
      [
        ...table(
          [
            ['preset', 'nits/vB', 'within', ''],
            ...rows.map(({ name, rate, blocks, source }) => [
              name === chosen ? `${name} *` : name,
              formatFeeRate(rate),
              `${blocks} blocks`,
              source === 'fallback' ? 'too few payments for an estimate: the lowest that is accepted' : '',
            ]),
          ],
          ['left', 'right', 'right', 'left'],
        ),
        '',
        `Lowest that is accepted: ${formatFeeRate(minimum)} nits/vB. * is used where --fee is left out.`,
      ],
    );
  },
});
