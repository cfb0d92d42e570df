/** The wallet as a page of this machine, for its person alone: what serves it. */
import { randomBytes } from 'node:crypto';
import type { Middleware } from 'koa';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Clock } from '../../service/clock.ts';
import { httpApp, newAnswerCounters } from '../../service/http-server/http-app.ts';
import { startHttpService } from '../../service/http-server/start-http-service.ts';
import type { Stoppable } from '../../service/lifecycle.ts';
import type { Logger } from '../../service/log.ts';
import { servePage } from '../../service/pages.ts';
import { Upgrades } from '../../service/upgrade.ts';
import type { BackendPlace, OpenBackend } from '../chain/backend-choice.ts';
import type { ScryptCost } from '../keys/key-file.ts';
import { WALLET_PAGE } from '../web/page.ts';
import type { LiveEvent } from './api.ts';
import { ChainNews } from './chain-news.ts';
import type { GuiDesk } from './gui-desk.ts';
import { guiRouter } from './gui-routes.ts';
import { guiState } from './gui-state.ts';
import { LinkTokens } from './link-tokens.ts';
import { LiveFeed, type LiveTiming } from './live-feed.ts';
import { PlanDesk } from './plan-desk.ts';
import { refusalOf } from './refusals.ts';
import { ownHosts, requireOwnPage } from './request-guard.ts';
import { Sessions } from './sessions.ts';
import { WalletShelf } from './wallet-shelf.ts';

export interface WalletGuiOptions {
  readonly profile: NetworkProfile;
  /** Where the chain is asked, and what asks there. */
  readonly place: BackendPlace;
  readonly backend: Omit<OpenBackend, 'close'>;
  /** The network's folder, with its wallets. */
  readonly directory: string;
  /** One more wallet, which may lie elsewhere. */
  readonly walletFile?: string | undefined;
  /** 0 picks a free port. */
  readonly port: number;
  /** The setting that changes it, for the message when it is taken. */
  readonly portSetting: string;
  /** Of the explorer's pages. */
  readonly explorerUrl?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of new wallets; for tests. */
  readonly cost?: ScryptCost;
  readonly timing?: Partial<LiveTiming>;
}

export interface RunningWalletGui extends Stoppable {
  /** Without a token it shows how to get in, and nothing else. */
  readonly url: string;
  /** A link that opens one window, once, within ten minutes. */
  freshLink(): string;
  /** How many wallets there are, and how many of them are open. */
  counts(): Promise<{ readonly wallets: number; readonly open: number }>;
}

/** Nobody but this machine. */
const LOOPBACK = '127.0.0.1';
const CONNECTIONS = { total: 200, perAddress: 200 };

/**
 * Serves the page, its questions and its live feed.
 * @throws ListenError when the port is taken, naming the setting
 */
export async function startWalletGui(options: WalletGuiOptions): Promise<RunningWalletGui> {
  const { profile, backend, clock, log } = options;
  const now = (): number => clock.wallMs() / 1_000;
  const steadyMs = (): number => clock.steadyMs();
  const random = (count: number): Uint8Array => randomBytes(count);
  const tell = (event: LiveEvent): void => feed.tell(event);

  const plans = new PlanDesk(random);
  const shelf = new WalletShelf({
    ...options,
    onList: (wallets) => tell({ event: 'wallets', wallets }),
    onChange: (wallet) => tell({ event: 'changed', wallet }),
    onLock: (wallet, reason) => {
      plans.forget(wallet);
      tell({ event: 'locked', wallet, reason });
    },
  });
  const news = new ChainNews({
    ...options,
    random: Math.random,
    onState: (state) => tell({ event: 'backend', backend: state }),
    onChange: () => {
      for (const wallet of shelf.openIds()) tell({ event: 'changed', wallet });
    },
  });
  const state = async () =>
    guiState({
      profile,
      explorerUrl: options.explorerUrl ?? news.explorerUrl(),
      backend: news.state,
      wallets: await shelf.rows(),
      now: now(),
    });
  const desk: GuiDesk = { profile, backend, shelf, plans, now, tell, state };
  const tokens = new LinkTokens({ random, steadyMs });
  const sessions = new Sessions({ random, steadyMs, onEnd: (session) => feed.drop(session) });

  let hosts: ReadonlySet<string> = new Set();
  const feed = new LiveFeed({
    guard: (request) => requireOwnPage(request, hosts),
    sessionOf: (secret) => sessions.find(secret),
    first: async () => ({ event: 'state', state: await state() }),
    now,
    log,
    ...(options.timing && { timing: options.timing }),
  });
  const upgrades = new Upgrades();
  upgrades.route('/live', feed.upgrade);
  const app = httpApp({
    router: guiRouter({ desk, tokens, sessions, steadyMs }),
    cors: { origins: [] },
    log,
    counters: newAnswerCounters(),
    guard: keepStrangersOut(() => hosts),
    pages: servePage(WALLET_PAGE),
    explain: refusalOf,
  });
  const http = await startHttpService({
    host: LOOPBACK,
    port: options.port,
    portSetting: options.portSetting,
    handler: app.callback(),
    upgrades,
    connections: CONNECTIONS,
    isProxy: () => false,
    onRefused: () => log.warn(`more than ${CONNECTIONS.perAddress} connections to the wallet's page`),
    log,
  });
  hosts = ownHosts(http.port);
  news.start();
  shelf.start();
  return {
    url: http.url,
    counts: async () => {
      const rows = await shelf.rows();
      return { wallets: rows.length, open: rows.filter((row) => row.is_open).length };
    },
    freshLink: () => `${http.url}/#token=${tokens.issue()}`,
    stop: async () => {
      news.stop();
      feed.stop();
      await Promise.all([http.stop(), shelf.stop()]);
    },
  };
}

/** Answers nobody but the wallet's own page, and gives nothing to pages of other origins. */
function keepStrangersOut(hosts: () => ReadonlySet<string>): Middleware {
  return (ctx, next) => {
    requireOwnPage(ctx.req, hosts());
    ctx.set('Cross-Origin-Resource-Policy', 'same-origin');
    ctx.set('Cross-Origin-Opener-Policy', 'same-origin');
    return next();
  };
}
