/** A QR code as a drawing: dark on white in both colour schemes, since many readers know no other. */
import { encodeQR } from 'qr';
import { svg } from './element.ts';

/** Light modules around the code that readers need (ISO/IEC 18004, 6.3.8). */
const QUIET_ZONE = 4;

/**
 * @param text what a reader gets, in capitals if its case does not matter: that makes the code smaller
 * @param label what it is, for those who do not see it
 * @throws Error when the text is longer than the largest code holds (2,331 bytes at this error correction)
 */
export function qrCode(text: string, label: string): SVGSVGElement {
  const modules = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET_ZONE });
  const size = modules.length;
  return svg(
    'svg',
    {
      class: 'qr',
      viewBox: `0 0 ${size} ${size}`,
      role: 'img',
      'aria-label': label,
      'shape-rendering': 'crispEdges',
    },
    svg('rect', { width: size, height: size, class: 'qr-ground' }),
    svg('path', { d: outlineOf(modules), class: 'qr-modules' }),
  );
}

/** Each run of dark modules in a row as one rectangle. */
function outlineOf(modules: readonly (readonly boolean[])[]): string {
  return modules
    .flatMap((row, y) =>
      row.flatMap((isDark, x) => {
        if (!isDark || row[x - 1] === true) return [];
        const end = row.indexOf(false, x);
        const width = (end === -1 ? row.length : end) - x;
        return [`M${x} ${y}h${width}v1h-${width}z`];
      }),
    )
    .join('');
}
