/** What a program finds anywhere: where programs, a home and a place for temporary files are. */
const NEEDED = ['PATH', 'HOME', 'TMPDIR'] as const;
/** What measures the tests measures their programs too. */
const MEASURING = ['NODE_V8_COVERAGE'] as const;

/**
 * The environment of a program that a test starts: nothing of what the tests run in that the program or Node.js would
 * heed (settings, colours, language, time zone, proxies, whether it is CI), and what the test gives it.
 */
export function childEnvironment(given: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = [...NEEDED, ...MEASURING].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), ...given };
}
