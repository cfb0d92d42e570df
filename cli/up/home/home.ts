/** The landing page of `nilz up`: where everything is, and how it is. */
import Router from '@koa/router';
import type { Miner } from '../../../miner/miner.ts';
import { DEV_MNEMONIC, type NetworkProfile } from '../../../protocol/network.ts';
import type { Clock } from '../../../service/clock.ts';
import { AnswerCache } from '../../../service/http-server/answer-cache.ts';
import { httpApp, newAnswerCounters } from '../../../service/http-server/http-app.ts';
import { startHttpService } from '../../../service/http-server/start-http-service.ts';
import type { Stoppable } from '../../../service/lifecycle.ts';
import type { Logger } from '../../../service/log.ts';
import { servePage } from '../../../service/pages.ts';
import type { RunningWalletGui } from '../../../wallet/gui/gui-server.ts';
import { ownHosts, requireOwnPage } from '../../../wallet/gui/request-guard.ts';
import type { Account } from '../accounts.ts';
import { HOME_PAGE } from '../web/page.ts';
import { faucetCondition, nodeCondition, poolCondition, relayCondition } from './conditions.ts';
import type { HomeState, WalletLink } from './home-state.ts';

/** Where the services are that the page tells of. */
export interface HomePlaces {
  /** Of the node's RPC. */
  readonly nodeUrl: string;
  /** `HOST:PORT` for other nodes. */
  readonly peerAddress: string;
  readonly relayUrl: string;
  readonly explorerUrl: string;
  readonly faucetUrl: string;
  readonly poolUrl: string;
  readonly stratumUrl: string;
  readonly lanUrls: readonly string[];
}

export interface HomeOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly profile: NetworkProfile;
  readonly places: HomePlaces;
  readonly wallet: Pick<RunningWalletGui, 'url' | 'freshLink' | 'counts'>;
  readonly miner: Pick<Miner, 'stats'> | undefined;
  /** The address that the built-in miner mines for. */
  readonly minerAddress: string;
  /** The funded accounts with what they have now. */
  readonly accounts: () => Promise<readonly Account[]>;
  /** What the commands of a second terminal need to find the node. */
  readonly commandOptions: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface RunningHome extends Stoppable {
  readonly homeUrl: string;
}

const COIN_NAME = 'NILZ';
/** However many look at the page, the services are asked this often. */
const KEEP_MS = 1_000;
/** Of a page for the people of one machine. */
const CONNECTIONS = { total: 100, perAddress: 100 };

/**
 * Serves the page, what it shows, `GET /state`, and for nobody but the page a way into the wallet,
 * `POST /wallet-link`.
 * @throws ListenError when the port is taken
 */
export async function startHome(options: HomeOptions): Promise<RunningHome> {
  const { host, port, clock, log } = options;
  const cache = new AnswerCache(KEEP_MS, () => clock.steadyMs());
  const router = new Router({ sensitive: true, strict: true });
  router.get('/state', async (ctx) => {
    ctx.body = await cache.get('state', () => stateOf(options));
    ctx.type = 'json';
  });
  let hosts: ReadonlySet<string> = new Set();
  router.post('/wallet-link', async (ctx) => {
    requireOwnPage(ctx.req, hosts);
    const link: WalletLink = { url: options.wallet.freshLink() };
    ctx.body = link;
  });
  const app = httpApp({
    router,
    cors: { origins: [] },
    log,
    counters: newAnswerCounters(),
    pages: servePage(HOME_PAGE),
  });
  const http = await startHttpService({
    host,
    port,
    portSetting: '--home-port',
    handler: app.callback(),
    connections: CONNECTIONS,
    isProxy: () => false,
    onRefused: () => log.warn(`more than ${CONNECTIONS.perAddress} connections to the landing page`),
    log,
  });
  hosts = ownHosts(http.port);
  return { homeUrl: http.url, stop: () => http.stop() };
}

async function stateOf(options: HomeOptions): Promise<HomeState> {
  const { profile, places, clock, commandOptions } = options;
  const nowSeconds = clock.wallMs() / 1_000;
  const [node, relay, faucet, pool, accounts, wallet] = await Promise.all([
    nodeCondition(places.nodeUrl, nowSeconds),
    relayCondition(places.relayUrl),
    faucetCondition(places.faucetUrl),
    poolCondition(places.poolUrl),
    options.accounts(),
    walletState(options),
  ]);
  return {
    time: nowSeconds,
    network: {
      name: profile.name,
      coin: COIN_NAME,
      test_money: profile.name !== 'main',
      block_time_seconds: profile.blockTimeSeconds,
      maturity: profile.maturity,
    },
    node: { ...node, url: places.nodeUrl, peer_address: places.peerAddress },
    explorer: { ...relay, url: places.explorerUrl, api_url: places.relayUrl },
    faucet: { ...faucet, url: places.faucetUrl },
    pool: {
      ...pool,
      url: places.poolUrl,
      stratum_url: places.stratumUrl,
      lan_urls: [...places.lanUrls],
    },
    wallet,
    miner: minerState(options),
    accounts: accounts.map(({ name, address, balance }) => ({
      name,
      address,
      balance_nits: String(balance.balance_nits),
    })),
    words: DEV_MNEMONIC,
    command_options: commandOptions,
  };
}

/** In this process: it is there as long as whoever answers here, though its folder may not be. */
async function walletState({ wallet, log }: HomeOptions): Promise<HomeState['wallet']> {
  const { url } = wallet;
  try {
    return { state: 'ok', reason: null, url, ...(await wallet.counts()) };
  } catch (error) {
    log.warn({ err: error }, 'the wallets cannot be counted');
    const reason = error instanceof Error ? error.message : String(error);
    return { state: 'trouble', reason, url, wallets: null, open: null };
  }
}

function minerState({ miner, minerAddress: address }: HomeOptions): HomeState['miner'] {
  if (miner === undefined) {
    return { state: 'off', reason: null, address, hash_rate: null, shares: null, blocks: null };
  }
  const { state, problem, hashRate, shares, blocks } = miner.stats();
  return {
    state: state === 'mining' ? 'ok' : 'trouble',
    reason: state === 'mining' ? null : (problem?.text ?? 'it waits for work'),
    address,
    hash_rate: hashRate.minute1 ?? hashRate.seconds10,
    shares: shares.accepted,
    blocks,
  };
}
