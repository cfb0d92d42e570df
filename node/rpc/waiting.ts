import * as z from 'zod';
import { displayHash, equalBytes } from '../../protocol/bytes.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { hex, num, obj } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import type { Chain } from '../chain/chain.ts';
import { hashArgument } from './arguments.ts';
import type { NodeParts } from './parts.ts';

const group = 'Blockchain';

/** The longest a timer of Node.js runs: 24 days. */
const LONGEST_WAIT_MS = 0x7fff_ffff;

const timeoutParam = {
  name: 'timeout',
  schema: z.int(),
  default: 0,
  help: 'milliseconds to wait at most; 0 for as long as it takes',
} as const;

const TIP_RESULT = obj('the tip', { hash: hex('its hash'), height: num('its height') });

/** The methods that answer when the chain has come so far. A client that goes away stops waiting. */
export function waitingMethods({ chain }: NodeParts): RpcMethods {
  return {
    waitforblockheight: rpcMethod({
      group,
      help: 'Waits until the chain has a height; answers the tip, also when the time is over or the node ends.',
      params: [{ name: 'height', schema: z.int(), help: 'the height' }, timeoutParam],
      result: TIP_RESULT,
      run: async ({ height, timeout }, { signal }) => {
        await tipThat((tip) => tip.height >= height, { chain, timeout, signal });
        return tipJson(chain);
      },
    }),

    waitfornewblock: rpcMethod({
      group,
      help: 'Waits for another tip; answers the tip, also when the time is over or the node ends.',
      params: [
        timeoutParam,
        {
          name: 'current_tip',
          schema: hashArgument,
          optional: true,
          help: 'hash that the tip is to differ from (default: of the tip when the call comes)',
        },
      ],
      result: TIP_RESULT,
      run: async ({ timeout, current_tip: known = chain.tip.hash }, { signal }) => {
        await tipThat((tip) => !equalBytes(tip.hash, known), { chain, timeout, signal });
        return tipJson(chain);
      },
    }),
  };
}

function tipJson({ tip }: Chain): { hash: string; height: number } {
  return { hash: displayHash(tip.hash), height: tip.height };
}

/**
 * Resolves when the tip is what is waited for, when `timeout` is over, and when `signal` fires.
 * @throws RpcError −1 for a negative time, as Bitcoin Core
 */
async function tipThat(
  isReached: (tip: BlockEntry) => boolean,
  { chain, timeout, signal }: { chain: Chain; timeout: number; signal: AbortSignal },
): Promise<void> {
  if (timeout < 0) throw new RpcError(RPC_ERRORS.misc, 'Negative timeout');
  if (isReached(chain.tip) || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      forget();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const forget = chain.on('tip', (tip) => {
      if (isReached(tip)) done();
    });
    const timer = timeout > 0 ? setTimeout(done, Math.min(timeout, LONGEST_WAIT_MS)) : undefined;
    signal.addEventListener('abort', done);
  });
}
