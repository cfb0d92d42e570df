import { availableParallelism } from 'node:os';
import { verify } from '#verify';
import { nativeVerify } from '../../protocol/verify-native.ts';
import type { Logger } from '../../service/log.ts';
import { LocalSignatureChecks } from './signature-checks.ts';
import { SignatureWorkers } from './signature-workers.ts';

/** More threads than this are not worth their memory of about 40 MB each. */
const MAX_THREADS = 4;

/**
 * The node's signature checks: in one worker thread for each core, or in the main thread alone where the native
 * verifier does not load.
 * @param threads how many, instead
 */
export function openSignatures(log: Logger, threads: number | undefined): SignatureWorkers {
  const native = nativeVerify !== undefined;
  return new SignatureWorkers({
    threads: native ? (threads ?? Math.min(availableParallelism(), MAX_THREADS)) : 0,
    local: new LocalSignatureChecks(verify),
    log,
  });
}
