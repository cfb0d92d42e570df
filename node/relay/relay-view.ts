import type { Clock } from '../../service/clock.ts';
import type { AnswerCounters } from '../../service/http-server/http-app.ts';
import type { ClientRates } from '../../service/http-server/rate-limit.ts';
import type { Logger } from '../../service/log.ts';
import type { ChainReader } from './chain-reader.ts';
import type { EventFeed } from './event-feed.ts';
import type { TemplateWatch } from './template-watch.ts';
import type { TransactionReader } from './transaction-reader.ts';
import type { MempoolMirror } from './upstream/mempool-mirror.ts';
import type { NodeCalls } from './upstream/node-calls.ts';
import type { NodeLink } from './upstream/node-link.ts';

/** What the answers are made of. */
export interface RelayView {
  /** Label of this instance. */
  readonly id: string;
  readonly startedMs: number;
  readonly calls: NodeCalls;
  readonly link: NodeLink;
  readonly chain: ChainReader;
  readonly transactions: TransactionReader;
  readonly mempool: MempoolMirror;
  readonly templates: TemplateWatch;
  readonly events: Pick<EventFeed, 'open' | 'counters'>;
  readonly counters: RelayCounters;
  readonly rates: RelayRates;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What the relay counts of its HTTP port, since the start. */
export interface RelayCounters extends AnswerCounters {
  /** Connections refused because their address had as many as it may. */
  refusedConnections: number;
}

/** What clients may take. */
export interface RelayRates {
  readonly reading: ClientRates;
  readonly writing: ClientRates;
}
