/** `npm run build`: bundles the pages ahead of time, so that a server needs no bundler at work. */
import { relative } from 'node:path';
import { buildPage } from '../service/pages.ts';
import { ALL_PAGES } from './up/pages.ts';

for (const page of ALL_PAGES) console.log(`${page.name}: ${relative(process.cwd(), await buildPage(page))}`);
