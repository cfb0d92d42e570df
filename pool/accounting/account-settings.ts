/** What an operator can set about money. */
import { AmountError, parseAmount } from '../../protocol/amount.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { choice, integer, number, SettingError, string, type Values } from '../../service/config.ts';
import { NodeBackend } from '../../wallet/chain/backend-node.ts';
import { openWallet } from '../../wallet/open-wallet.ts';
import { WalletError, type WalletErrorCode } from '../../wallet/wallet-error.ts';
import type { PoolOptions } from '../pool.ts';
import { FeeError, parseFee, SCHEMES } from './scheme.ts';

export const ACCOUNT_SETTINGS = {
  scheme: choice(SCHEMES, {
    help:
      'how rewards are divided: among the last shares (pplns), those of the round (prop), or not at all (solo); ' +
      'left out, pplns in front of a NilzCoin node and solo in front of any other',
  }),
  feePercent: number({
    help: 'what the operator keeps of a reward, in percent, at most six decimals',
    default: 0,
    min: 0,
    max: 100,
    keys: ['pool_fee_percent'],
    check: (percent) => complaint(() => parseFee(String(percent)), FeeError),
  }),
  operatorWallet: string({
    help: 'wallet file that --address belongs to and payouts are paid from; without it nobody is paid',
    keys: ['operator_wallet_path'],
  }),
  operatorLabel: string({
    help: "label of the operator's wallet that --address belongs to",
    default: 'default',
    keys: ['operator_wallet_label'],
  }),
  poolOperatorPassphrase: string({ help: "passphrase of the operator's wallet", secret: true }),
  payoutMin: number({
    help: 'the least that is paid, in coins; what is owed below it stays owed',
    default: 1,
    min: 0,
    keys: ['payout_min_amount'],
    check: (amount) => complaint(() => parseAmount(amount), AmountError),
  }),
  payoutInterval: integer({
    help: 'seconds between payouts, 0 for payouts by hand only',
    default: 3_600,
    min: 0,
    max: 31_536_000,
    keys: ['payout_interval_seconds'],
  }),
};

/** Turns the settings into options of the pool. Nothing is opened yet. */
export function accountOptions(
  values: Values<typeof ACCOUNT_SETTINGS>,
  profile: NetworkProfile,
): Pick<PoolOptions, 'terms' | 'payouts'> {
  const { scheme, feePercent, operatorWallet: path, poolOperatorPassphrase: passphrase } = values;
  const terms = { scheme, fee: parseFee(String(feePercent)) };
  if (path === undefined) return { terms };
  return {
    terms,
    payouts: {
      label: values.operatorLabel,
      minimum: parseAmount(values.payoutMin),
      intervalSeconds: values.payoutInterval,
      openWallet: (client) =>
        openWallet({
          path,
          profile,
          backend: new NodeBackend(client),
          passphrase: async () => {
            if (passphrase !== undefined) return passphrase;
            throw new SettingError(
              `NILZ_POOL_OPERATOR_PASSPHRASE is not set: it opens the operator's wallet ${path}`,
            );
          },
        }).catch((error: unknown) => Promise.reject(namedAfterSetting(error, path))),
    },
  };
}

/** What a wrong setting can be the reason of; anything else is the state of the file. */
const SETTING_AT_FAULT: ReadonlySet<WalletErrorCode> = new Set<WalletErrorCode>([
  'no-file',
  'not-a-wallet',
  'wrong-network',
  'wrong-passphrase',
]);

/** The wallet's complaint in the words of the pool's settings. */
function namedAfterSetting(error: unknown, path: string): unknown {
  if (!(error instanceof WalletError)) return error;
  if (error.code === 'wrong-passphrase') {
    return new SettingError(`NILZ_POOL_OPERATOR_PASSPHRASE does not open the operator's wallet ${path}`);
  }
  const message = `--operator-wallet: ${error.message}`;
  return SETTING_AT_FAULT.has(error.code) ? new SettingError(message) : new WalletError(error.code, message);
}

/** What is wrong, as the sentence of a setting; undefined when nothing is. */
function complaint(parse: () => unknown, kind: new (message: string) => Error): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (error instanceof kind) return error.message;
    throw error;
  }
}
