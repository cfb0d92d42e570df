/** Shown to whoever has no right to ask: says where the right comes from. */
import { codeLine } from '../../../service/web/copy.ts';
import { type Child, h } from '../../../service/web/element.ts';
import { brandMark } from '../frame.ts';
import { refusalWords } from '../pieces/refusal.ts';
import { AwayError, isSessionGone } from './client.ts';
import { forgetSession } from './session.ts';

/** @param why `none` for a page without a link, `ended` for a session that the program knows no longer, or an error */
export function showNoSession(why: unknown): void {
  if (!(why instanceof AwayError)) forgetSession();
  document.title = 'NilzCoin wallet';
  delete document.body.dataset.wallet;
  document.body.dataset.session = 'none';
  document.body.replaceChildren(
    h(
      'main',
      { class: 'no-session', tabindex: -1 },
      h('p', { class: 'brand' }, brandMark(), 'NilzCoin wallet'),
      h('section', { class: 'panel', role: 'alert' }, ...words(why)),
    ),
  );
}

function words(why: unknown): Child[] {
  if (why instanceof AwayError) {
    const again = h('button', { type: 'button', class: 'main-button' }, 'Try again');
    again.addEventListener('click', () => location.reload());
    return [
      h('h1', { class: 'panel-title' }, 'The wallet program does not answer'),
      h(
        'p',
        {},
        'It may have been ended. Start it again; the wallets are in their files, and nothing is lost.',
      ),
      codeLine('nilz wallet gui', 'the command'),
      h('div', { class: 'buttons' }, again),
    ];
  }
  const isUsed = why !== 'none' && why !== 'ended' && !isSessionGone(why);
  return [
    h('h1', { class: 'panel-title' }, isUsed ? 'This link opens nothing' : 'This page needs its link'),
    isUsed ? h('div', {}, ...refusalWords(why)) : null,
    h(
      'p',
      {},
      'For your safety the wallet opens only by a fresh link, and each link works once. The program prints one when it starts, and the page of ',
      h('code', {}, 'nilz up'),
      ' has a button for it.',
    ),
    codeLine('nilz wallet gui', 'the command'),
    why === 'ended'
      ? h('p', { class: 'about' }, 'The program was started anew since this page was opened.')
      : null,
  ];
}
