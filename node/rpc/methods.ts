import { RuleError } from '../../protocol/rules.ts';
import { RpcError, type RpcMethods } from '../../service/rpc-server.ts';
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
    ...addressCheckMethods(parts),
    ...controlMethods(parts, () => methods),
  };
  return methods;
}

/** A broken rule that reaches a caller as an error, under the code its table gives it. */
export function describeRuleError(error: unknown): RpcError | undefined {
  return error instanceof RuleError
    ? new RpcError(error.rpcCode, `${error.code}, ${error.detail}`)
    : undefined;
}
