import type { Middleware } from 'koa';
import type { AdminToken } from '../../service/http-server/admin-token.ts';
import type { Logger } from '../../service/log.ts';
import type { AccountsView } from '../accounting/accounts-view.ts';
import type { Clock } from '../clock.ts';
import type { EdgeGate } from '../edge/edge-gate.ts';
import type { Inspector } from '../inspector/inspector.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { NodeGroup } from '../nodes/node-group.ts';
import type { NodeNetwork } from '../nodes/node-network.ts';
import type { TemplateWatcher } from '../nodes/template-watcher.ts';
import type { Statistics } from '../statistics/statistics.ts';
import type { DifficultyLimits } from '../stratum/difficulty.ts';
import type { Roster } from '../stratum/roster.ts';
import type { StratumServer } from '../stratum/stratum-server.ts';
import type { ChainWindow } from './chain-window.ts';
import type { HttpCounters } from './http-counters.ts';
import type { LiveFeed } from './live-feed.ts';

/** What is asked of the server that miners connect to. */
export type MinersView = Pick<
  StratumServer,
  'url' | 'tlsUrl' | 'connections' | 'bans' | 'sessions' | 'session' | 'order'
>;

/** What the HTTP answers are made of. */
export interface PoolView {
  readonly network: NodeNetwork;
  /** Where the operator is paid; undefined in solo without a fee. */
  readonly rewardAddress: string | undefined;
  readonly difficulty: DifficultyLimits;
  readonly work: Pick<TemplateWatcher, 'lastTipMs'>;
  readonly jobs: Pick<Jobs, 'current' | 'latest' | 'find'>;
  readonly ledger: Pick<Ledger, 'shares' | 'blocks'>;
  readonly accounts?: AccountsView | undefined;
  readonly roster: Pick<Roster, 'connectionsOf'>;
  readonly server: MinersView;
  readonly statistics: Statistics;
  readonly nodes: Pick<NodeGroup, 'state' | 'states'>;
  readonly edges: Pick<EdgeGate, 'states' | 'wrongTokens'>;
  readonly chain: ChainWindow;
  readonly inspector: Inspector;
  readonly counters: HttpCounters;
  readonly live: Pick<LiveFeed, 'open' | 'counters'>;
  readonly token: AdminToken;
  /** Where this port is, as seen from this machine. */
  readonly httpUrl: () => string;
  readonly clock: Clock;
  readonly log: Logger;
  /** What answers the paths that are no part of the API: the pages. */
  readonly pages?: Middleware | undefined;
}
