/** Why something was not done, in words. */
import { type Child, h } from '../../../service/web/element.ts';
import { RefusedError } from '../../../service/web/poll.ts';
import { nowSeconds, untilThen } from '../../../service/web/when.ts';
import { AwayError, refusalFacts } from '../session/client.ts';

/** The words for any failure; a refusal has the server's own. */
export function refusalWords(error: unknown): Child[] {
  if (error instanceof AwayError) {
    return [
      h(
        'p',
        {},
        h('strong', {}, 'The wallet program does not answer. '),
        'Nothing is lost; try again in a moment.',
      ),
    ];
  }
  if (!(error instanceof RefusedError)) {
    return [h('p', {}, error instanceof Error ? sentence(error.message) : String(error))];
  }
  const { retry_after_seconds: seconds } = refusalFacts(error);
  return [
    h('p', {}, sentence(error.message)),
    seconds === undefined ? null : h('p', {}, 'Try again in ', untilThen(nowSeconds() + seconds), '.'),
  ];
}

/** A message as a sentence: with a capital and a full stop. */
export function sentence(message: string): string {
  const text = message.slice(0, 1).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** The code of a refusal; undefined for any other failure. */
export function refusalCode(error: unknown): string | undefined {
  return error instanceof RefusedError ? error.code : undefined;
}
