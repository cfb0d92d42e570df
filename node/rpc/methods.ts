import { RuleError } from '../../protocol/rules.ts';
import { RpcError, type RpcMethod, type RpcMethods } from '../../service/rpc-server.ts';
import type { Chain } from '../chain/chain.ts';
import { addressCheckMethods } from './address-check.ts';
import { addressMethods } from './addresses.ts';
import { branchMethods } from './branches.ts';
import { chainMethods } from './chain.ts';
import { chainStatisticsMethods } from './chain-statistics.ts';
import { controlMethods } from './control.ts';
import { feeMethods } from './fees.ts';
import { mempoolMethods } from './mempool.ts';
import { miningMethods } from './mining.ts';
import { networkMethods } from './network.ts';
import type { NodeParts } from './parts.ts';
import { proofMethods } from './proofs.ts';
import { regtestMethods } from './regtest.ts';
import { spenderMethods } from './spenders.ts';
import { transactionMethods } from './transactions.ts';
import { waitingMethods } from './waiting.ts';

/** Every method of the node. Those that mine or set the time at a caller's word exist on the regtests only. */
export function nodeMethods(parts: NodeParts): RpcMethods {
  const methods: RpcMethods = {
    ...chainMethods(parts),
    ...branchMethods(parts),
    ...chainStatisticsMethods(parts),
    ...proofMethods(parts),
    ...waitingMethods(parts),
    ...mempoolMethods(parts),
    ...feeMethods(parts),
    ...transactionMethods(parts),
    ...miningMethods(parts),
    ...(parts.profile.mockTime ? regtestMethods(parts) : {}),
    ...networkMethods(parts),
    ...addressMethods(parts),
    ...spenderMethods(parts),
    ...addressCheckMethods(parts),
    ...controlMethods(parts, () => methods),
  };
  return afterCrossings(methods, parts.chain);
}

/** Groups whose answers do not depend on the chain: they are given at any time. */
const CHAINLESS: readonly string[] = ['Control', 'Network'];

/** The same methods, which wait while a reorganisation is half-way. */
function afterCrossings(methods: RpcMethods, chain: Pick<Chain, 'crossing'>): RpcMethods {
  const waiting = ([name, method]: [string, RpcMethod]): [string, RpcMethod] => {
    if (CHAINLESS.includes(method.group)) return [name, method];
    const run: RpcMethod['run'] = (args, context) =>
      chain.crossing?.then(() => method.run(args, context)) ?? method.run(args, context);
    return [name, { ...method, run }];
  };
  return Object.fromEntries(Object.entries(methods).map(waiting));
}

/** A broken rule that reaches a caller as an error, under the code its table gives it. */
export function describeRuleError(error: unknown): RpcError | undefined {
  return error instanceof RuleError
    ? new RpcError(error.rpcCode, `${error.code}, ${error.detail}`)
    : undefined;
}
