/** Small line drawings beside words; they say nothing that the words do not. */
import { svg } from '../../../service/web/element.ts';

const DRAWINGS = {
  overview: 'M3.5 9.5 10 4l6.5 5.5V16a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1zM8 17v-5h4v5',
  receive: 'M10 3v9.5M6 9l4 4 4-4M4 16.5h12',
  send: 'M10 13V3.5M6 7l4-4 4 4M4 16.5h12',
  history: 'M10 3a7 7 0 1 1-6.7 5M3 4v4h4M10 6.5V10l2.5 1.8',
  addresses:
    'M4 5.5C4 4.1 6.7 3 10 3s6 1.1 6 2.5S13.3 8 10 8 4 6.9 4 5.5zM4 5.5v9C4 15.9 6.7 17 10 17s6-1.1 6-2.5v-9M4 10c0 1.4 2.7 2.5 6 2.5s6-1.1 6-2.5',
  contacts: 'M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM3.5 17c.4-2.9 3-4.5 6.5-4.5s6.1 1.6 6.5 4.5',
  tools: 'M4 16l.8-3.8L13 4l3 3-8.2 8.2zM11 6l3 3',
  settings:
    'M3.5 6H11M15 6h1.5M3.5 14H5M9 14h7.5M13 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  more: 'M4.5 10h.01M10 10h.01M15.5 10h.01',
  lock: 'M5.5 9h9a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1zM7 9V6.5a3 3 0 0 1 6 0V9',
  wallet:
    'M4 6.5h11.5a1 1 0 0 1 1 1V15a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 15V5.5A1.5 1.5 0 0 1 5 4h9M13 11.5h3.5',
  moved: 'M4 7h11M12 4l3 3-3 3M16 13H5M8 10l-3 3 3 3',
  mined: 'M4 16.5 11 9M7 5c3.5-1.5 7.5 0 9 4M12.5 4.5l3 3-2.5 2.5-3-3z',
  snow: 'M10 3v14M4 6.5l12 7M16 6.5l-12 7',
} as const;

export type IconName = keyof typeof DRAWINGS;

export function icon(name: IconName): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 20 20', width: 20, height: 20, 'aria-hidden': 'true', class: 'icon' },
    svg('path', { d: DRAWINGS[name] }),
  );
}
