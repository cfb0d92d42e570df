/** Why a server gave no usable answer. */
export type UnreachableReason = 'connection' | 'timeout' | 'unauthorized' | 'answer' | 'cookie' | 'busy';

/** There was no usable answer; the message says from where and what to do. */
export class UnreachableError extends Error {
  override name = 'UnreachableError';
  readonly url: string;
  readonly reason: UnreachableReason;

  constructor(url: string, reason: UnreachableReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.url = url;
    this.reason = reason;
  }
}
