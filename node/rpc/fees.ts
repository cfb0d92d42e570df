import * as z from 'zod';
import { amountToNumber } from '../../protocol/amount.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { list, num, obj, str } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import type { EstimateMode } from '../mempool/fee-estimator.ts';
import type { NodeParts } from './parts.ts';

/** Core's longest target; what is asked beyond what is known is answered for what is known. */
const MAX_TARGET = 1_008;
/** "unset" means the default. */
const MODES: Readonly<Record<string, EstimateMode>> = {
  unset: 'economical',
  economical: 'economical',
  conservative: 'conservative',
};

/** The methods that say what to pay. */
export function feeMethods({ fees, mempoolCapacity }: NodeParts): RpcMethods {
  return {
    estimatesmartfee: rpcMethod({
      group: 'Util',
      help:
        'The fee rate with which transactions were confirmed within so many blocks, learned from those that ' +
        'this node saw waiting. Where it has not seen enough, it says so in "errors".',
      params: [
        { name: 'conf_target', schema: z.int(), help: 'blocks, 1 to 1008' },
        {
          name: 'estimate_mode',
          schema: z.string(),
          default: 'economical',
          help: '"economical": 85 of 100 were in time; "conservative": 95; "unset": economical',
        },
      ],
      result: obj('', {
        feerate: num('in NILZ per 1,000 vbytes, where there is an answer').optional(),
        errors: list('why there is none', str('a reason')).optional(),
        blocks: num('the target it is for: at least 2, at most half of the blocks watched, and 48'),
      }),
      run: ({ conf_target: target, estimate_mode: mode }) => {
        if (target < 1 || target > MAX_TARGET) {
          const message = `Invalid conf_target, must be between 1 and ${MAX_TARGET}`;
          throw new RpcError(RPC_ERRORS.invalidParameter, message);
        }
        const { rate, blocks } = fees.estimate(target, modeOf(mode));
        if (rate === undefined) return { errors: ['Insufficient data or no feerate found'], blocks };
        const learned = BigInt(Math.ceil(rate));
        const { minFeeRate } = mempoolCapacity;
        return { feerate: amountToNumber(learned > minFeeRate ? learned : minFeeRate), blocks };
      },
    }),
  };
}

/** @throws RpcError −8 for a mode that does not exist */
function modeOf(word: string): EstimateMode {
  const mode = Object.hasOwn(MODES, word.toLowerCase()) ? MODES[word.toLowerCase()] : undefined;
  if (mode) return mode;
  const allowed = Object.keys(MODES).map((name) => `"${name}"`);
  const message = `Invalid estimate_mode parameter, must be one of: ${allowed.join(', ')}`;
  throw new RpcError(RPC_ERRORS.invalidParameter, message);
}
