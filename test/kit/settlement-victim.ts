/**
 * The victim of the fault test: settles with the ledger it is given, and kills itself after one of the steps of one of
 * the transactions.
 */
import { argv, stdout } from 'node:process';
import { parseFee } from '../../pool/accounting/scheme.ts';
import { startAccounts } from '../../pool/accounting/start-accounts.ts';
import { systemClock } from '../../pool/clock.ts';
import { Ledger } from '../../pool/ledger/ledger.ts';
import { askNetwork } from '../../pool/nodes/node-network.ts';
import { COIN } from '../../protocol/amount.ts';
import { createRpcClient } from '../../service/rpc-client.ts';
import { PAYOUT_STEPS } from '../../wallet/services/payout-delivery.ts';
import { openOperatorWallet, POOL_LABEL, POOL_REWARD_ADDRESS, PROFILE } from './accounts-kit.ts';
import { SILENT } from './pool-kit.ts';

const [, , file = '', url = '', deathStep = '', deathTransaction = '1'] = argv;
let transaction = 0;
const client = createRpcClient({ url });
const network = await askNetwork(client, {});
const ledger = await Ledger.open({ file, network: network.identity, log: SILENT });
const { view } = await startAccounts({
  ledger,
  client,
  network,
  terms: { scheme: 'pplns', fee: parseFee('1') },
  rewardAddress: POOL_REWARD_ADDRESS,
  payouts: {
    openWallet: openOperatorWallet,
    label: POOL_LABEL,
    minimum: COIN / 1_000n,
    intervalSeconds: 0,
    onStep: async (step) => {
      if (step === PAYOUT_STEPS[0]) transaction += 1;
      if (step === deathStep && transaction === Number(deathTransaction))
        process.kill(process.pid, 'SIGKILL');
    },
  },
  clock: systemClock,
  log: SILENT,
  pollMs: 1_000_000,
  currentBits: () => PROFILE.powLimitBits,
});
const { total } = await view.settle({ dryRun: false });
// Nobody died: the step is not part of a settlement.
stdout.write(`${total}\n`);
process.exit(3);
