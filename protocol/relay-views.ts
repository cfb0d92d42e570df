/** The answers of the relay that only people look at, by the explorer: charts, branches, peers, search. */
import * as z from 'zod';
import { count, hashText, nullableAmountShape, seconds } from './relay-fields.ts';

export const ChartPoint = z
  .object({
    height: count('last block of the point'),
    time: seconds('its time'),
    difficulty: z.number().describe('its difficulty'),
    block_seconds: z
      .number()
      .nullable()
      .describe('mean time per block since the point before; null for the first'),
    hash_rate: z
      .number()
      .nullable()
      .describe('hashes per second since the point before; null for the first and where no time went by'),
    ...nullableAmountShape('fees', 'of its last block'),
    transactions: count('of its last block'),
    size: count('of its last block, bytes'),
  })
  .meta({ id: 'ChartPoint' });
export type ChartPoint = z.infer<typeof ChartPoint>;

/** `GET /charts`: the last blocks, thinned to some 200 points. */
export const RelayCharts = z
  .object({
    blocks: count('that are covered'),
    step: count('blocks per point'),
    points: z.array(ChartPoint).describe('oldest first'),
    next_difficulty: z.number().nullable().describe('of the next block'),
    block_time_seconds: z.number().describe('what the retarget aims at'),
  })
  .meta({ id: 'Charts' });
export type RelayCharts = z.infer<typeof RelayCharts>;

/** `GET /tips`: the ends of all branches the node knows. */
export const RelayTips = z
  .object({
    tips: z.array(
      z.object({
        height: count('of the last block'),
        hash: hashText('of the last block'),
        status: z
          .enum(['active', 'valid-fork', 'valid-headers', 'headers-only', 'invalid', 'unknown'])
          .describe("in Bitcoin Core's words"),
        branch_length: count('blocks above the last one it shares with the best chain'),
        fork_height: count('of that shared one'),
        time: seconds('of the last block').nullable(),
      }),
    ),
  })
  .meta({ id: 'Tips' });
export type RelayTips = z.infer<typeof RelayTips>;

/** `GET /peers`: whom the node is connected to, without addresses: those are nobody's business. */
export const RelayPeers = z
  .object({
    node: z.object({
      agent: z.string().describe('how it calls itself'),
      protocol_version: count('newest it speaks'),
      services: z.array(z.string()),
      connections: count('in all'),
      inbound: count('that have connected to it'),
      outbound: count('that it has connected to'),
      uptime_seconds: count('since it was started'),
      size_on_disk: count('bytes of its database'),
      warnings: z.array(z.string()),
    }),
    peers: z.array(
      z.object({
        id: count('of the connection'),
        agent: z.string().describe('what it calls itself'),
        inbound: z.boolean(),
        network: z.string().describe('ipv4, ipv6, or local'),
        version: count('protocol version'),
        services: z.array(z.string()),
        height: z.int().nullable().describe('of the last block in common; null: not known yet'),
        connected_since: seconds('when it was connected'),
        ping_seconds: z.number().nullable(),
        bytes_sent: count('to it'),
        bytes_received: count('of it'),
      }),
    ),
  })
  .meta({ id: 'Peers' });
export type RelayPeers = z.infer<typeof RelayPeers>;

/** `GET /search/{text}`. */
export const RelaySearch = z
  .object({
    kind: z.enum(['block', 'tx', 'address', 'none']),
    id: z.string().nullable().describe('hash, txid or address in its one spelling'),
    hint: z.string().nullable().describe('for a miss: what it looks like, and what can be searched'),
  })
  .meta({ id: 'Search' });
export type RelaySearch = z.infer<typeof RelaySearch>;
