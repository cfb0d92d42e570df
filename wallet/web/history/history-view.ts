/** Everything that happened, page by page, with filters, and as a file for spreadsheets. */
import { h, show } from '../../../service/web/element.ts';
import { plural } from '../../../service/web/format.ts';
import { pageHead, panel } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import { closeAll } from '../pieces/closing.ts';
import { download } from '../pieces/download.ts';
import { plainButton } from '../pieces/money.ts';
import { refusalWords } from '../pieces/refusal.ts';
import type { WalletPlace } from '../session/place.ts';
import { HistoryFilters } from './history-filters.ts';
import { HistoryPages } from './history-pages.ts';
import { historyTable } from './history-table.ts';

export function historyView(place: WalletPlace): View {
  const filters = new HistoryFilters(place);
  const found = h('p', { class: 'about', role: 'status' });
  const problem = h('div', { role: 'alert' });
  const table = historyTable({
    caption: 'History',
    feed: place.feed,
    empty: h('p', {}, 'Nothing here. What is received, sent and mined stands here, newest first.'),
  });
  const pages = new HistoryPages(place, {
    table,
    filter: () => filters.value,
    onTotal: (total) =>
      show(found, filters.isActive ? `${plural(total, 'transaction')} found` : plural(total, 'transaction')),
    onError: (error) => show(problem, ...(error === undefined ? [] : refusalWords(error))),
  });
  filters.onChange(() => pages.restart());
  const csv = plainButton('Save as CSV', () => {
    csv.disabled = true;
    show(problem);
    place
      .ask('history-csv', { wallet: place.wallet, ...filters.value })
      .then(
        (file) => download(file.file_name, 'text/csv', file.csv),
        (error: unknown) => show(problem, ...refusalWords(error)),
      )
      .finally(() => {
        csv.disabled = false;
      });
  });
  const element = h(
    'div',
    { class: 'stack' },
    h('div', { class: 'head-and-choices' }, pageHead(null, 'History'), csv),
    panel('Transactions', filters.element, found, problem, pages.element),
  );
  return { title: 'History', element, ready: pages.first, close: closeAll([pages, filters]) };
}
