/** What a benchmark ran on. */
import { availableParallelism, cpus } from 'node:os';

export interface Machine {
  /** The processor's name as it tells it. */
  readonly cpu: string;
  /** Threads that it can run at the same time. */
  readonly processors: number;
  readonly architecture: string;
  /** The JavaScript engine. */
  readonly engine: string;
}

export function thisMachine(): Machine {
  const { versions, version, arch } = process;
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown processor',
    processors: availableParallelism(),
    architecture: arch,
    engine: `Node.js ${version.slice(1)} (V8 ${versions.v8.split('.', 2).join('.')})`,
  };
}
