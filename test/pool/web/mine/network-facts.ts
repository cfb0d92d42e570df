/** What a pool says of its network in `/stats`, as the page that mines needs it. */
import type { Stats } from '../../../../pool/web/answers.ts';

type Network = Stats['network'];

export function networkFacts(address: Network['address'], coinType: number | null = 1): Network {
  return {
    name: 'dev',
    coin: 'NILZ',
    test_money: true,
    difficulty: 1,
    height: 1,
    tip: null,
    maturity: 10,
    block_time_seconds: 10,
    address,
    coin_type: coinType,
  };
}

export const DEV = networkFacts({ hrp: 'dnilz', p2pkh: null, p2sh: null, only_p2wpkh: true });
export const BITCOIN_MAIN = networkFacts({ hrp: 'bc', p2pkh: 0, p2sh: 5, only_p2wpkh: false }, 0);
