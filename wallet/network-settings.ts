/** Which network a command works on: the settings of all that have no chain of their own. See `chooseNetwork`. */
import { integer, string } from '../service/config.ts';

export const NETWORK_SETTINGS = {
  network: string({
    help: 'main, test, dev, regtest, bitcoin-regtest, or the JSON file of a private network',
    default: 'dev',
  }),
  blockTime: integer({
    help: 'as the node was started: another value means another network',
    env: ['NILZ_BLOCK_TIME_S'],
    min: 2,
    max: 86_400,
  }),
  retargetWindow: integer({
    help: 'as the node was started: another value means another network',
    min: 3,
    max: 1_000,
  }),
};
