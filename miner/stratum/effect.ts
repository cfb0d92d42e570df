/** What goes into the Stratum client and what comes out of it; see client.ts. */

import type { MinerEvent } from '../event.ts';
import type { Hit, Work } from '../hashing/work.ts';
import type { CloseCause } from '../transport/connection.ts';

export type ClientEvent =
  | { readonly type: 'start' }
  /** The connection that an effect asked for is open. */
  | { readonly type: 'connected' }
  | { readonly type: 'line'; readonly line: string }
  /** It could not be opened, or has ended without our doing. */
  | { readonly type: 'closed'; readonly cause: CloseCause; readonly detail?: string | undefined }
  /** A thread found a header that should be a share. */
  | { readonly type: 'hit'; readonly hit: Hit }
  /** The client's deadline has come. */
  | { readonly type: 'tick' }
  | { readonly type: 'stop' };

export type Effect =
  | { readonly type: 'connect'; readonly host: string; readonly port: number }
  /** Close the connection, if there is one, and say nothing of it any more. */
  | { readonly type: 'disconnect' }
  | { readonly type: 'send'; readonly line: string }
  /** What all threads work on from now on; undefined: nothing. */
  | { readonly type: 'work'; readonly work: Work | undefined }
  /** A hit of this thread needs no more attention; see UNSETTLED_HITS_MAX in hash-loop.ts. */
  | { readonly type: 'settled'; readonly thread: number }
  | { readonly type: 'report'; readonly event: MinerEvent }
  /** The last effect of all. */
  | { readonly type: 'stopped' };

/** Takes effects in the order in which they are to be carried out. */
export type EffectSink = (effect: Effect) => void;
