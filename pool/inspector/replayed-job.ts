import { compactToTarget } from '../../protocol/compact.ts';
import { encodeNotify, type NotifyParams } from '../../protocol/stratum.ts';
import type { Height } from '../../protocol/units.ts';
import { targetBytes } from '../../protocol/work.ts';
import type { Clock } from '../clock.ts';
import type { Job } from '../jobs/job.ts';
import { newTip, type Tip } from '../jobs/tip.ts';

/** Where a coinbase's script begins: version, input count, null outpoint, length byte. */
const SCRIPT_OFFSET = 42;
const OP_1 = 0x51;
const OP_16 = 0x60;

/**
 * A job as some pool once sent it.
 * @param tip of the jobs before it on the same block
 */
export function replayedJob(notify: NotifyParams, sequence: number, tip: Tip | undefined, clock: Clock): Job {
  const height = heightIn(notify.coinbase1);
  const line = (cleanJobs: boolean) =>
    new TextEncoder().encode(`${encodeNotify({ ...notify, cleanJobs })}\n`);
  return {
    ...notify,
    sequence,
    tip: tip ?? newTip(notify.previousHash, height - 1),
    height,
    networkTarget: networkTargetOf(notify),
    createdMs: clock.steadyMs(),
    lines: { clean: line(true), further: line(false) },
  };
}

/** No hash is a block where the bits stand for no target. */
function networkTargetOf({ bits }: NotifyParams): Uint8Array {
  try {
    return targetBytes(compactToTarget(bits));
  } catch (error) {
    if (error instanceof RangeError) return new Uint8Array(32);
    throw error;
  }
}

/** The height that a coinbase script begins with (BIP 34); 0 where it begins with something else. */
function heightIn(coinbase1: Uint8Array): Height {
  const [size = 0, ...rest] = coinbase1.subarray(SCRIPT_OFFSET, SCRIPT_OFFSET + 6);
  if (size >= OP_1 && size <= OP_16) return size - OP_1 + 1;
  if (size < 1 || size > 4 || rest.length < size) return 0;
  return rest.slice(0, size).reduceRight((sum, byte) => 256 * sum + byte, 0);
}
