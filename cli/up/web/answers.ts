/** What the page reads. */
import * as z from 'zod/mini';
import type { Reader } from '../../../service/web/poll.ts';
import { HomeState, WalletLink } from '../home/home-state.ts';

// Schemas compiled with `new Function` are what the page's content policy forbids.
z.config({ jitless: true });

export const readHomeState: Reader<HomeState> = (body) => z.parse(HomeState, body);

export const readWalletLink: Reader<WalletLink> = (body) => z.parse(WalletLink, body);
