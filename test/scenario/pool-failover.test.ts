/** A pool in front of two nodes of one network, one of which is killed and comes back. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { compactToTarget } from '../../protocol/compact.ts';
import { meetsTarget } from '../../protocol/work.ts';
import type { RpcClient } from '../../service/rpc-client.ts';
import { nilz } from '../kit/devnet.ts';
import { clientOf, OperatorDesk, startNode, untilAnswer } from '../kit/operator-desk.ts';
import { findShare, StratumMiner, type Work } from '../kit/stratum-miner.ts';

const LIMITED = { timeout: 300_000 };

interface Stats {
  readonly nodes: readonly { readonly state: string; readonly active: boolean }[];
}
interface Blocks {
  readonly blocks: readonly { readonly height: number; readonly state: string }[];
}
interface Payouts {
  readonly payouts: readonly { readonly state: string; readonly txid: string }[];
}
interface NextPayout {
  readonly due_total: number;
}

/** A miner on one connection, which finds a block when it is told to. */
class SteadyMiner {
  readonly #miner: StratumMiner;
  #work: Work;
  isConnected = true;

  constructor(miner: StratumMiner, work: Work) {
    this.#miner = miner;
    this.#work = work;
    void miner.closed.then(() => {
      this.isConnected = false;
    });
  }

  async findBlock(): Promise<void> {
    const { job = this.#work.job } = this.#miner.takeNews();
    this.#work = { ...this.#work, job };
    const target = compactToTarget(job.bits);
    const { params } = findShare(this.#work, { accepts: (hash) => meetsTarget(hash, target) });
    assert.equal((await this.#miner.request('mining.submit', params)).result, true);
    let next = await this.#miner.nextJob();
    while (Buffer.compare(next.previousHash, job.previousHash) === 0) next = await this.#miner.nextJob();
    this.#work = { ...this.#work, job: next };
  }

  close(): void {
    this.#miner.close();
  }
}

async function untilHeight(client: RpcClient, height: number): Promise<void> {
  while ((await client.call('getblockcount')) !== height) await sleep(50);
}

test(
  'a node is killed and comes back: miners stay, blocks go to all, accounts and payouts go on',
  LIMITED,
  async (t) => {
    const desk = await OperatorDesk.open(t);
    const first = desk.node.ready;
    const secondNode = await startNode(
      t,
      desk.networkFile,
      join(desk.directory, 'second'),
      ...['--connect', `127.0.0.1:${first.p2p_port}`],
    );
    const second = clientOf(secondNode);
    t.after(() => second.close());
    const config = await desk.writeConfig('pool_config.json', {
      node_url: [first.rpc_url, secondNode.ready.rpc_url],
      node_cookie: [first.cookie_file, secondNode.ready.cookie_file],
      pool_fee_percent: 10,
    });
    const pool = await desk.startPool(t, config);
    const { stratum_url: stratum = '', http_url: http = '' } = pool.ready;
    const ann = desk.addressOf('ann');
    const connection = await StratumMiner.connect(stratum);
    const miner = new SteadyMiner(connection, await connection.login(`${ann}.rig`));
    t.after(() => miner.close());
    await miner.findBlock();
    await miner.findBlock();
    await untilHeight(desk.rpc, 2);
    await untilHeight(second, 2);

    await desk.node.kill();
    for (let found = 0; found < 3; found++) await miner.findBlock();
    await untilHeight(second, 5);
    await untilAnswer<Stats>(
      `${http}/stats`,
      ({ nodes }) => nodes[0]?.state === 'away' && nodes[1]?.active === true,
    );
    await second.call('generatetoaddress', [3, desk.addressOf('others')]);
    await untilAnswer<NextPayout>(`${http}/next_payout`, ({ due_total }) => due_total === 1);
    const settled = await desk.settle(config, http, '--json');
    assert.equal(settled.code, 0, settled.stderr);
    const { total_nits: total } = JSON.parse(settled.stdout) as { total_nits: string };
    await second.call('generatetoaddress', [1, desk.addressOf('others')]);
    await untilAnswer<Payouts>(`${http}/payouts`, ({ payouts }) => payouts[0]?.state === 'confirmed');

    const again = await startNode(
      t,
      desk.networkFile,
      desk.directory,
      ...['--rpc-port', new URL(first.rpc_url ?? '').port],
      ...['--connect', `127.0.0.1:${secondNode.ready.p2p_port}`],
    );
    const back = clientOf(again);
    t.after(() => back.close());
    await untilHeight(back, 9);
    await untilAnswer<Stats>(
      `${http}/stats`,
      ({ nodes }) => nodes[0]?.state === 'answers' && nodes[0].active,
    );
    await miner.findBlock();
    await Promise.all([untilHeight(back, 10), untilHeight(second, 10)]);
    assert.equal(await back.call('getbestblockhash'), await second.call('getbestblockhash'));
    const { blocks } = await untilAnswer<Blocks>(
      `${http}/blocks`,
      ({ blocks: rows }) => rows.length === 6 && rows[0]?.state === 'immature',
    );
    assert.deepEqual(
      blocks.map(({ height }) => height),
      [10, 5, 4, 3, 2, 1],
    );
    assert.ok(miner.isConnected, 'on one connection from the first block to the last');
    const { balance_nits: received } = (await back.call('getaddressbalance', [{ addresses: [ann] }])) as {
      balance_nits: string;
    };
    assert.equal(received, total);
    const audit = await nilz(['pool', 'audit', '--config', config]);
    assert.equal(audit.code, 0, audit.stdout);
  },
);
