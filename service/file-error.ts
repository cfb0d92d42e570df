/** What the system says when a file cannot be read or written, for people. */
const REASONS: ReadonlyMap<unknown, string> = new Map([
  ['ENOENT', 'there is no such file or folder'],
  ['ENOTDIR', 'there is no such file or folder'],
  ['ENAMETOOLONG', 'this is too long for the name of a file'],
  ['EISDIR', 'it is a folder, not a file'],
  ['EACCES', 'the system does not allow it'],
  ['EPERM', 'the system does not allow it'],
  ['EEXIST', 'exists already and is not overwritten'],
]);

/** Why a file could not be read or written, in words for whoever named it; other errors in their own words. */
export function fileErrorWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return ('code' in error ? REASONS.get(error.code) : undefined) ?? error.message;
}
