/**
 * The frames of the relay's WebSocket `/events`: one JSON object each, `type` says which. `sequence` counts up by
 * one with every frame of a relay; whoever finds a gap, or another `instance` in the `hello`, has missed something
 * and asks for what it shows. Nothing is expected from readers.
 */
import * as z from 'zod';
import { BlockRow, MempoolRow, RelayNetwork, RelayTip, TemplateSummary, UpstreamState } from './relay.ts';
import { count, hashText, seconds } from './relay-fields.ts';

const frame = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.object({
    type: z.literal(type),
    sequence: count('one more than that of the frame before'),
    time: seconds('clock of the relay'),
    ...shape,
  });

const mempoolTotals = {
  size: count('transactions that wait now'),
  vsize: count('their virtual bytes'),
};

/** The first frame; its `sequence` is that of the last frame that went before. */
export const HelloFrame = frame('hello', {
  instance: z.string().describe('another one after every start of the relay'),
  id: z.string().describe('label of the relay'),
  node: UpstreamState,
  network: RelayNetwork.nullable(),
  tip: RelayTip.nullable(),
  template: TemplateSummary.nullable(),
  mempool: z.object(mempoolTotals).nullable(),
}).meta({ id: 'HelloFrame' });
export type HelloFrame = z.infer<typeof HelloFrame>;

export const BlockConnectedFrame = frame('block_connected', { block: BlockRow }).meta({
  id: 'BlockConnectedFrame',
});
export type BlockConnectedFrame = z.infer<typeof BlockConnectedFrame>;

/** A block left the best chain: in a reorganisation these come before the blocks that take their place. */
export const BlockDisconnectedFrame = frame('block_disconnected', {
  hash: hashText('which'),
  height: count('its height'),
}).meta({ id: 'BlockDisconnectedFrame' });
export type BlockDisconnectedFrame = z.infer<typeof BlockDisconnectedFrame>;

/** What came into the mempool and left it, a few times a second at most. */
export const MempoolFrame = frame('mempool', {
  ...mempoolTotals,
  added: z.array(MempoolRow).describe('oldest first'),
  removed: z.array(
    z.object({
      txid: hashText('which'),
      reason: z.string().describe('confirmed, conflict, replaced, reorganisation, expired or evicted'),
    }),
  ),
  left_out: count('further changes that are not listed: there were too many'),
}).meta({ id: 'MempoolFrame' });
export type MempoolFrame = z.infer<typeof MempoolFrame>;

export const TemplateFrame = frame('template', { template: TemplateSummary }).meta({ id: 'TemplateFrame' });
export type TemplateFrame = z.infer<typeof TemplateFrame>;

/** The node went away or came back. What happened meanwhile is not told: ask. */
export const NodeFrame = frame('node', { node: UpstreamState, tip: RelayTip.nullable() }).meta({
  id: 'NodeFrame',
});
export type NodeFrame = z.infer<typeof NodeFrame>;

/** Nothing happened for a while; the connection is alive. */
export const BeatFrame = frame('beat', {}).meta({ id: 'BeatFrame' });
export type BeatFrame = z.infer<typeof BeatFrame>;

export const RelayEvent = z
  .discriminatedUnion('type', [
    HelloFrame,
    BlockConnectedFrame,
    BlockDisconnectedFrame,
    MempoolFrame,
    TemplateFrame,
    NodeFrame,
    BeatFrame,
  ])
  .meta({ id: 'Event' });
export type RelayEvent = z.infer<typeof RelayEvent>;
