/** A network's name, file or setting is wrong; the message names the field and what is allowed. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
}
