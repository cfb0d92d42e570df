/** So much work tells what a machine leaves a program, and hinders nobody for long. */
const SAMPLE_MS = 30;

/**
 * How much of a processor a program gets at this moment: 1 where nothing else runs, less beside other work. What must be
 * done within some time on a machine of its own may take as many times longer.
 */
export function processorShare(): number {
  const startMs = performance.now();
  const before = process.cpuUsage();
  let usedMs = 0;
  while (usedMs < SAMPLE_MS) {
    const { user, system } = process.cpuUsage(before);
    usedMs = (user + system) / 1_000;
  }
  return Math.min(1, usedMs / (performance.now() - startMs));
}
