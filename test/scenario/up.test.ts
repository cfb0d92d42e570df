import assert from 'node:assert/strict';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import * as z from 'zod';
import { startMiner } from '../../miner/miner.ts';
import { createLogger } from '../../service/log.ts';
import { Devnet, nilz, PORT_FLAGS } from '../kit/devnet.ts';
import { untilAnswer } from '../kit/operator-desk.ts';
import { processorShare } from '../kit/processor-share.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const WORDS = 'test test test test test test test test test test test junk\n';
const PASSPHRASE = { NILZ_PASSPHRASE: 'correct horse battery staple' };
/** About what a block of a young chain takes: nobody waits. */
const EASY = ['--start-difficulty', '0.00001'];
const SILENT = createLogger({ name: 'test', level: 'silent' });

const History = z.object({
  entries: z.array(
    z.object({
      label: z.string(),
      direction: z.string(),
      status: z.string(),
      fee_nits: z.string().nullish(),
    }),
  ),
});
const Transaction = z.object({
  confirmations: z.int(),
  vout: z.array(z.object({ value: z.number(), scriptPubKey: z.object({ address: z.string().optional() }) })),
});
interface NextPayout {
  readonly time: number | null;
  readonly in_seconds: number | null;
  readonly minimum_nits: string | null;
}
interface Payouts {
  readonly payouts: readonly {
    readonly state: string;
    readonly txid: string;
    readonly total_nits: string;
    readonly items: readonly { readonly address: string; readonly amount_nits: string }[];
  }[];
}
const Balance = z.object({ labels: z.array(z.object({ label: z.string(), total_nits: z.string() })) });

/** Mines at the pool until the next block is announced. */
async function mineOne(devnet: Devnet): Promise<void> {
  const miner = await startMiner({
    pools: [{ url: devnet.ready.pool.stratumUrl, user: `${devnet.address('carol')}.test` }],
    threads: 1,
    log: SILENT,
  });
  await devnet.nextBlock();
  await miner.stop();
}

test('a payment from alice to bob is pending, then confirmed by a mined block, and the fee adds up', async (context) => {
  const directory = await temporaryDirectory(context);
  const devnet = await Devnet.start(directory, ['--no-mine', ...EASY]);
  context.after(() => devnet.kill());
  const wallet = async (words: readonly string[], input = ''): Promise<unknown> => {
    const place = ['--datadir', directory, '--node-url', devnet.ready.rpc.url, '--json'];
    const finished = await nilz(['wallet', ...words, ...place], { env: PASSPHRASE, input });
    assert.equal(finished.code, 0, finished.stderr);
    return JSON.parse(finished.stdout);
  };
  const payment = async () => {
    const { entries } = History.parse(await wallet(['history']));
    return entries.find(({ label, direction }) => label === 'alice' && direction === 'sent');
  };
  const total = async (name: string) => {
    const { labels } = Balance.parse(await wallet(['balance']));
    return labels.find(({ label }) => label === name)?.total_nits;
  };

  await wallet(['restore'], WORDS);
  await wallet(['send', '--from-label', 'alice', '--to', devnet.address('bob'), '--amount', '12.5']);
  assert.equal((await payment())?.status, 'pending');

  await mineOne(devnet);
  assert.deepEqual(await payment(), {
    label: 'alice',
    direction: 'sent',
    status: 'confirmed',
    // One input and two outputs are 141 vB, at 1 nit/vB.
    fee_nits: '141',
  });
  assert.equal(await total('alice'), String(10_000_00000000n - 12_50000000n - 141n));
  assert.equal(await total('bob'), String(10_000_00000000n + 12_50000000n));
  assert.equal(await total('pool'), String(10_000_00000000n + 50_00000000n + 141n), 'reward and fee');
});

test('what the pool owes is paid by the clock: on the chain, on /payouts, and until then on /next_payout', async (context) => {
  const directory = await temporaryDirectory(context);
  const devnet = await Devnet.start(directory, ['--payout-interval', '2', ...EASY]);
  context.after(() => devnet.kill());
  const { httpUrl } = devnet.ready.pool;
  const carol = devnet.address('carol');
  const next = await untilAnswer<NextPayout>(`${httpUrl}/next_payout`, ({ time }) => time !== null);
  assert.ok((next.in_seconds ?? 3) <= 2, `${next.in_seconds}`);
  assert.equal(next.minimum_nits, '1000000');
  const { payouts } = await untilAnswer<Payouts>(`${httpUrl}/payouts`, (answer) =>
    answer.payouts.some(({ state }) => state === 'confirmed'),
  );
  const payout = payouts.find(({ state }) => state === 'confirmed');
  assert.deepEqual(
    payout?.items.map(({ address }) => address),
    [carol],
  );
  assert.equal(payout?.items[0]?.amount_nits, payout?.total_nits);
  const transaction = Transaction.parse(
    await devnet.rpc.call('getrawtransaction', [payout?.txid ?? '', true]),
  );
  const received = transaction.vout.filter(({ scriptPubKey }) => scriptPubKey.address === carol);
  assert.deepEqual(
    received.map(({ value }) => BigInt(Math.round(value * 1e8)).toString()),
    [payout?.total_nits],
  );
  assert.ok(transaction.confirmations >= 1);
});

