/** Claims or coins are others than a moment ago: what was signed for them is thrown away. */
export class ClaimsChangedError extends Error {
  override readonly name = 'ClaimsChangedError';
}
