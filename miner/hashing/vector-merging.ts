/** The switch of V8 that makes two vector operations of 128 bits one of 256: the kernel of two streams lives on it. */
import { setFlagsFromString } from 'node:v8';

/** Major versions of V8 that know the switch; others would complain of it on standard error. */
const V8_MAJORS = { first: 12, last: 14 };

/**
 * Has modules that are compiled from now on, in any thread, merge vectors where the processor can. Without it all
 * kernels work as well, and the calibration chooses another one.
 * @param versions, architecture as of `process`
 */
export function allowVectorMerging(versions: NodeJS.ProcessVersions, architecture: string): void {
  if (mergesVectors(versions, architecture)) setFlagsFromString('--experimental-wasm-revectorize');
}

/** Whether an engine knows the switch. */
export function mergesVectors(versions: NodeJS.ProcessVersions, architecture: string): boolean {
  const major = Number.parseInt(versions.v8, 10);
  return architecture === 'x64' && major >= V8_MAJORS.first && major <= V8_MAJORS.last;
}