test('what was mined is there after a restart, and --reset begins anew but leaves wallets alone', async (context) => {
  const directory = await temporaryDirectory(context);
  const first = await Devnet.start(directory, EASY);
  context.after(() => first.kill());
  await first.nextBlock();
  const { code, milliseconds } = await first.interrupt();
  assert.equal(code, 0, first.stderr);
  const share = processorShare();
  assert.ok(
    milliseconds < 2_000 / share,
    `Ctrl-C took ${milliseconds.toFixed(0)} ms, ${share} of a processor`,
  );
  const last = first.blocks.at(-1);

  const second = await Devnet.start(directory, ['--no-mine']);
  context.after(() => second.kill());
  assert.equal(second.ready.height, last?.height);
  assert.equal(second.ready.tip, last?.hash);
  const place = ['--datadir', directory, '--node-url', second.ready.rpc.url];
  const made = await nilz(['wallet', 'init', '--yes', ...place], { env: PASSPHRASE });
  assert.equal(made.code, 0, made.stderr);
  await second.interrupt();

  const third = await Devnet.start(directory, ['--no-mine', '--reset']);
  context.after(() => third.kill());
  assert.equal(third.ready.height, 0);
  await access(join(directory, 'dev', 'wallet.json'));
});

test('another block time is another network with its own data', async (context) => {
  const directory = await temporaryDirectory(context);
  const devnet = await Devnet.start(directory, ['--no-mine', '--block-time', '5']);
  context.after(() => devnet.kill());
  assert.notEqual(devnet.ready.dataDirectory, join(directory, 'dev'));
  await devnet.interrupt();
  const plain = await Devnet.start(directory, ['--no-mine']);
  context.after(() => plain.kill());
  assert.equal(plain.ready.dataDirectory, join(directory, 'dev'));
});

test('nilz rpc and nilz pace find the node by its data directory', async (context) => {
  const directory = await temporaryDirectory(context);
  const devnet = await Devnet.start(directory, EASY);
  context.after(() => devnet.kill());
  await devnet.nextBlock();
  await devnet.nextBlock();
  const place = ['--datadir', directory, '--node-url', devnet.ready.rpc.url];
  const info = await nilz(['rpc', ...place, 'getblockchaininfo']);
  assert.equal(info.code, 0, info.stderr);
  assert.equal(JSON.parse(info.stdout).chain, 'dev');
  const refused = await nilz(['rpc', ...place, 'getblockhash', '1000000']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /error -8: Block height out of range/);
  const pace = await nilz(['pace', ...place, '--json']);
  assert.equal(pace.code, 0, pace.stderr);
  assert.equal(JSON.parse(pace.stdout).targetSeconds, 10);
});

test('a port in use is reported with its number and the setting that changes it', async (context) => {
  const directory = await temporaryDirectory(context);
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  context.after(() => squatter.close());
  const { port } = squatter.address() as AddressInfo;
  for (const flag of PORT_FLAGS) {
    const others = PORT_FLAGS.filter((other) => other !== flag);
    const free = others.flatMap((other) => [other, '0']);
    const finished = await nilz(['up', '--datadir', directory, flag, String(port), ...free]);
    assert.equal(finished.code, 1, finished.stdout);
    assert.match(finished.stderr, new RegExp(`${port}`));
    assert.match(finished.stderr, new RegExp(flag));
    assert.doesNotMatch(finished.stderr, /\n\s+at /, 'no stack');
  }
});

test('a second start with the same data says who holds it', async (context) => {
  const directory = await temporaryDirectory(context);
  const devnet = await Devnet.start(directory, ['--no-mine']);
  context.after(() => devnet.kill());
  for (const flags of [[], ['--reset']]) {
    const second = await nilz(['up', '--datadir', directory, '--rpc-port', '0', ...flags]);
    assert.equal(second.code, 1);
    assert.match(second.stderr, /in use by/);
  }
  assert.equal(
    (await nilz(['rpc', '--datadir', directory, '--node-url', devnet.ready.rpc.url, 'uptime'])).code,
    0,
  );
});

test('wrong use is told in one line with exit code 2', async () => {
  for (const words of [['up', '--block-time', '1'], ['up', '--bogus'], ['nonsense'], ['rpc']]) {
    const { code, stderr } = await nilz(words);
    assert.equal(code, 2, words.join(' '));
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  }
});

test('a node that is not there is exit code 3', async (context) => {
  const directory = await temporaryDirectory(context);
  const finished = await nilz([
    'rpc',
    '--node-url',
    'http://a:b@127.0.0.1:1',
    '--datadir',
    directory,
    'uptime',
  ]);
  assert.equal(finished.code, 3, finished.stderr);
});
