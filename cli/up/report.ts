/** What `nilz up` says: a page when it is ready, then a line per block; or the same as lines of JSON. */
import { amountToNumber, formatAmount } from '../../protocol/amount.ts';
import type { Block } from '../../protocol/block.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { DEV_MNEMONIC, magicHex } from '../../protocol/network.ts';
import { difficultyOf } from '../../protocol/work.ts';
import type { Account } from './accounts.ts';
import { commandOptions } from './command-options.ts';
import type { Stack } from './stack.ts';

/** A worker name of its own, so that a miner of the reader's shows up beside the built-in one. */
function minerCommand(url: string, address: string): string {
  return `minerd -a sha256d -o ${url} -u ${address}.my-rig -p x`;
}

/** The page for people. `seconds` is how long the start took. */
export function readyPage(stack: Stack, accounts: readonly Account[], seconds: number): string {
  const { node, pool, relay, explorerUrl, faucet, wallet, home, miner, lanUrls } = stack;
  const { profile, chain, credentials, cookieFile } = node;
  const options = commandOptions({ ...node, dataDirectory: stack.dataDirectory }, { password: true });
  const alice = accounts[0]?.address ?? '';
  const row = (label: string, text: string): string => `  ${label.padEnd(10)} ${text}`;
  const access = `user ${credentials.user}  password ${credentials.password}`;
  const nameWidth = Math.max(...accounts.map(({ name }) => name.length));
  return [
    `NilzCoin is up: network ${profile.name} (${magicHex(profile)}), height ${chain.tip.height}, a block every ${profile.blockTimeSeconds} s, ready after ${seconds.toFixed(1)} s`,
    '',
    row('start here', home.homeUrl),
    row('explorer', explorerUrl),
    row('wallet', `${wallet.freshLink()}  opens one window, within ten minutes; others from the page above`),
    row('faucet', faucet.httpUrl),
    row('relay', `${relay.url}  REST and events for programs, described at /openapi.json`),
    row('node', `${node.rpcUrl}  JSON-RPC, ${access}`),
    ...(cookieFile === undefined ? [] : [row('', `the same in ${cookieFile}`)]),
    row('', `./nilz rpc${options} getblockchaininfo`),
    row('peers', `127.0.0.1:${node.p2pPort}  other nodes of this machine join with --boot-node`),
    row('pool', `${pool.stratumUrl}  Stratum`),
    ...lanUrls.map((url) => row('', `${url}  from the local network`)),
    row('', minerCommand(pool.stratumUrl, alice)),
    row('', `${pool.httpUrl}  dashboard`),
    row('miner', miner === undefined ? 'off' : 'mining for carol'),
    row('data', node.directory),
    '',
    'Accounts:',
    ...accounts.map(
      ({ name, address, balance }) =>
        `  ${name.padEnd(nameWidth)}  ${address}  ${formatAmount(balance.balance_nits).padStart(15)} NILZ`,
    ),
    `  words: ${DEV_MNEMONIC}`,
    '  WARNING: these words are PUBLIC, everybody has them. Coins of this network are play money; never use',
    '  the words or the addresses for anything of value.',
    '',
    'Ctrl-C ends it. What follows is one line per block.',
  ].join('\n');
}

/** The one line of JSON that says that all is ready, and where. */
export function readyJson(stack: Stack, accounts: readonly Account[]): string {
  const { node, pool, relay, explorerUrl, faucet, wallet, home, miner, lanUrls } = stack;
  const { profile, chain } = node;
  return JSON.stringify({
    event: 'ready',
    network: profile.name,
    magic: magicHex(profile),
    blockTimeSeconds: profile.blockTimeSeconds,
    height: chain.tip.height,
    tip: displayHash(chain.tip.hash),
    dataDirectory: node.directory,
    p2pPort: node.p2pPort,
    rpc: { url: node.rpcUrl, ...node.credentials, cookieFile: node.cookieFile ?? null },
    pool: { stratumUrl: pool.stratumUrl, lanUrls, httpUrl: pool.httpUrl },
    relay: { url: relay.url, explorerUrl },
    faucet: { url: faucet.httpUrl, depositAddress: faucet.depositAddress },
    homeUrl: home.homeUrl,
    walletUrl: wallet.url,
    mining: miner !== undefined,
    mnemonic: DEV_MNEMONIC,
    accounts: accounts.map(({ name, address, path, balance }) => ({
      name,
      address,
      path,
      balance: balance.balance,
      balanceNits: String(balance.balance_nits),
    })),
  });
}

/** What a connected block is announced with. */
export interface NewBlock {
  readonly block: Block;
  readonly height: number;
  readonly hash: Uint8Array;
  /** Seconds since its parent's time. */
  readonly spacingSeconds: number;
}

function coinbaseValue({ transactions }: Block): bigint {
  return (transactions[0]?.outputs ?? []).reduce((sum, { value }) => sum + value, 0n);
}

/** `12:34:56  block 7  1 payment  50.00000141 NILZ  9 s after its parent  difficulty 0.0031  00000abc…` */
export function blockLine({ block, height, hash, spacingSeconds }: NewBlock): string {
  const payments = block.transactions.length - 1;
  return [
    new Date().toTimeString().slice(0, 8),
    `block ${height}`,
    `${payments} payment${payments === 1 ? '' : 's'}`,
    `${formatAmount(coinbaseValue(block))} NILZ`,
    `${spacingSeconds} s after its parent`,
    `difficulty ${difficultyOf(block.header.bits).toPrecision(3)}`,
    displayHash(hash),
  ].join('  ');
}

/** The same as a line of JSON. */
export function blockJson({ block, height, hash, spacingSeconds }: NewBlock): string {
  return JSON.stringify({
    event: 'block',
    height,
    hash: displayHash(hash),
    time: block.header.time,
    transactions: block.transactions.length,
    coinbaseValue: amountToNumber(coinbaseValue(block)),
    spacingSeconds,
    difficulty: difficultyOf(block.header.bits),
  });
}
