/**
 * Has to be imported before any schema is made: schemas compiled with `new Function` are what the page's content
 * policy forbids.
 */
import * as z from 'zod';

z.config({ jitless: true });
