import { amountToNumber } from '../../protocol/amount.ts';
import {
  type MetricFamily,
  type MetricsAnswer,
  metricsReader,
  PROCESS_FAMILIES,
} from '../../service/metrics.ts';
import type { FaceView } from './face-view.ts';

/** What `/metrics` shows. No label carries an address. */
const FAMILIES: readonly MetricFamily<FaceView>[] = [
  {
    name: 'nilz_faucet_claims_total',
    help: 'Claims that were taken: written down and promised',
    samples: ({ counters }) => [[{}, counters.claims]],
  },
  {
    name: 'nilz_faucet_refusals_total',
    help: 'Challenges and claims that were refused, by the code of the answer',
    labels: ['code'],
    samples: ({ counters }) => [...counters.refusals].map(([code, count]) => [{ code }, count]),
  },
  {
    name: 'nilz_faucet_queue',
    help: 'Claims that wait to be paid',
    samples: async ({ desk }) => [[{}, (await desk.state()).queued]],
  },
  {
    name: 'nilz_faucet_sent',
    help: 'Claims in transactions that no block has yet',
    samples: async ({ desk }) => [[{}, (await desk.state()).sent]],
  },
  {
    name: 'nilz_faucet_left_today_nilz',
    help: "What is left of the day's budget",
    samples: async ({ desk }) => [[{}, amountToNumber((await desk.state()).leftToday)]],
  },
  {
    name: 'nilz_faucet_balance_nilz',
    help: 'What the wallet could spend; absent before the first look at the chain',
    samples: async ({ desk }) => {
      const { balance } = await desk.state();
      return balance === undefined ? [] : [[{}, amountToNumber(balance)]];
    },
  },
  {
    name: 'nilz_faucet_empty',
    help: '1 while a claim would be refused for want of coins or budget, else 0',
    samples: async ({ desk }) => [[{}, (await desk.state()).empty ? 1 : 0]],
  },
  {
    name: 'nilz_faucet_paused',
    help: '1 while the operator has paused it, else 0',
    samples: async ({ desk }) => [[{}, (await desk.state()).paused ? 1 : 0]],
  },
  {
    name: 'nilz_faucet_trouble',
    help: '1 while nothing can be paid, else 0; /health says why',
    samples: async ({ desk }) => [[{}, (await desk.state()).trouble === undefined ? 0 : 1]],
  },
  {
    name: 'nilz_faucet_challenge_attempts',
    help: 'Attempts that a claim costs at present; absent where claims show something else',
    samples: ({ proof }) => (proof.attempts === undefined ? [] : [[{}, proof.attempts]]),
  },
  {
    name: 'nilz_faucet_http_answers_total',
    help: 'Answers by the first digit of their status',
    labels: ['status'],
    samples: ({ answers }) =>
      Object.entries(answers.statuses).map(([digit, count]) => [{ status: `${digit}xx` }, count]),
  },
  {
    name: 'nilz_faucet_http_refused_total',
    help: 'Refused for what a client has taken: requests beyond its rate, wrong admin tokens, those told to wait, and connections',
    labels: ['reason'],
    samples: ({ counters, rates }) => [
      [{ reason: 'read_rate' }, rates.reads.refused],
      [{ reason: 'write_rate' }, rates.writes.refused],
      [{ reason: 'wrong_token' }, counters.wrongTokens],
      [{ reason: 'token_limit' }, counters.limitedTokens],
      [{ reason: 'address_connections' }, counters.refusedConnections],
    ],
  },
  ...PROCESS_FAMILIES,
];

/** Answers `GET /metrics` of one faucet. */
export function faceMetrics(view: FaceView): () => Promise<MetricsAnswer> {
  return metricsReader(FAMILIES, view);
}
