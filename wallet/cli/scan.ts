/** `nilz wallet scan`: a wider search of the chain for addresses of an open wallet. */
import { walletCommand } from './command.ts';
import { foundWallet, ScanLine, scanSettings } from './found-wallet.ts';

export const scan = walletCommand({
  name: 'scan',
  summary: 'look further in the chain for addresses in use',
  settings: scanSettings,
  async run(session, { gapLimit }) {
    const wallet = await session.openWallet();
    const line = new ScanLine(session.terminal);
    const { found } = await wallet.scan({ gapLimit, onProgress: line.onProgress });
    line.end();
    const { json, lines } = await foundWallet(session, wallet, found);
    session.result(json, lines);
    if (found === 0)
      session.terminal.note(
        `Nothing new within ${gapLimit} unused addresses in a row; a larger --gap-limit looks further.`,
      );
  },
});
