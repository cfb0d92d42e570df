/** How one setting is spelled where it may stand: as a flag, as a variable, as a key of a file; and mistyped. */

/** Of the environment's variables. */
const PREFIX = 'NILZ_';

/** `rpcPort` or `rpc_port` as in the flag: `rpc-port`. */
export function kebab(name: string): string {
  return name.replaceAll('_', '-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The environment's variable: `NILZ_RPC_PORT`. */
export function variableOf(name: string): string {
  return PREFIX + kebab(name).replaceAll('-', '_').toUpperCase();
}

/** The same for all spellings of a key. */
export function plainKey(key: string): string {
  return key.replaceAll(/[-_]/g, '').toLowerCase();
}

/** A name of kebab-case as somebody who wrote this key would write it in a file: snake_case unless the key shows. */
export function spelledLike(key: string, name: string): string {
  if (key.includes('-')) return name;
  const isCamel = /[A-Z]/.test(key) && !key.includes('_');
  return name.replaceAll(/-(.)/g, (_, letter: string) => (isCamel ? letter.toUpperCase() : `_${letter}`));
}

/**
 * What to tell about a name that is none: the one that was probably meant, or all there are.
 * @param given what was written, in kebab-case like `names`
 * @param show as it is to be written there
 */
export function hintOfNames(given: string, names: readonly string[], show: (name: string) => string): string {
  const [nearest] = names
    .map((name) => ({ name, edits: editDistance(given, name) }))
    .sort((a, b) => a.edits - b.edits);
  const isClose = nearest !== undefined && nearest.edits <= Math.max(2, given.length / 3);
  return isClose ? `did you mean ${show(nearest.name)}?` : `there are: ${names.map(show).join(', ')}`;
}

/** Levenshtein's distance: insertions, deletions and replacements from one word to the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
