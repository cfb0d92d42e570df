/** The wallet's page: begins here in the browser. */
import './session/strict-policy.ts';
import { startClock } from '../../service/web/when.ts';
import { showNoSession } from './session/no-session.ts';
import { openSession, takeToken } from './session/session.ts';
import { WalletApp } from './wallet-app.ts';

async function begin(): Promise<void> {
  startClock(document);
  try {
    const secret = await openSession(takeToken());
    if (secret === undefined) showNoSession('none');
    else await WalletApp.start(secret);
  } catch (error) {
    showNoSession(error);
  }
}

void begin();
