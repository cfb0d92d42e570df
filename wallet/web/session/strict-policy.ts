/**
 * Has to be imported before any schema is made: schemas compiled with `new Function` are what the page's content
 * policy forbids.
 */
import * as z from 'zod/mini';

z.config({ jitless: true });
